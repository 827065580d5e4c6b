import type { Days } from '@switchboard/ui';

/** Days are those of whoever looks at the numbers. */
export const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;

const DAY_MS = 86_400_000;

/** `2026-11-27`, in the zone of the browser. */
export function dayOf(at: Date): string {
  const [year, month, day] = [at.getFullYear(), at.getMonth() + 1, at.getDate()];
  return `${year}-${String(month).padStart(2, '0')}-${String(day).padStart(2, '0')}`;
}

/** The last days up to today, today included. */
export const lastDays = (count: number): Days => ({
  from: dayOf(new Date(Date.now() - (count - 1) * DAY_MS)),
  to: dayOf(new Date()),
});

/** What the address says; without it the last 28 days. */
export const daysOf = ({ from, to }: { from?: string; to?: string }): Days =>
  from && to && /^\d{4}-\d\d-\d\d$/.test(from) && /^\d{4}-\d\d-\d\d$/.test(to) && from <= to
    ? { from, to }
    : lastDays(28);

/** From the first moment of the days to the first after them. */
export function momentsOf({ from, to }: Days): { from: string; to: string } {
  const end = new Date(`${to}T00:00:00`);
  end.setDate(end.getDate() + 1);
  return { from: new Date(`${from}T00:00:00`).toISOString(), to: end.toISOString() };
}

/** The days before, as many. */
export function daysBefore({ from, to }: Days): Days {
  const start = new Date(`${from}T12:00:00`).getTime();
  const length = Math.round((new Date(`${to}T12:00:00`).getTime() - start) / DAY_MS) + 1;
  return { from: dayOf(new Date(start - length * DAY_MS)), to: dayOf(new Date(start - DAY_MS)) };
}
