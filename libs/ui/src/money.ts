import type { Language } from './language';

/** Money as the services send it: an integer of the currency's smallest parts. */
export interface Money {
  readonly amountMinor: number;
  readonly currency: string;
}

/** As the services have it: more than any price. */
const MAX_AMOUNT = 1_000_000_000_000;

const POINTS = { en: '.', ru: ',' };

/** How many digits stand behind the point. Telegram Stars, of which ISO 4217 knows nothing, have no parts. */
export function fractionDigitsOf(currency: string): number {
  if (currency === 'XTR') return 0;
  const { maximumFractionDigits } = new Intl.NumberFormat('en', { style: 'currency', currency }).resolvedOptions();
  return maximumFractionDigits ?? 2;
}

/** As it is typed: `199.00`, in Russian `199,00`. */
export function decimalOf({ amountMinor, currency }: Money, language: Language): string {
  const digits = fractionDigitsOf(currency);
  const text = String(amountMinor).padStart(digits + 1, '0');
  return digits === 0 ? text : text.slice(0, -digits) + POINTS[language] + text.slice(-digits);
}

/** What was typed, in the smallest parts: `1 990,5` is 199050 of a currency with two digits. By no floating point number. */
export function minorOf(text: string, currency: string): number | undefined {
  const digits = fractionDigitsOf(currency);
  const [, whole, fraction = ''] = /^(\d{1,13})(?:[.,](\d*))?$/.exec(text.replaceAll(/\s/g, '')) ?? [];
  if (whole === undefined || fraction.length > digits) return undefined;
  const amountMinor = Number(whole + fraction.padEnd(digits, '0'));
  return amountMinor <= MAX_AMOUNT ? amountMinor : undefined;
}
