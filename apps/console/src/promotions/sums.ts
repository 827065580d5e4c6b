import type { Money } from '@switchboard/api-client';
import { currentLanguage } from '@switchboard/ui';

/** `1 990,00 ₽ · 250 ⭐` */
export const sumsOf = (sums: readonly Money[]): string => sums.map(sumOf).join(' · ') || '–';

function sumOf({ amountMinor, currency }: Money): string {
  // Stars are no currency of ISO 4217, and have no parts.
  if (currency === 'XTR') return `${new Intl.NumberFormat(currentLanguage()).format(amountMinor)} ⭐`;
  const format = new Intl.NumberFormat(currentLanguage(), {
    style: 'currency',
    currency,
    currencyDisplay: 'narrowSymbol',
  });
  return format.format(amountMinor / 10 ** (format.resolvedOptions().maximumFractionDigits ?? 2));
}
