import { DateTime } from 'luxon';

/** Of a day, as 22:00; over midnight where it ends before it begins. */
export interface QuietHours {
  readonly from: string;
  readonly to: string;
}

/** Of whoever has named none. */
export const USUAL_QUIET_HOURS: QuietHours = { from: '22:00', to: '09:00' };

/** When they are over; undefined where they are not on. An hour that is there twice or never, once a year, makes it an hour early or late. */
export function endOfQuietHours({ from, to }: QuietHours, timeZone: string, time: Date): Date | undefined {
  if (from === to) return undefined;
  const now = DateTime.fromJSDate(time, { zone: timeZone });
  const clock = now.toFormat('HH:mm');
  const isQuiet = from < to ? clock >= from && clock < to : clock >= from || clock < to;
  if (!isQuiet) return undefined;
  const [hour, minute] = to.split(':').map(Number);
  const end = now.set({ hour: hour!, minute: minute!, second: 0, millisecond: 0 });
  return (end > now ? end : end.plus({ days: 1 })).toJSDate();
}
