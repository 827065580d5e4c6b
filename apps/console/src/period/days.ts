import type { Days } from '@switchboard/ui';

/** Days are those of whoever looks at the numbers. */
export const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;

/** Of the calendar's days, which are read as days of UTC. */
const DAY_MS = 86_400_000;

/** `2026-11-27`, in the zone of the browser. */
export function dayOf(at: Date): string {
  const [year, month, day] = [at.getFullYear(), at.getMonth() + 1, at.getDate()];
  // React Aria tells of the year while it is typed: 0002 comes before 2027.
  return `${String(year).padStart(4, '0')}-${String(month).padStart(2, '0')}-${String(day).padStart(2, '0')}`;
}

/** A day of the calendar, so many days later: a day of a zone may have 23 or 25 hours. */
function dayLater(day: string, days: number): string {
  const at = new Date(`${day}T00:00:00Z`);
  at.setUTCDate(at.getUTCDate() + days);
  return at.toISOString().slice(0, 10);
}

/** The last days up to today, today included. */
export function lastDays(count: number): Days {
  const to = dayOf(new Date());
  return { from: dayLater(to, 1 - count), to };
}

/** What the address says; without it the last 28 days. */
export const daysOf = ({ from, to }: { from?: string; to?: string }): Days =>
  from && to && /^\d{4}-\d\d-\d\d$/.test(from) && /^\d{4}-\d\d-\d\d$/.test(to) && from <= to
    ? { from, to }
    : lastDays(28);

/** From the first moment of the days to the first after them. */
export const momentsOf = ({ from, to }: Days): { from: string; to: string } => ({
  from: new Date(`${from}T00:00:00`).toISOString(),
  to: new Date(`${dayLater(to, 1)}T00:00:00`).toISOString(),
});

/** Each of them: `2026-11-27`. */
export const eachDay = (days: Days): string[] =>
  Array.from({ length: lengthOf(days) }, (_, i) => dayLater(days.from, i));

/** How many there are. */
export const lengthOf = ({ from, to }: Days): number => (Date.parse(to) - Date.parse(from)) / DAY_MS + 1;

/** The days before, as many. */
export const daysBefore = (days: Days): Days => ({
  from: dayLater(days.from, -lengthOf(days)),
  to: dayLater(days.from, -1),
});
