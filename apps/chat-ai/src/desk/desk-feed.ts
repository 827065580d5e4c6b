import { Injectable, type OnModuleDestroy } from '@nestjs/common';
import { Signals } from '@switchboard/bus';
import { DeskChanged, type FollowDesk, type SignalOf, type StaffTyping } from '@switchboard/contracts';
import { type AnswerOf, Clock, type ServerSentEvent } from '@switchboard/service-kit';
import { DataSource, type EntityManager, type QueryRunner } from 'typeorm';

type DeskEvent = AnswerOf<typeof FollowDesk> extends AsyncIterable<ServerSentEvent<infer Data>> ? Data : never;

/** What is new, by ids. */
export interface DeskNews {
  readonly brandId: string;
  /** Of the account in which it is. */
  readonly botId: string;
  readonly topic: 'ticket' | 'message' | 'delivery' | 'note' | 'staff';
  readonly ticketId?: string | undefined;
  readonly conversationId?: string | undefined;
  readonly messageId?: string | undefined;
  readonly staffId?: string | undefined;
  readonly revision?: number | undefined;
}

/** Who follows, and what they have seen. */
export interface Follower {
  readonly brandId: string;
  /** Of these accounts alone; of all without it. */
  readonly bots: readonly string[] | undefined;
  readonly lastEventId: string | undefined;
  readonly signal: AbortSignal;
}

/** A signal that there is something new may be lost. */
const LOOK_EVERY_MS = 1000;
/** Whoever has missed more reads everything again. */
const MOST_MISSED = 500;
const NOTED = 'chat-ai.deskNews';

interface Row {
  readonly id: string;
  readonly botId: string;
  readonly topic: string;
  readonly data: Omit<DeskEvent, 'id' | 'topic' | 'brandId' | 'at'>;
  readonly at: Date;
}

/**
 * What happens on the desks, for those who look at one: written with the change itself, so that whoever comes back misses nothing.
 * Events of a shop are numbered in the order of their commits.
 */
@Injectable()
export class DeskFeed implements OnModuleDestroy {
  private readonly listeners = new Map<string, Set<(typing?: SignalOf<typeof StaffTyping>) => void>>();
  private readonly stopping = new AbortController();

  constructor(
    private readonly db: DataSource,
    private readonly clock: Clock,
    signals: Signals,
  ) {
    db.subscribers.push({
      afterTransactionCommit: ({ queryRunner }: { queryRunner: QueryRunner }) => {
        for (const [brandId, eventId] of takeNoted(queryRunner)) {
          this.wake(brandId);
          signals.send(DeskChanged, { brandId, eventId });
        }
      },
      afterTransactionRollback: ({ queryRunner }: { queryRunner: QueryRunner }) => void takeNoted(queryRunner),
    });
  }

  onModuleDestroy(): void {
    this.stopping.abort();
  }

  /** To be the last statement of a transaction but for what it says: others wait for it. */
  async add(tx: EntityManager, news: DeskNews): Promise<void> {
    const { brandId, botId, topic, ...data } = news;
    const [{ id }] = await tx.query<[{ id: string }]>(ADD, [
      brandId,
      botId,
      topic,
      JSON.stringify(data),
      this.clock.now(),
    ]);
    if (!tx.queryRunner) throw new Error('DeskFeed needs the EntityManager of a transaction');
    ((tx.queryRunner.data[NOTED] ??= new Map()) as Map<string, string>).set(brandId, id);
  }

  /** Has those look who follow the desk of a shop here. */
  wake(brandId: string): void {
    for (const listener of this.listeners.get(brandId) ?? []) listener();
  }

  /** Shows at once that somebody is typing; it is kept nowhere. */
  typing(typing: SignalOf<typeof StaffTyping>): void {
    for (const listener of this.listeners.get(typing.brandId) ?? []) listener(typing);
  }

  async *follow(follower: Follower): AsyncGenerator<ServerSentEvent<DeskEvent>> {
    const { brandId, bots, lastEventId } = follower;
    const ended = AbortSignal.any([follower.signal, this.stopping.signal]);
    const inbox: SignalOf<typeof StaffTyping>[] = [];
    let wake = () => undefined as void;
    const listener = (typing?: SignalOf<typeof StaffTyping>) => {
      if (typing) inbox.push(typing);
      wake();
    };
    const stop = this.listen(brandId, listener);
    ended.addEventListener('abort', () => wake(), { once: true });
    try {
      const begun = await this.begin(brandId, lastEventId);
      let { last } = begun;
      if (!begun.isComplete) yield this.resync(brandId, last);
      while (!ended.aborted) {
        const changed = new Promise<void>((resolve) => (wake = resolve));
        const rows = await this.after(brandId, last);
        for (const { id, botId, topic, data, at } of rows) {
          last = id;
          if (!bots || bots.includes(botId)) yield { id, data: { id, topic, brandId, ...data, at } };
        }
        for (const { ticketId, staffId, botId, until } of inbox.splice(0)) {
          if (bots && !bots.includes(botId)) continue;
          const at = this.clock.now();
          const typing = { ticketId, staffId, until: new Date(until), at };
          yield { id: last, data: { id: last, topic: 'typing', brandId, ...typing } };
        }
        if (rows.length === MOST_MISSED) continue;
        let timer: NodeJS.Timeout | undefined;
        const looked = new Promise<void>((resolve) => (timer = setTimeout(resolve, LOOK_EVERY_MS)));
        await Promise.race([changed, looked]).finally(() => clearTimeout(timer));
      }
    } finally {
      stop();
    }
  }

  private listen(brandId: string, listener: (typing?: SignalOf<typeof StaffTyping>) => void): () => void {
    const listeners = this.listeners.get(brandId) ?? new Set();
    this.listeners.set(brandId, listeners.add(listener));
    return () => {
      listeners.delete(listener);
      if (listeners.size === 0) this.listeners.delete(brandId);
    };
  }

  /** Behind which event somebody goes on, and whether all that came since is still there. */
  private async begin(brandId: string, seen: string | undefined): Promise<{ last: string; isComplete: boolean }> {
    const [{ last, first }] = await this.db.query<[{ last: string; first: string | null }]>(
      `SELECT coalesce((SELECT last_id FROM desk_feeds WHERE brand_id = $1), 0)::text AS last,
         (SELECT min(id) FROM desk_events WHERE brand_id = $1)::text AS first`,
      [brandId],
    );
    if (seen === undefined || seen === last) return { last, isComplete: true };
    const isKept = first !== null && BigInt(seen) >= BigInt(first) - 1n && BigInt(seen) < BigInt(last);
    const isFew = BigInt(last) - BigInt(seen) < MOST_MISSED;
    return isKept && isFew ? { last: seen, isComplete: true } : { last, isComplete: false };
  }

  private resync(brandId: string, id: string): ServerSentEvent<DeskEvent> {
    return { id, data: { id, topic: 'resync', brandId, at: this.clock.now() } };
  }

  private after(brandId: string, last: string): Promise<Row[]> {
    return this.db.query<Row[]>(
      `SELECT id::text, bot_id AS "botId", topic, data, at FROM desk_events
       WHERE brand_id = $1 AND id > $2 ORDER BY id LIMIT ${MOST_MISSED}`,
      [brandId, last],
    );
  }
}

/** The row of the feed is locked until the commit: numbers become visible in their order. */
const ADD = `
  WITH feed AS (
    INSERT INTO desk_feeds (brand_id, last_id) VALUES ($1, 1)
    ON CONFLICT (brand_id) DO UPDATE SET last_id = desk_feeds.last_id + 1 RETURNING last_id
  )
  INSERT INTO desk_events (brand_id, id, bot_id, topic, data, at) SELECT $1, last_id, $2, $3, $4, $5 FROM feed RETURNING id::text`;

function takeNoted(queryRunner: QueryRunner): Map<string, string> {
  const noted = (queryRunner.data[NOTED] as Map<string, string> | undefined) ?? new Map<string, string>();
  delete queryRunner.data[NOTED];
  return noted;
}
