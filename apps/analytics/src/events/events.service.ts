import { Injectable } from '@nestjs/common';
import type { CloudEvent, ListQuarantinedEvents } from '@switchboard/contracts';
import { Clock, Cursors, type Page, type RequestOf } from '@switchboard/service-kit';
import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import { DataSource, type EntityManager } from 'typeorm';
import { EventStore, type Stored } from './event-store.service';
import { QuarantinedEvent, type QuarantineReason } from './quarantined-event.entity';
import { fromQuarantine, personIn, type ReadEvent, readEvent, toQuarantine, type UnfitEvent } from './read-event';

/** A row of `quarantined_events`, as the statement that writes it reads it. */
export interface UnfitRow extends UnfitEvent {
  readonly event_id: string;
  readonly occurred_at: string;
  readonly type: string;
  readonly source: string;
  readonly user_id?: string | undefined;
  /** What is needed to try it again. */
  readonly event?: object | undefined;
}

/** Which quarantined events; all of them when empty. */
export interface QuarantineFilter {
  readonly ids?: readonly string[] | undefined;
  readonly type?: string | undefined;
  readonly reason?: string | undefined;
}

/** Tried again in one transaction. */
const REPLAYED_AT_ONCE = 500;

/** Is told that events of these days (UTC) have come long after they happened. */
export type LateEventsStep = (tx: EntityManager, days: readonly string[]) => Promise<unknown>;

/** What comes in from all services: kept, counted, or quarantined where it does not fit. */
@Injectable()
export class EventsService {
  private readonly received: Counter<'result'>;
  private readonly lag: Histogram;
  private readonly lateSteps: LateEventsStep[] = [];

  constructor(
    private readonly db: DataSource,
    private readonly store: EventStore,
    private readonly clock: Clock,
    private readonly cursors: Cursors,
    registry: Registry,
  ) {
    const registers = [registry];
    this.received = new Counter({
      name: 'analytics_events_total',
      help: 'Events that were stored, known already, only counted, dropped for want of consent, or quarantined.',
      labelNames: ['result'],
      registers,
    });
    this.lag = new Histogram({
      name: 'analytics_event_lag_seconds',
      help: 'Events of services: from when they happened until they came to be counted.',
      buckets: [1, 5, 30, 60, 300, 900, 3600, 6 * 3600, 86_400, 48 * 3600],
      registers,
    });
    new Gauge({
      name: 'analytics_quarantined_events',
      help: 'Events that could not be stored as they were.',
      labelNames: ['reason'],
      registers,
      async collect() {
        this.reset();
        // A scrape must answer while the database is away.
        for (const { reason, count } of await countQuarantined(db).catch(() => [])) this.set({ reason }, count);
      },
    });
  }

  async receive(tx: EntityManager, events: readonly CloudEvent[]): Promise<void> {
    const now = this.clock.now();
    const fit: ReadEvent[] = [];
    const unfit: { event: CloudEvent; why: UnfitEvent }[] = [];
    for (const event of events) {
      this.lag.observe(Math.max(0, (now.getTime() - Date.parse(event.time)) / 1000));
      const read = readEvent(event, now);
      if ('reason' in read) unfit.push({ event, why: read });
      else fit.push(read);
    }
    if (unfit.length > 0) await this.quarantine(tx, await this.unfitRows(tx, unfit));
    if (fit.length > 0) await this.keep(tx, fit);
  }

  /** See EventStore.store. */
  async keep(tx: EntityManager, events: readonly ReadEvent[]): Promise<Stored> {
    const stored = await this.store.store(tx, events);
    for (const [result, count] of Object.entries(stored) as [keyof Stored, number][])
      this.received.inc({ result }, count);
    return stored;
  }

  /** Features that take a day for whole call it when they are made. */
  onLateEvents(step: LateEventsStep): void {
    this.lateSteps.push(step);
  }

  /** Sets events aside. */
  async quarantine(tx: EntityManager, rows: readonly UnfitRow[]): Promise<void> {
    if (rows.length === 0) return;
    await tx.query(
      `INSERT INTO quarantined_events (event_id, user_id, occurred_at, received_at, type, source, reason, detail, event)
       SELECT event_id, user_id, occurred_at, $2::timestamptz, type, source, reason, left(detail, 2000), event
       FROM json_to_recordset($1::json) AS unfit (event_id uuid, user_id uuid, occurred_at timestamptz, type text, source text,
         reason text, detail text, event jsonb)
       ON CONFLICT (event_id) DO NOTHING`,
      [JSON.stringify(rows), this.clock.now()],
    );
    this.received.inc({ result: 'quarantined' }, rows.length);
  }

  /** Of somebody who has not consented nothing stays but why it did not fit. */
  private async unfitRows(
    tx: EntityManager,
    unfit: readonly { event: CloudEvent; why: UnfitEvent }[],
  ): Promise<UnfitRow[]> {
    const people = unfit.map(({ event }) => personIn(event.data));
    const consenting = await this.store.consenting(
      tx,
      people.map(({ userId }) => ({ row: { user_id: userId } })),
    );
    return unfit.map(({ event, why }, i) => {
      const { userId, isOfPerson } = people[i]!;
      const mayBeKept = !isOfPerson || (userId !== undefined && consenting.has(userId));
      const { id, type, source, time } = event;
      const row = { event_id: id, occurred_at: time, type, source, ...why };
      return mayBeKept ? { ...row, user_id: userId, event: toQuarantine(event) } : row;
    });
  }

  async forgetQuarantined(receivedBefore: Date): Promise<void> {
    await this.db.query('DELETE FROM quarantined_events WHERE received_at < $1', [receivedBefore]);
  }

  /** The latest first. */
  quarantined(request: RequestOf<typeof ListQuarantinedEvents>): Promise<Page<QuarantinedEvent>> {
    const { type, reason } = request.query;
    const query = this.db.manager.createQueryBuilder(QuarantinedEvent, 'unfit');
    if (type) query.andWhere('unfit.type = :type', { type });
    if (reason) query.andWhere('unfit.reason = :reason', { reason });
    return this.cursors.select(request, query, ['id']);
  }

  /** Tries quarantined events again, however old they are by now. What still does not fit stays, with the reason of today. */
  async replay({ ids, type, reason }: QuarantineFilter): Promise<{ stored: number; left: number }> {
    const done = { stored: 0, left: 0 };
    for (let after = '0'; ;) {
      const rows = await this.db.transaction(async (tx) => {
        const rows = await tx.query<{ id: string; event: unknown }[]>(
          `SELECT id, event FROM quarantined_events
           WHERE id > $1 AND event IS NOT NULL AND ($2::bigint[] IS NULL OR id = ANY($2))
             AND ($3::text IS NULL OR type = $3) AND ($4::text IS NULL OR reason = $4)
           ORDER BY id LIMIT ${REPLAYED_AT_ONCE} FOR UPDATE`,
          [after, ids ?? null, type ?? null, reason ?? null],
        );
        const left = await this.replayRows(tx, rows);
        done.left += left;
        done.stored += rows.length - left;
        return rows;
      });
      if (rows.length < REPLAYED_AT_ONCE) return done;
      after = rows.at(-1)!.id;
    }
  }

  /** @returns how many still do not fit */
  private async replayRows(tx: EntityManager, rows: readonly { id: string; event: unknown }[]): Promise<number> {
    const now = this.clock.now();
    const reads = rows.map(({ id, event }) => ({ id, read: readEvent(fromQuarantine(event), now, { anyAge: true }) }));
    const unfit = reads.flatMap(({ id, read }) => ('reason' in read ? { id, ...read } : []));
    const fit = reads.flatMap(({ id, read }) => ('reason' in read ? [] : { id, read }));
    await tx.query(
      `UPDATE quarantined_events q SET reason = now.reason, detail = now.detail
       FROM unnest($1::bigint[], $2::text[], $3::text[]) AS now (id, reason, detail) WHERE q.id = now.id`,
      [unfit.map(({ id }) => id), unfit.map(({ reason }) => reason), unfit.map(({ detail }) => detail)],
    );
    await tx.query('DELETE FROM quarantined_events WHERE id = ANY($1)', [fit.map(({ id }) => id)]);
    if (fit.length > 0) {
      const events = fit.map(({ read }) => read);
      await this.keep(tx, events);
      const days = new Set(events.map(({ row }) => new Date(row.occurred_at).toISOString().slice(0, 10)));
      for (const step of this.lateSteps) await step(tx, [...days]);
    }
    return unfit.length;
  }
}

const countQuarantined = (db: DataSource) =>
  db.query<{ reason: QuarantineReason; count: number }[]>(
    'SELECT reason, count(*)::integer AS count FROM quarantined_events GROUP BY reason',
  );
