import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type { RouteDefinition } from '@switchboard/contracts';
import type { ServiceClient } from '@switchboard/service-kit';
import {
  DAY_MS,
  type DemoCall,
  DemoCompany,
  type DemoDay,
  type DemoPerson,
  type DemoTurn,
  EXPERIMENT_DAY,
} from './company.mts';
import { type Contracts, DemoEvents, experiment, EXPERIMENT_ID, type PastEvent, unfitEvents } from './events.mts';
import { demoId } from './random.mts';
import { type DemoPurchase, salesBetween } from './sales.mts';

/** Days that are played in one go: some thousand events. */
const DAYS_AT_ONCE = 6;
/** Bodies are to stay below a megabyte. */
const EVENTS_AT_ONCE = 1200;
const TURNS_AT_ONCE = 500;
const PEOPLE_AT_ONCE = 250;
const PURCHASES_AT_ONCE = 500;
/** What was said longer ago is not kept: only what it has cost. */
const WORDS_DAYS = 21;
const TIMEOUT_MS = 60_000;

interface Played {
  readonly foundedOn: string;
  readonly playedUntil: string;
}
/** How much was taken out. */
export interface Taken {
  readonly people: number;
  readonly conversations: number;
  readonly subscriptions: number;
  readonly events: number;
  readonly alerts: number;
}
/** Without it whoever plays along would begin anew with what was just taken out. */
interface Removed {
  readonly removed: true;
}

/** Plays the demo company into running services: what has not been played yet, up to now. */
export class DemoPlayer {
  private readonly client: ServiceClient;
  private readonly contracts: Contracts;
  private readonly stateFile: string;
  private readonly events: DemoEvents;

  /** @param stateFile how far it was played: it lies beside the database, and goes with it */
  constructor(client: ServiceClient, contracts: Contracts, stateFile: string) {
    this.client = client;
    this.contracts = contracts;
    this.stateFile = stateFile;
    this.events = new DemoEvents(contracts);
  }

  /** What is played twice changes nothing: a run that was cut off is just begun again. @returns how many turns were new */
  async play(now: Date, signal?: AbortSignal): Promise<number> {
    const state = this.read();
    if (state && 'removed' in state) return 0;
    const company = state ? new DemoCompany(new Date(state.foundedOn)) : DemoCompany.asOf(now);
    const foundedOn = company.foundedOn.toISOString();
    let from = new Date(state?.playedUntil ?? company.foundedOn);
    if (!state) {
      await this.call(this.contracts.TakeDemoExperiment, {
        params: { experimentId: EXPERIMENT_ID },
        body: { draft: experiment, startedAt: company.startOf(EXPERIMENT_DAY).toISOString() },
      });
    }
    let taken = 0;
    while (from < now) {
      signal?.throwIfAborted();
      const to = new Date(Math.min(now.getTime(), from.getTime() + DAYS_AT_ONCE * DAY_MS));
      // The last days of the past end with something to be alarmed about.
      const burst = !state && to.getTime() === now.getTime() ? company.burst(now) : [];
      taken += await this.playDays(company, company.between(from, to), { from, to, burst, now });
      from = to;
      this.write({ foundedOn, playedUntil: to.toISOString() });
    }
    return taken;
  }

  /** After a removal: it is played again from the next time on. */
  allow(): void {
    const state = this.read();
    if (state && 'removed' in state) rmSync(this.stateFile);
  }

  /** Takes everything out again, for good. @returns how much of what there was */
  async remove(): Promise<Taken> {
    const { RemoveDemoEvents, RemoveDemoPeople, RemoveDemoSales, RemoveDemoTurns } = this.contracts;
    const { removed: events, alerts } = (await this.call(RemoveDemoEvents, {})) as { removed: number; alerts: number };
    const { removed: conversations } = (await this.call(RemoveDemoTurns, {})) as { removed: number };
    const { removed: subscriptions } = (await this.call(RemoveDemoSales, {})) as { removed: number };
    const { removed: people } = (await this.call(RemoveDemoPeople, {})) as { removed: number };
    this.write({ removed: true });
    return { people, conversations, subscriptions, events, alerts };
  }

  private async playDays(
    company: DemoCompany,
    day: DemoDay,
    { from, to, burst, now }: { from: Date; to: Date; burst: readonly DemoCall[]; now: Date },
  ): Promise<number> {
    const { TakeDemoEvents, TakeDemoPeople, TakeDemoSales, TakeDemoTurns } = this.contracts;
    for (const people of chunks(
      day.joined.map((person) => rowOf(person)),
      PEOPLE_AT_ONCE,
    ))
      await this.call(TakeDemoPeople, { body: { people } });
    const remembered = now.getTime() - WORDS_DAYS * DAY_MS;
    const turns = [
      ...day.turns.map((turn) => turnOf(turn, turn.at.getTime() >= remembered)),
      ...burst.map((call) => callOf(call)),
    ];
    let taken = 0;
    for (const some of chunks(turns, TURNS_AT_ONCE))
      taken += ((await this.call(TakeDemoTurns, { body: { turns: some } })) as { taken: number }).taken;
    const sales = salesBetween(company.joinedUntil(to), from, to);
    for (const some of chunks(sales, PURCHASES_AT_ONCE))
      await this.call(TakeDemoSales, { body: { purchases: some.map(saleOf) } });
    const events = [
      ...this.events.of(company, day),
      ...sales.flatMap((sale) => this.events.ofSale(sale)),
      ...burst.map((call) => this.events.ofCall(call)),
      ...(burst.length > 0 ? unfitEvents(now) : []),
    ];
    for (const some of chunks<PastEvent>(events, EVENTS_AT_ONCE))
      await this.call(TakeDemoEvents, { body: { events: some } });
    return taken;
  }

  private call(route: RouteDefinition, question: object): Promise<unknown> {
    const actor = { kind: 'staff' as const, id: 'demo', roles: ['operator'], scopes: ['demo:write'] };
    return this.client.call(route, question as never, { actor, timeoutMs: TIMEOUT_MS });
  }

  private read(): Played | Removed | undefined {
    return existsSync(this.stateFile)
      ? (JSON.parse(readFileSync(this.stateFile, 'utf8')) as Played | Removed)
      : undefined;
  }

  /** Renamed into place, so that a killed run leaves no half a file behind. */
  private write(state: Played | Removed): void {
    mkdirSync(dirname(this.stateFile), { recursive: true });
    writeFileSync(`${this.stateFile}.new`, JSON.stringify(state));
    renameSync(`${this.stateFile}.new`, this.stateFile);
  }
}

function* chunks<T>(all: readonly T[], size: number): Generator<T[]> {
  for (let from = 0; from < all.length; from += size) yield all.slice(from, from + size);
}

const rowOf = ({ joinedAt, bots, ...person }: DemoPerson) => ({
  ...person,
  bots: [...bots],
  registeredAt: joinedAt.toISOString(),
  seenAt: joinedAt.toISOString(),
});

const turnOf = ({ person, kind: _, at, words, ...turn }: DemoTurn, isRemembered: boolean) => ({
  ...turn,
  usageId: demoId('usage', turn.id),
  userId: person.userId,
  locale: person.locale,
  at: at.toISOString(),
  words: isRemembered ? words : null,
});

const saleOf = ({ at, from, to, refundedAt, ...sale }: DemoPurchase) => ({
  ...sale,
  ...{ at: at.toISOString(), from: from.toISOString(), to: to.toISOString() },
  refundedAt: refundedAt?.toISOString() ?? null,
});

const callOf = ({ id, person, at, ...call }: DemoCall) => ({
  ...{ ...call, id, usageId: id, userId: person.userId, locale: person.locale, at: at.toISOString(), words: null },
  ...{ chatId: demoId('chat', person.userId, call.botId), outcome: 'answered', cachedInputTokens: 0 },
  ...{ durationMs: 9000, firstTextMs: null, rating: null },
});
