/** A formatter takes a tenth of a megabyte outside of the heap, and is needed several times in each turn. */
const formats = new Map<string, Intl.DateTimeFormat>();

/** What a clock in a time zone shows: `2026-11-28`, `14:35:07`. @param timeZone an IANA name */
export function localTime(timeZone: string, at: Date | number): { date: string; time: string } {
  let format = formats.get(timeZone);
  if (!format) {
    format = new Intl.DateTimeFormat('sv-SE', { timeZone, dateStyle: 'short', timeStyle: 'medium' });
    formats.set(timeZone, format);
  }
  const [date, time] = format.format(at).split(' ') as [string, string];
  return { date, time };
}

/** When a day begins in a time zone. @param day its midnight in UTC */
export function midnightIn(timeZone: string, day: number): Date {
  // The offset is looked up twice, because the one of the first guess may be that of the other side of a clock change.
  const guess = day - offsetOf(timeZone, day);
  return new Date(day - offsetOf(timeZone, guess));
}

/** How far the time zone is ahead of UTC, in milliseconds. */
function offsetOf(timeZone: string, at: number): number {
  const { date, time } = localTime(timeZone, at);
  return Date.parse(`${date}T${time}Z`) - Math.floor(at / 1000) * 1000;
}
