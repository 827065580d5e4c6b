import { setTimeout as pause } from 'node:timers/promises';
import { question } from './turn.model.mts';
import { type Person, preciseNow, type TelegramSide } from './turn.telegram.mts';
import type { Asked } from './turn.times.mts';

/** Whoever has no answer by then has lost it. */
const ANSWER_WITHIN_MS = 30_000;

export interface FullSpeed {
  concurrency: number;
  seconds: number;
}

/** People who ask. Each asks again only after an answer. */
export class Load {
  private readonly telegram: TelegramSide;
  private readonly people: Person[];
  private asked = 0;

  constructor(telegram: TelegramSide, people: Person[]) {
    this.telegram = telegram;
    this.people = people;
  }

  /** Everyone asks once, so many a second, however fast the answers come. */
  atRate(perSecond: number): Promise<Asked[]> {
    return Promise.all(
      this.people.map(async (person, i) => {
        await pause((i * 1000) / perSecond);
        return this.ask(person);
      }),
    );
  }

  /** So many ask side by side, and for each answer the next one asks. */
  async atFullSpeed({ concurrency, seconds }: FullSpeed): Promise<Asked[]> {
    const asked: Asked[] = [];
    const free = [...this.people];
    const until = preciseNow() + seconds * 1000;
    const askOneByOne = async () => {
      while (preciseNow() < until) {
        const person = free.shift()!;
        asked.push(await this.ask(person));
        free.push(person);
      }
    };
    await Promise.all(Array.from({ length: concurrency }, askOneByOne));
    return asked.sort((a, b) => a.saidAt - b.saidAt);
  }

  /** Everyone asks once, so many side by side. */
  async once(people: Person[], concurrency: number): Promise<Asked[]> {
    const asked: Asked[] = [];
    await sideBySide(people, concurrency, async (person) => void asked.push(await this.ask(person)));
    return asked;
  }

  private async ask(person: Person): Promise<Asked> {
    const number = ++this.asked;
    const answered = this.telegram.nextMessageTo(person.id, ANSWER_WITHIN_MS);
    const times = await this.telegram.say(person, question(number));
    await answered;
    return { number, person: person.id, ...times };
  }
}

/** Does something with each, so many at a time. */
export async function sideBySide<T>(items: T[], concurrency: number, work: (item: T) => Promise<void>): Promise<void> {
  const waiting = [...items];
  const oneByOne = async () => {
    for (let item = waiting.shift(); item; item = waiting.shift()) await work(item);
  };
  await Promise.all(Array.from({ length: concurrency }, oneByOne));
}
