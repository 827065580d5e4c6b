import type { OpeningHours } from '@switchboard/contracts';
import { DateTime } from 'luxon';

const DAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'] as const;
const DAY_NAMES = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];
const WEEK = [1, 2, 3, 4, 5, 6, 0];
/** Further off, nobody asks yet; and a place that is closed for longer says so itself. */
const DAYS_AHEAD = 31;
const DAY_MS = 86_400_000;

/** A day in the bot's time zone, as the midnight of that date in UTC. */
type Day = number;

/**
 * Sentences for a model: the time, when somebody is there, and whether that is so at this moment. The time is told to the
 * quarter of an hour, so that providers can go on using what they cached of a conversation.
 */
export function timeSentences(now: Date, timeZone: string, hours: OpeningHours | undefined): string[] {
  const local = DateTime.fromJSDate(now, { zone: timeZone });
  const [date, time] = [local.toFormat('yyyy-MM-dd'), local.toFormat('HH:mm')];
  const today = Date.parse(date);
  const sentences = [`It is ${dayName(today)}, ${date}, about ${quarter(time)} (${timeZone}).`];
  if (!hours) return sentences;
  const week = WEEK.map((day) => `${DAY_NAMES[day]} ${inWords(hours[DAYS[day]!])}`).join('; ');
  const differing = Object.entries(hours.exceptions)
    .filter(([day]) => Date.parse(day) >= today && Date.parse(day) < today + DAYS_AHEAD * DAY_MS)
    .sort()
    .map(([day, open]) => `${dayName(Date.parse(day))}, ${day}: ${inWords(open)}`);
  sentences.push(`Opening hours: ${week}.`);
  if (differing.length > 0) sentences.push(`Other hours on single days: ${differing.join('; ')}.`);
  return [...sentences, `At this moment it is ${stateAt(hours, today, time)}.`];
}

/** When somebody is there: at once or later. Undefined where nobody will be. */
export function nextOpening(at: Date, timeZone: string, hours: OpeningHours | undefined): Date | undefined {
  if (!hours) return at;
  const today = DateTime.fromJSDate(at, { zone: timeZone }).startOf('day');
  for (let ahead = 0; ahead < DAYS_AHEAD; ahead++) {
    const day = today.plus({ days: ahead });
    for (const span of openOn(hours, Date.parse(day.toFormat('yyyy-MM-dd')))) {
      const [opens, closes] = [span.slice(0, 5), span.slice(6)].map((time) => timeOn(day, time)) as [Date, Date];
      if (at < closes) return at < opens ? opens : at;
    }
  }
  return undefined;
}

/** By the clock on the wall, also on the days on which that is put back or forward. */
function timeOn(day: DateTime, time: string): Date {
  const [hour, minute] = time.split(':').map(Number) as [number, number];
  return (hour === 24 ? day.plus({ days: 1 }) : day.set({ hour, minute })).toJSDate();
}

function stateAt(hours: OpeningHours, today: Day, time: string): string {
  const open = openOn(hours, today).find((span) => time >= span.slice(0, 5) && time < span.slice(6));
  if (open) return openUntil(hours, today, open.slice(6));
  for (let ahead = 0; ahead < DAYS_AHEAD; ahead++) {
    const day = today + ahead * DAY_MS;
    const next = openOn(hours, day).find((span) => ahead > 0 || span.slice(0, 5) > time);
    if (next) return `closed, and opens ${ahead === 0 ? 'today' : onDay(day)} at ${next.slice(0, 5)}`;
  }
  return 'closed';
}

/** Spans that touch are one, over midnight as well. */
function openUntil(hours: OpeningHours, today: Day, firstEnd: string): string {
  let [day, end] = [today, firstEnd];
  while (day < today + 7 * DAY_MS) {
    if (end === '24:00') [day, end] = [day + DAY_MS, '00:00'];
    const next = openOn(hours, day).find((span) => span.slice(0, 5) === end);
    if (!next) {
      if (end === '00:00') [day, end] = [day - DAY_MS, '24:00'];
      return day === today ? `open until ${end}` : `open until ${end} ${onDay(day)}`;
    }
    end = next.slice(6);
  }
  return 'open around the clock';
}

function openOn(hours: OpeningHours, day: Day): string[] {
  const spans = hours.exceptions[isoDate(day)] ?? hours[DAYS[new Date(day).getUTCDay()]!];
  return spans.toSorted();
}

const inWords = (spans: readonly string[]) => (spans.length === 0 ? 'closed' : spans.toSorted().join(' and '));
const dayName = (day: Day) => DAY_NAMES[new Date(day).getUTCDay()]!;
const onDay = (day: Day) => `on ${dayName(day)}, ${isoDate(day)}`;
const isoDate = (day: Day) => new Date(day).toISOString().slice(0, 10);

/** `14:35` → `14:30` */
const quarter = (time: string) =>
  `${time.slice(0, 3)}${String(Math.floor(Number(time.slice(3)) / 15) * 15).padStart(2, '0')}`;
