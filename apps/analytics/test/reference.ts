import { DateTime } from 'luxon';

/**
 * The definitions once more, as plainly as they can be written, over events in memory: what the statements in SQL are held to. Dates
 * are told by another calendar than that of the database.
 */

/** An event as far as definitions look at it. Instants are milliseconds. */
export interface Fact {
  readonly id: string;
  readonly type: string;
  readonly userId: string;
  readonly at: number;
  readonly receivedAt: number;
}

export interface Question {
  readonly zone: string;
  readonly from: string;
  readonly to: string;
  readonly now: number;
}

const SILENT_DAYS = 14;
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** Days as numbers, so that they can be counted with. */
export const dayNumber = (day: string): number => Date.parse(day) / DAY_MS;
export const dayOf = (number: number): string => new Date(number * DAY_MS).toISOString().slice(0, 10);
export const dateIn = (zone: string, at: number): number => dayNumber(DateTime.fromMillis(at, { zone }).toISODate()!);

/** Each event once, whatever came twice and in whatever order. */
const distinct = (facts: readonly Fact[]): Fact[] => [...new Map(facts.map((fact) => [fact.id, fact])).values()];

const byPerson = (facts: readonly Fact[]): Fact[][] => [
  ...Map.groupBy(distinct(facts), ({ userId }) => userId).values(),
];

/** Days on which each person was active, in order. */
const activeDays = (facts: readonly Fact[], zone: string): number[][] =>
  byPerson(facts).map((own) => [...new Set(own.map(({ at }) => dateIn(zone, at)))].sort((a, b) => a - b));

const range = (from: number, to: number): number[] =>
  Array.from({ length: Math.max(0, to - from + 1) }, (_, i) => from + i);

export function growth(facts: readonly Fact[], { zone, from, to, now }: Question) {
  const people = activeDays(facts, zone);
  const last = Math.min(dayNumber(to), dateIn(zone, now));
  return range(dayNumber(from), last).map((day) => {
    const within = (days: number) =>
      people.filter((active) => active.some((on) => on <= day && on > day - days)).length;
    const active = people.filter((days) => days.includes(day));
    const before = (days: number[]) => days.filter((on) => on < day).at(-1);
    const silence = (days: number[]) => day - before(days)! - 1;
    return {
      day: dayOf(day),
      dau: within(1),
      wau: within(7),
      mau: within(30),
      new: active.filter((days) => before(days) === undefined).length,
      retained: active.filter((days) => before(days) !== undefined && silence(days) < SILENT_DAYS).length,
      resurrected: active.filter((days) => before(days) !== undefined && silence(days) >= SILENT_DAYS).length,
      dormant: people.filter((days) => {
        const latest = days.filter((on) => on <= day).at(-1);
        return latest !== undefined && day - latest >= SILENT_DAYS;
      }).length,
    };
  });
}

export interface Bracket {
  readonly from: number;
  readonly to: number;
}

/** For each person of a cohort: when it began, which N have wholly passed, and in which they were active. */
export function lives(facts: readonly Fact[], { zone, from, to, now }: Question, by: 'days' | 'hours24') {
  return byPerson(facts).flatMap((own) => {
    const times = own.map(({ at }) => at);
    const first = Math.min(...times);
    const day = dateIn(zone, first);
    if (day < dayNumber(from) || day > dayNumber(to)) return [];
    const age = (at: number) => (by === 'days' ? dateIn(zone, at) - day : Math.floor((at - first) / DAY_MS));
    return [{ day, passed: age(now) - 1, active: [...new Set(times.map(age))] }];
  });
}

export function retention(
  facts: readonly Fact[],
  question: Question & { kind: 'calendar' | 'rolling' | 'hours24' | 'brackets'; cohort: 'day' | 'week' | 'month' },
  brackets: readonly Bracket[],
) {
  const { kind, cohort } = question;
  const people = lives(facts, question, kind === 'hours24' ? 'hours24' : 'days');
  const begins = (day: number) => DateTime.fromISO(dayOf(day), { zone: 'utc' }).startOf(cohort).toISODate()!;
  const cell = (some: typeof people, { from, to }: Bracket) => {
    const mature = some.filter(({ passed }) => passed >= (kind === 'rolling' ? from : to));
    const isIn = (n: number) => n >= from && (kind === 'rolling' || n <= to);
    return {
      ...{ from, to },
      mature: mature.length,
      active: mature.filter(({ active }) => active.some(isIn)).length,
      isMature: mature.length === some.length,
    };
  };
  return [...Map.groupBy(people, ({ day }) => begins(day))]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([start, some]) => ({ start, people: some.length, cells: brackets.map((one) => cell(some, one)) }));
}

/** How long each person of a cohort stayed, and whether they have left. */
export function stays(facts: readonly Fact[], question: Question): { days: number; hasLeft: boolean }[] {
  return lives(facts, question, 'days').map(({ active, passed }) => {
    const days = active.sort((a, b) => a - b);
    const left = days.find((day, i) => (days[i + 1] ?? passed + 1) - day - 1 >= SILENT_DAYS);
    return { days: left ?? days.at(-1)!, hasLeft: left !== undefined };
  });
}

export interface FunnelQuestion {
  readonly steps: readonly string[];
  readonly exclude: readonly string[];
  readonly order: 'sequential' | 'strict' | 'any';
  readonly windowMs: number;
  readonly from: number;
  readonly to: number;
  readonly windowsEndBy: number;
}

/** Of one person: every way along the steps is tried. @returns the times of the best, or why there is none */
export function bestWay(
  facts: readonly Fact[],
  question: FunnelQuestion,
): number[] | 'excluded' | 'incomplete' | undefined {
  const { steps, exclude, order, windowMs, from, to, windowsEndBy } = question;
  const events = distinct(facts).sort((a, b) => a.at - b.at || a.receivedAt - b.receivedAt || (a.id < b.id ? -1 : 1));
  const places = events.flatMap(({ type }, place) => (steps.includes(type) ? [place] : []));
  const isStart = (place: number) => {
    const { type, at } = events[place]!;
    return at >= from && at < to && (order === 'any' ? steps.includes(type) : type === steps[0]);
  };
  const starts = places.filter(isStart);
  const passed = starts.filter((place) => events[place]!.at + windowMs <= windowsEndBy);
  if (passed.length === 0) return starts.length > 0 ? 'incomplete' : undefined;

  const ways: number[][] = [];
  const follow = (way: number[], left: readonly string[]): void => {
    ways.push(way);
    const last = way.at(-1)!;
    for (const place of places.filter((one) => one > last)) {
      const { type, at } = events[place]!;
      if (at > events[way[0]!]!.at + windowMs) continue;
      if (order === 'strict' && places.indexOf(place) !== places.indexOf(last) + 1) continue;
      const next = order === 'any' ? left.indexOf(type) : left[0] === type ? 0 : -1;
      if (next >= 0) follow([...way, place], left.toSpliced(next, 1));
    }
  };
  for (const start of passed) follow([start], steps.toSpliced(steps.indexOf(events[start]!.type), 1));

  // The longest; of those the one that ends first, then the one that begins first, then the one that comes to each step first.
  const rank = (way: number[]) => [-way.length, way.at(-1)!, ...way];
  const [best] = ways.sort((a, b) => compare(rank(a), rank(b)));
  const [first, last] = [best![0]!, best!.at(-1)!];
  const isTainted = events.some(({ type, at }, place) => {
    const isBefore = best!.length === steps.length ? place < last : at <= events[first]!.at + windowMs;
    return exclude.includes(type) && place > first && isBefore;
  });
  return isTainted ? 'excluded' : best!.map((place) => events[place]!.at);
}

const compare = (a: readonly number[], b: readonly number[]): number =>
  a.map((value, i) => value - (b[i] ?? 0)).find((difference) => difference !== 0) ?? 0;

/** Sessions of one person: they end with 30 minutes of silence. @returns first and last event of each */
export function sessions(times: readonly number[]): [start: number, end: number][] {
  const result: [number, number][] = [];
  for (const at of [...times].sort((a, b) => a - b)) {
    const open = result.at(-1);
    if (open && at - open[1] <= 30 * 60_000) open[1] = at;
    else result.push([at, at]);
  }
  return result;
}
