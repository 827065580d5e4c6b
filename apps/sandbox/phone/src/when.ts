import type { TFunction } from 'i18next';

const format = (language: string, seconds: number, options: Intl.DateTimeFormatOptions) =>
  new Intl.DateTimeFormat(language, options).format(seconds * 1000);

/** All take Unix seconds and the language of the page. */
export const clock = (language: string, seconds: number) =>
  format(language, seconds, { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' });

/** For a row of the chat list: a time today, a weekday this week, else a date. */
export function shortDate(language: string, seconds: number, now = Date.now()): string {
  const days = daysAgo(seconds, now);
  if (days === 0) return clock(language, seconds);
  if (days < 7) return format(language, seconds, { weekday: 'short' });
  return format(language, seconds, { day: '2-digit', month: '2-digit', year: '2-digit' });
}

/** For the line between two days of a chat. */
export function dayName(t: TFunction, language: string, seconds: number, now = Date.now()): string {
  const days = daysAgo(seconds, now);
  if (days === 0) return t('chat.today');
  if (days === 1) return t('chat.yesterday');
  const thisYear = new Date(seconds * 1000).getFullYear() === new Date(now).getFullYear();
  return format(language, seconds, { day: 'numeric', month: 'long', ...(thisYear ? {} : { year: 'numeric' }) });
}

/** Seconds as m:ss. */
export function lasting(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, '0')}`;
}

function daysAgo(seconds: number, now: number): number {
  const midnight = (ms: number) => new Date(ms).setHours(0, 0, 0, 0);
  // Days with a clock change last 23 or 25 hours; rounding evens that out.
  return Math.round((midnight(now) - midnight(seconds * 1000)) / 86_400_000);
}
