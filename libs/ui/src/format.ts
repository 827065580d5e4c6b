import { useMemo } from 'react';
import { useLanguage } from './language';
import { fractionDigitsOf, type Money } from './money';

/** Of traffic; as the services have it. */
const GIGABYTE = 1024 ** 3;

type At = string | number | Date;

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

const made = new Map<string, unknown>();
function once<T>(key: string, make: () => T): T {
  const known = made.get(key) as T | undefined;
  if (known !== undefined) return known;
  const fresh = make();
  made.set(key, fresh);
  return fresh;
}

const dates = (locale: string, options: Intl.DateTimeFormatOptions) =>
  once(`${locale} ${JSON.stringify(options)}`, () => new Intl.DateTimeFormat(locale, { hourCycle: 'h23', ...options }));
const numbers = (locale: string, options: Intl.NumberFormatOptions = {}) =>
  once(`${locale} # ${JSON.stringify(options)}`, () => new Intl.NumberFormat(locale, options));
const relatives = (locale: string) =>
  once(`${locale} ~`, () => new Intl.RelativeTimeFormat(locale, { numeric: 'auto', style: 'short' }));

/** How numbers, money and moments are written in one locale. Moments are those of the browser's zone unless one is given. */
function formatsOf(locale: string) {
  const number = (value: number) => numbers(locale).format(value);
  return {
    number,
    compact: (value: number) =>
      numbers(locale, { notation: 'compact', maximumFractionDigits: Math.abs(value) < 10_000 ? 1 : 0 }).format(value),
    /** @param part 0.125 is 12.5 % */
    percent: (part: number, digits = 1) =>
      numbers(locale, { style: 'percent', maximumFractionDigits: digits }).format(part),
    /** Of a difference, with its sign: 0.032 is +3.2 %. */
    change: (part: number) =>
      numbers(locale, { style: 'percent', maximumFractionDigits: 1, signDisplay: 'exceptZero' }).format(part),
    /** For what may be very small, such as p values. */
    significant: (value: number) =>
      numbers(locale, {
        maximumSignificantDigits: 2,
        notation: Math.abs(value) < 1e-4 ? 'scientific' : 'standard',
      }).format(value),
    /** As shops write it: `199 ₽` and `$4.99`. */
    price: ({ amountMinor, currency }: Money) => {
      if (currency === 'XTR') return `${number(amountMinor)} ⭐`;
      const whole = { trailingZeroDisplay: 'stripIfInteger' } as Intl.NumberFormatOptions;
      return numbers(locale, { style: 'currency', currency, currencyDisplay: 'narrowSymbol', ...whole }).format(
        amountMinor / 10 ** fractionDigitsOf(currency),
      );
    },
    money: ({ amountMinor, currency }: Money) => {
      // ISO 4217 knows nothing of Telegram Stars, which have no smaller unit.
      if (currency === 'XTR') return `${number(amountMinor)} ⭐`;
      return numbers(locale, { style: 'currency', currency, currencyDisplay: 'narrowSymbol' }).format(
        amountMinor / 10 ** fractionDigitsOf(currency),
      );
    },
    /** For axes: `15K ₽`. */
    compactMoney: ({ amountMinor, currency }: Money) => {
      const amount = amountMinor / 10 ** fractionDigitsOf(currency);
      const compact = { notation: 'compact', maximumFractionDigits: 1 } as const;
      return currency === 'XTR'
        ? `${numbers(locale, compact).format(amount)} ⭐`
        : numbers(locale, { style: 'currency', currency, currencyDisplay: 'narrowSymbol', ...compact }).format(amount);
    },
    /** Cost of models, in millionths of a US dollar: what is less than one has four digits, and what is still less two that count. */
    cost: (micros: number) => {
      const dollars = micros / 1e6;
      const digits = dollars === 0 || Math.abs(dollars) >= 1 ? 2 : 4;
      const format = numbers(locale, {
        style: 'currency',
        currency: 'USD',
        currencyDisplay: 'narrowSymbol',
        minimumFractionDigits: digits,
        maximumFractionDigits: digits,
      });
      if (dollars <= 0 || dollars >= 0.0001) return format.format(dollars);
      // Not nothing, which four digits would make of it, and no two steps of an axis the same.
      return numbers(locale, {
        style: 'currency',
        currency: 'USD',
        currencyDisplay: 'narrowSymbol',
        maximumSignificantDigits: 2,
      }).format(dollars);
    },
    date: (at: At, timeZone?: string) =>
      dates(locale, { day: 'numeric', month: 'short', year: 'numeric', timeZone }).format(new Date(at)),
    /** Without the year: for axes. */
    day: (at: At, timeZone?: string) =>
      dates(locale, { day: 'numeric', month: 'short', timeZone }).format(new Date(at)),
    month: (at: At, timeZone?: string) =>
      dates(locale, { month: 'long', year: 'numeric', timeZone }).format(new Date(at)),
    /** Without the year: for axes. */
    monthName: (at: At, timeZone?: string) => dates(locale, { month: 'short', timeZone }).format(new Date(at)),
    time: (at: At, timeZone?: string) =>
      dates(locale, { hour: '2-digit', minute: '2-digit', timeZone }).format(new Date(at)),
    dateTime: (at: At, timeZone?: string) =>
      dates(locale, {
        day: 'numeric',
        month: 'short',
        year: 'numeric',
        hour: '2-digit',
        minute: '2-digit',
        timeZone,
      }).format(new Date(at)),
    /** With seconds and the zone: what a title or a log wants. */
    exact: (at: At, timeZone?: string) =>
      dates(locale, { dateStyle: 'long', timeStyle: 'long', timeZone }).format(new Date(at)),
    /** “3 min. ago”; a date when that is more than a week away. */
    relative: (at: At, now: number = Date.now()) => {
      const ms = new Date(at).getTime() - now;
      const size = Math.abs(ms);
      if (size > 7 * DAY) return dates(locale, dayOf(new Date(at), now)).format(new Date(at));
      const [unit, length] =
        size < MINUTE
          ? (['second', 1000] as const)
          : size < HOUR
            ? (['minute', MINUTE] as const)
            : size < DAY
              ? (['hour', HOUR] as const)
              : (['day', DAY] as const);
      return relatives(locale).format(size < MINUTE ? 0 : Math.round(ms / length), unit);
    },
    duration: (ms: number) => {
      const unit = (value: number, name: 'millisecond' | 'second' | 'minute' | 'hour' | 'day', digits = 0) =>
        numbers(locale, { style: 'unit', unit: name, unitDisplay: 'short', maximumFractionDigits: digits }).format(
          value,
        );
      if (ms < 1000) return unit(ms, 'millisecond');
      if (ms < MINUTE) return unit(ms / 1000, 'second', 1);
      if (ms < HOUR) return unit(ms / MINUTE, 'minute', ms < 10 * MINUTE ? 1 : 0);
      return ms < DAY ? unit(ms / HOUR, 'hour', 1) : unit(ms / DAY, 'day', 1);
    },
    bytes: (size: number) => {
      const units = ['byte', 'kilobyte', 'megabyte', 'gigabyte', 'terabyte'] as const;
      const power = Math.min(units.length - 1, size < 1 ? 0 : Math.floor(Math.log10(size) / 3));
      return numbers(locale, {
        style: 'unit',
        unit: units[power]!,
        unitDisplay: 'short',
        maximumFractionDigits: power === 0 ? 0 : 1,
      }).format(size / 1000 ** power);
    },
    /** Of a VPN: as panels and shops count it, so that what was sold as 100 GB is told as 100 GB. */
    traffic: (bytes: number) =>
      numbers(locale, { style: 'unit', unit: 'gigabyte', unitDisplay: 'short', maximumFractionDigits: 1 }).format(
        bytes / GIGABYTE,
      ),
    list: (items: readonly string[]) =>
      once(`${locale} ,`, () => new Intl.ListFormat(locale, { type: 'conjunction' })).format(items),
    language: (tag: string) =>
      once(`${locale} lang`, () => new Intl.DisplayNames(locale, { type: 'language' })).of(tag) ?? tag,
  };
}
export type Formats = ReturnType<typeof formatsOf>;

export function useFormats(): Formats {
  const { locale } = useLanguage();
  return useMemo(() => formatsOf(locale), [locale]);
}

const dayOf = (at: Date, now: number): Intl.DateTimeFormatOptions => ({
  day: 'numeric',
  month: 'short',
  ...(at.getFullYear() !== new Date(now).getFullYear() && { year: 'numeric' }),
});
