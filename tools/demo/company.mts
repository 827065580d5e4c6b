import { chance, demoId, pick } from './random.mts';
import { GREETING, sorry, talksOf, type Words } from './talks.mts';

/** Somebody who does not exist. */
export interface DemoPerson {
  readonly userId: string;
  readonly name: string;
  readonly locale: 'en' | 'ru';
  readonly timeZone: string;
  readonly joinedAt: Date;
  readonly externalId: string;
  /** The first is the one they came to. */
  readonly bots: readonly string[];
}

/** A question and its answer. */
export interface DemoTurn {
  readonly id: string;
  readonly person: DemoPerson;
  readonly botId: string;
  readonly chatId: string;
  readonly at: Date;
  readonly kind: 'text' | 'voice';
  readonly outcome: 'answered' | 'model_unavailable' | 'timed_out';
  readonly model: string;
  readonly inputTokens: number;
  readonly cachedInputTokens: number;
  readonly outputTokens: number;
  readonly costMicros: number;
  readonly durationMs: number;
  readonly firstTextMs: number | null;
  readonly rating: 1 | -1 | null;
  readonly words: Words;
}

/** A call of a model that nobody asked a question for. */
export interface DemoCall extends Pick<DemoTurn, 'id' | 'person' | 'botId' | 'model' | 'inputTokens' | 'outputTokens'> {
  readonly at: Date;
  readonly costMicros: number;
}

export interface SurveyAnswer {
  readonly id: string;
  readonly person: DemoPerson;
  readonly at: Date;
  readonly score: number;
}

/** What has happened in some time. */
export interface DemoDay {
  readonly joined: readonly DemoPerson[];
  readonly turns: readonly DemoTurn[];
  readonly surveys: readonly SurveyAnswer[];
}

export const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;
/** How much has happened before the first start. */
export const PAST_DAYS = 90;

/** On that day models were not to be had for three hours. */
const OUTAGE = { day: 61, fromHour: 13, toHour: 16 };
/** Since that day some people are greeted in another way: the experiment. */
export const EXPERIMENT_DAY = 66;

/** Of a day of 24 hours by the person's clock: when people write. */
const HOURS = [3, 1, 1, 1, 1, 2, 5, 9, 12, 14, 14, 13, 15, 14, 13, 12, 12, 13, 14, 16, 17, 15, 11, 6];
/** From Sunday on. */
const WEEKDAYS = [0.72, 1.08, 1.12, 1.1, 1.06, 1.0, 0.78];

/** How people are: whether they come again, on how many of 100 days, and for how many days on average. */
const KINDS = [
  { name: 'once', share: 24, daily: 0, stays: 0 },
  { name: 'now and then', share: 40, daily: 0.17, stays: 45 },
  { name: 'regularly', share: 36, daily: 0.42, stays: 120 },
] as const;

const ZONES = { en: { timeZone: 'Europe/Berlin', hours: 1 }, ru: { timeZone: 'Europe/Moscow', hours: 3 } } as const;

/** Millionths of a dollar per token. */
const PRICE = { input: 2.5, cached: 0.25, output: 15 };
const MODEL = 'gpt-6-luna';
const SECOND_MODEL = 'gpt-5-mini';

/**
 * A company of which everything is made up, and follows from the day on which it began: whatever is asked for twice is the same. It
 * goes on for as long as days do.
 */
export class DemoCompany {
  /** Midnight UTC. */
  readonly foundedOn: Date;
  private readonly people: DemoPerson[][] = [];

  constructor(foundedOn: Date) {
    this.foundedOn = foundedOn;
  }

  /** Of a company that is 90 days old on a day. */
  static asOf(now: Date): DemoCompany {
    return new DemoCompany(new Date((Math.floor(now.getTime() / DAY_MS) - PAST_DAYS) * DAY_MS));
  }

  dayOf(at: Date): number {
    return Math.floor((at.getTime() - this.foundedOn.getTime()) / DAY_MS);
  }

  startOf(day: number): Date {
    return new Date(this.foundedOn.getTime() + day * DAY_MS);
  }

  /** What happens from a moment on and before another, the oldest first. */
  between(from: Date, to: Date): DemoDay {
    const within = (at: Date) => at >= from && at < to;
    const days = Array.from({ length: this.dayOf(to) - this.dayOf(from) + 1 }, (_, i) => this.dayOf(from) + i);
    const all = days.filter((day) => day >= 0).map((day) => this.day(day));
    const turns = all.flatMap((day) => day.turns).filter(({ at }) => within(at));
    return {
      joined: all.flatMap((day) => day.joined).filter(({ joinedAt }) => within(joinedAt)),
      turns: turns.sort((a, b) => a.at.getTime() - b.at.getTime()),
      surveys: all.flatMap((day) => day.surveys).filter(({ at }) => within(at)),
    };
  }

  /** Everybody who has come before a moment. */
  joinedUntil(at: Date): DemoPerson[] {
    const days = Array.from({ length: this.dayOf(at) + 1 }, (_, day) => this.joinedOn(day));
    return days.flat().filter(({ joinedAt }) => joinedAt < at);
  }

  /** One whose usage runs wild before a moment: so that there is something to be alarmed about. */
  burst(until: Date): DemoCall[] {
    const known = Array.from({ length: 14 }, (_, i) => this.joinedOn(this.dayOf(until) - 30 + i)).flat();
    const person = known.find(({ bots }) => bots[0] === 'lumen');
    if (!person) return [];
    return Array.from({ length: 26 }, (_, i) => ({
      id: demoId('burst', this.foundedOn.toISOString(), i),
      person,
      botId: 'lumen',
      model: MODEL,
      inputTokens: 21_000,
      outputTokens: 2600,
      costMicros: 21_000 * PRICE.input + 2600 * PRICE.output,
      at: new Date(until.getTime() - 1000 - i * 45_000),
    }));
  }

  private day(day: number): DemoDay {
    const joined = this.joinedOn(day);
    const active = Array.from({ length: day + 1 }, (_, since) => this.joinedOn(since))
      .flat()
      .filter((person) => this.isActive(person, day));
    const turns = active.flatMap((person) => this.turnsOf(person, day));
    const surveys = active.flatMap((person) => this.surveyOf(person, day, turns));
    return { joined, turns, surveys };
  }

  /** More from month to month, and fewer at weekends. */
  private joinedOn(day: number): readonly DemoPerson[] {
    if (day < 0) return [];
    for (let next = this.people.length; next <= day; next++) {
      const before = this.people.reduce((sum, { length }) => sum + length, 0);
      const growth = 3.4 + Math.min(next, 400) * 0.05;
      const count = Math.round(growth * this.weekday(next) * (0.75 + chance('joined', next) * 0.5));
      this.people.push(Array.from({ length: count }, (_, i) => this.person(before + i + 1, next)));
    }
    return this.people[day]!;
  }

  private person(number: number, day: number): DemoPerson {
    const locale = chance('locale', number) < 0.55 ? 'ru' : 'en';
    const first = chance('bot', number) < 0.68 ? 'lumen' : 'northwind';
    const second = first === 'lumen' ? 'northwind' : 'lumen';
    return {
      userId: demoId('person', number),
      name: locale === 'ru' ? `Гость ${number}` : `Guest ${number}`,
      locale,
      timeZone: ZONES[locale].timeZone,
      joinedAt: this.momentOf(day, locale, 'joined', number),
      externalId: `demo-${number}`,
      bots: chance('both', number) < 0.12 ? [first, second] : [first],
    };
  }

  private isActive(person: DemoPerson, day: number): boolean {
    const age = day - this.dayOf(person.joinedAt);
    if (age === 0) return true;
    const kind = pick(
      KINDS,
      chance('kind', person.userId),
      KINDS.map(({ share }) => share),
    );
    const stays = -Math.log(1 - chance('stays', person.userId)) * kind.stays;
    return age <= stays && chance('active', person.userId, day) < kind.daily * this.weekday(day);
  }

  private turnsOf(person: DemoPerson, day: number): DemoTurn[] {
    const isFirst = day === this.dayOf(person.joinedAt);
    const key = [person.userId, day] as const;
    const begins = isFirst ? person.joinedAt : this.momentOf(day, person.locale, 'talk', ...key);
    const botId = isFirst ? person.bots[0]! : pick(person.bots, chance('which', ...key));
    const talk = pick(talksOf(botId, person.locale), chance('about', ...key));
    const count = Math.min(talk.length, 1 + Math.floor(chance('length', ...key) * 3.6));
    let at = begins.getTime() + 2000;
    return Array.from({ length: count }, (_, i) => {
      const turn = this.turn(person, botId, new Date(at), talk[i]!);
      at += turn.durationMs + 15_000 + chance('pause', turn.id) * 90_000;
      return turn;
    });
  }

  private turn(person: DemoPerson, botId: string, at: Date, words: Words): DemoTurn {
    const id = demoId('turn', person.userId, at.toISOString());
    const isOut = this.isOutage(at);
    const luck = chance('outcome', id);
    const outcome = luck < (isOut ? 0.65 : 0.008) ? 'model_unavailable' : luck > 0.994 ? 'timed_out' : 'answered';
    const isAnswered = outcome === 'answered';
    const model = isOut ? SECOND_MODEL : MODEL;
    // Of the shop the knowledge base goes with the question.
    const inputTokens = Math.round((botId === 'northwind' ? 2100 : 900) * (0.7 + chance('input', id) * 0.9));
    const cachedInputTokens = Math.round(inputTokens * 0.7 * chance('cached', id));
    const outputTokens = isAnswered ? Math.round(80 + chance('output', id) ** 2 * 420) : 0;
    const { input, cached, output } = PRICE;
    const cost = (inputTokens - cachedInputTokens) * input + cachedInputTokens * cached + outputTokens * output;
    const slow = 1 + chance('slow', id) ** 8 * 6;
    return {
      ...{ id, person, botId, at, outcome, model, inputTokens, cachedInputTokens, outputTokens },
      words: isAnswered ? words : sorry(words, person.locale),
      chatId: demoId('chat', person.userId, botId),
      kind: chance('voice', id) < 0.09 ? 'voice' : 'text',
      costMicros: isAnswered ? Math.round(cost) : 0,
      durationMs: isAnswered ? Math.round((700 + outputTokens * 9) * slow) : 20_000,
      firstTextMs: isAnswered ? Math.round((350 + chance('first', id) * 500) * slow) : null,
      rating: isAnswered ? this.ratingOf(person, id, at) : null,
    };
  }

  /** Of people who are greeted warmly more say that an answer was worth something. */
  private ratingOf(person: DemoPerson, id: string, at: Date): 1 | -1 | null {
    const isWarm = this.dayOf(at) >= EXPERIMENT_DAY && this.armOf(person) === 'warm';
    if (chance('rates', id) >= (isWarm ? 0.2 : 0.13)) return null;
    return chance('rating', id) < (isWarm ? 0.93 : 0.84) ? 1 : -1;
  }

  /** Undefined for people whom the experiment is not about. */
  armOf({ userId, bots }: DemoPerson): 'control' | 'warm' | undefined {
    return bots[0] === 'lumen' ? (chance(GREETING, userId) < 0.5 ? 'control' : 'warm') : undefined;
  }

  private surveyOf(person: DemoPerson, day: number, turns: readonly DemoTurn[]): SurveyAnswer[] {
    const [turn] = turns.filter((one) => one.person === person && one.botId === 'lumen');
    if (!turn || day - this.dayOf(person.joinedAt) < 5 || chance('survey', person.userId, day) > 0.035) return [];
    const score = pick([10, 9, 8, 7, 6, 5, 3, 1], chance('score', person.userId, day), [30, 24, 18, 11, 6, 5, 4, 2]);
    return [{ id: demoId('survey', person.userId, day), person, at: new Date(turn.at.getTime() + 60_000), score }];
  }

  private isOutage(at: Date): boolean {
    return this.dayOf(at) === OUTAGE.day && at.getUTCHours() >= OUTAGE.fromHour && at.getUTCHours() < OUTAGE.toHour;
  }

  private weekday(day: number): number {
    return WEEKDAYS[this.startOf(day).getUTCDay()]!;
  }

  /** Late enough before midnight for a talk to end on its day. */
  private momentOf(day: number, locale: 'en' | 'ru', ...key: (string | number)[]): Date {
    const hours = HOURS.map((_, utc) => HOURS[(utc + ZONES[locale].hours) % 24]!);
    const hour = pick([...hours.keys()], chance('hour', ...key), hours);
    const within = chance('minute', ...key) * HOUR_MS * (hour === 23 ? 0.8 : 1);
    return new Date(this.startOf(day).getTime() + hour * HOUR_MS + Math.floor(within));
  }
}
