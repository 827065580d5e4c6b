import { z } from 'zod';
import { ownMessage } from './own-message';

/** Telegram's own currency is no currency of ISO 4217, and has no parts. */
const STARS = 'XTR';

/** ISO 4217, or XTR for Telegram Stars. */
export const Currency = z
  .string()
  .regex(
    /^[A-Z]{3}$/,
    ownMessage(
      'A currency is written as RUB, USD or XTR: three capital letters.',
      'Валюта пишется тремя заглавными латинскими буквами: RUB, USD или XTR.',
    ),
  )
  .meta({ id: 'Currency', description: 'ISO 4217, or XTR for Telegram Stars.', examples: ['RUB', 'USD', 'XTR'] });
export type Currency = z.output<typeof Currency>;

/** More than any price, and few enough that a thousand of them still add up exactly. */
export const MAX_AMOUNT = 1_000_000_000_000;

/** Of money that is asked for, paid or given back: in the currency's smallest parts (kopecks, cents, Stars). */
export const AmountMinor = z
  .int()
  .min(0)
  .max(MAX_AMOUNT)
  .meta({ id: 'AmountMinor', description: 'Money in the smallest parts of its currency: kopecks, cents, Stars.' });

export const Money = z.object({ amountMinor: AmountMinor, currency: Currency }).meta({ id: 'Money' });
export type Money = z.output<typeof Money>;

const digits = new Map<string, number>();

/** How many digits stand behind the point: 2 of RUB, 0 of JPY and XTR, 3 of KWD. Source: CLDR's table, as Intl has it. */
export function fractionDigitsOf(currency: Currency): number {
  if (currency === STARS) return 0;
  const known = digits.get(currency);
  if (known !== undefined) return known;
  const found = new Intl.NumberFormat('en', { style: 'currency', currency }).resolvedOptions().maximumFractionDigits!;
  digits.set(currency, found);
  return found;
}

/** As payment services write it: `199.00`. Never by way of a floating point number. */
export function toDecimal({ amountMinor, currency }: Money): string {
  const fraction = fractionDigitsOf(currency);
  if (fraction === 0) return String(amountMinor);
  const text = String(amountMinor).padStart(fraction + 1, '0');
  return `${text.slice(0, -fraction)}.${text.slice(-fraction)}`;
}

/** The money that such a text means; undefined for what is none, is negative, or has parts that the currency has not. */
export function fromDecimal(text: string, currency: Currency): Money | undefined {
  const [, whole, fraction = ''] = /^(\d{1,13})(?:\.(\d+))?$/.exec(text) ?? [];
  if (whole === undefined) return undefined;
  const places = fractionDigitsOf(currency);
  if (/[^0]/.test(fraction.slice(places))) return undefined;
  const amountMinor = Number(whole + fraction.slice(0, places).padEnd(places, '0'));
  return amountMinor <= MAX_AMOUNT ? { amountMinor, currency } : undefined;
}

/** For people, in their language: `1 990 ₽`, `$19.90`, `250 ⭐`. */
export function formatMoney({ amountMinor, currency }: Money, locale: string): string {
  if (currency === STARS) return `${new Intl.NumberFormat(locale).format(amountMinor)} ⭐`;
  const fraction = fractionDigitsOf(currency);
  const isWhole = amountMinor % 10 ** fraction === 0;
  return new Intl.NumberFormat(locale, {
    style: 'currency',
    currency,
    currencyDisplay: 'narrowSymbol',
    ...(isWhole && { minimumFractionDigits: 0, maximumFractionDigits: 0 }),
  }).format(Number(toDecimal({ amountMinor, currency })));
}
