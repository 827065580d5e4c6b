import { Injectable } from '@nestjs/common';
import { Outbox } from '@switchboard/bus';
import { WebhookDeliveryFailed } from '@switchboard/contracts';
import { Clock, defineJob, Jobs } from '@switchboard/service-kit';
import { DataSource, type EntityManager } from 'typeorm';
import { z } from 'zod';
import { firstIdOf, WebhookAttempt, type WebhookDelivery } from './webhook-delivery.entity';
import type { WebhookEndpoint } from './webhook-endpoint.entity';
import { WebhookSecretsService } from './webhook-secrets.service';
import { WebhooksHealthService } from './webhooks-health.service';

/** Begins a request, and is done: the answer is not waited for by a worker. Run by WebhooksJobs. */
export const DeliverWebhook = defineJob('deliver-webhook', z.object({ deliveryId: z.uuid() }));

/** Requests to one endpoint at a time, in the whole installation. */
const CONCURRENCY = 4;
/** Twenty a second to one endpoint, ten of them at once: what is due in less than a second is found once a second only. */
const SLOT_MS = 50;
const BURST_MS = 500;
/** For one request with its answer. Standard Webhooks: 15 to 30 s. */
export const REQUEST_MS = 20_000;
/** Then whoever sends has been killed, and another one sends again. */
const TAKEN_OVER_AFTER_MS = REQUEST_MS + 10_000;
/** Tries of the job itself, which fails only with the database. */
const JOB_TRIES = 25;

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
/** After each failure, about 75 hours in all. Source: Standard Webhooks, "Deliverability and reliability". */
export const RETRY_AFTER_MS = [
  ...[5000, 5 * MINUTE_MS, 30 * MINUTE_MS],
  ...[2, 5, 10, 14, 20, 24].map((hours) => hours * HOUR_MS),
];

const keyOf = (deliveryId: string) => `webhook:${deliveryId}`;

/** A delivery that this process has taken upon itself to send. */
export interface Claimed {
  readonly deliveryId: string;
  readonly endpointId: string;
  readonly url: string;
  readonly body: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Of the delivery; nobody else sends under this number. */
  readonly attempt: number;
  readonly isTroubled: boolean;
}

/** A delivery with all that decides about it, while its endpoint is locked. */
export interface OpenDelivery {
  readonly id: string;
  readonly endpointId: string;
  readonly type: string;
  readonly state: WebhookDelivery['state'];
  readonly outcome: WebhookDelivery['outcome'];
  readonly url: string;
  readonly ordered: boolean;
  readonly endpointState: WebhookEndpoint['state'];
  readonly body: string;
  readonly subject: string;
  readonly sequence: string;
  readonly isTest: boolean;
  readonly isReplay: boolean;
  readonly retryCount: number;
  readonly attemptCount: number;
  readonly failures: number;
  /** Milliseconds. */
  readonly sendsFor: number | null;
  readonly pausesFor: number;
}

/**
 * The way of deliveries from row to row. All that concerns one endpoint happens while its row of `webhook_health` is locked: so it
 * gets no more requests than it may, however many processes there are, and none is forgotten between two of them.
 */
@Injectable()
export class WebhookQueueService {
  constructor(
    private readonly db: DataSource,
    private readonly jobs: Jobs,
    private readonly secrets: WebhookSecretsService,
    private readonly health: WebhooksHealthService,
    private readonly outbox: Outbox,
    private readonly clock: Clock,
  ) {}

  /** Has deliveries of a locked endpoint sent, each at the next free slot. One far away is of a clock that was ahead. */
  async schedule(tx: EntityManager, endpointId: string, deliveryIds: readonly string[]): Promise<undefined> {
    if (deliveryIds.length === 0) return;
    const [[{ slotMs, pauseMs }]] = (await tx.query(
      `UPDATE webhook_health SET next_slot_at = $2 * interval '1 millisecond' + greatest(now(), not_before,
         least(coalesce(next_slot_at, now()), greatest(now(), not_before) + interval '1 minute'))
       WHERE endpoint_id = $1
       RETURNING extract(epoch FROM next_slot_at - now())::float8 * 1000 - $2 AS "slotMs",
         coalesce(extract(epoch FROM not_before - now())::float8 * 1000, 0) AS "pauseMs"`,
      [endpointId, deliveryIds.length * SLOT_MS],
    )) as [[{ slotMs: number; pauseMs: number }], number];
    for (const [i, deliveryId] of deliveryIds.entries())
      await this.sendLater(tx, deliveryId, Math.max(0, pauseMs, slotMs + i * SLOT_MS - BURST_MS));
  }

  /** Whatever its endpoint has to do meanwhile. */
  async sendLater(tx: EntityManager, deliveryId: string, delayMs: number): Promise<void> {
    await tx.query(
      `UPDATE webhook_deliveries SET state = 'scheduled', is_behind = false, sending_until = NULL,
         due_at = now() + $2 * interval '1 millisecond' WHERE id = $1`,
      [deliveryId, delayMs],
    );
    await this.addJob(tx, deliveryId, delayMs);
  }

  /**
   * Has those sent of a locked endpoint that wait, as many as there is room for; the end of each makes room for the next. Those behind
   * others of their subject come when these have ended. What is sent once more comes last.
   */
  async sendWaiting(tx: EntityManager, endpointId: string): Promise<void> {
    const rows = await tx.query<{ id: string }[]>(
      `SELECT id FROM webhook_deliveries WHERE endpoint_id = $1 AND state = 'waiting' AND NOT is_behind
       ORDER BY is_replay, id
       LIMIT greatest(0, $2
         - (SELECT count(*) FROM webhook_deliveries WHERE endpoint_id = $1 AND state = 'sending' AND sending_until > now())
         - (SELECT count(*) FROM (
              SELECT FROM webhook_deliveries WHERE endpoint_id = $1 AND due_at < now() + interval '1 second' LIMIT $2) soon))`,
      [endpointId, CONCURRENCY],
    );
    await this.schedule(
      tx,
      endpointId,
      rows.map(({ id }) => id),
    );
  }

  /** The first open ones of these subjects are behind no other any more. */
  async moveUp(tx: EntityManager, endpointId: string, subjects: readonly string[]): Promise<void> {
    await tx.query(
      `UPDATE webhook_deliveries SET is_behind = false WHERE is_behind AND id IN (
         SELECT first.id FROM unnest($2::text[]) AS one, LATERAL (
           SELECT id FROM webhook_deliveries WHERE endpoint_id = $1 AND subject = one AND state <> 'ended'
             AND NOT is_test AND NOT is_replay ORDER BY sequence LIMIT 1) first)`,
      [endpointId, subjects],
    );
  }

  /** From now on order counts at a locked endpoint, or does not. */
  async reorder(tx: EntityManager, endpointId: string, ordered: boolean): Promise<void> {
    await tx.query(
      `UPDATE webhook_deliveries w SET is_behind = $2 AND EXISTS (
         SELECT FROM webhook_deliveries WHERE endpoint_id = $1 AND subject = w.subject AND sequence < w.sequence AND state <> 'ended'
           AND NOT is_test AND NOT is_replay)
       WHERE endpoint_id = $1 AND state = 'waiting' AND NOT is_test AND NOT is_replay`,
      [endpointId, ordered],
    );
    await this.sendWaiting(tx, endpointId);
  }

  /**
   * Takes a delivery to send it, unless its turn has not come. From now on a job waits that sends it again, should this process be
   * killed.
   */
  claim(deliveryId: string): Promise<Claimed | undefined> {
    return this.db.transaction(async (tx) => {
      const delivery = await this.open(tx, deliveryId);
      if (!delivery || delivery.state === 'ended') return undefined;
      const { endpointId, isTest, isReplay, attemptCount } = delivery;
      const isOnce = isTest || isReplay;
      if (delivery.endpointState === 'disabled' && !isOnce)
        return this.end(tx, delivery, 'cancelled', 'endpoint_disabled');
      if (delivery.state === 'sending') {
        if (delivery.sendsFor! > 0) return this.addJob(tx, deliveryId, delivery.sendsFor!);
        if (await this.giveUpInterrupted(tx, delivery)) return undefined;
      }
      // Somebody waits to see what comes of a test.
      if (delivery.pausesFor > 0 && !isTest) return this.schedule(tx, endpointId, [deliveryId]);
      const { mustWait, isBehind } = await this.turnOf(tx, delivery);
      if (mustWait) {
        await tx.query(
          `UPDATE webhook_deliveries SET state = 'waiting', is_behind = $2, due_at = NULL, sending_until = NULL WHERE id = $1`,
          [deliveryId, isBehind],
        );
        return undefined;
      }
      await tx.query(
        `UPDATE webhook_deliveries SET state = 'sending', is_behind = false, due_at = NULL, attempt_count = attempt_count + 1,
           sending_until = now() + $2 * interval '1 millisecond' WHERE id = $1`,
        [deliveryId, TAKEN_OVER_AFTER_MS],
      );
      await this.addJob(tx, deliveryId, TAKEN_OVER_AFTER_MS);
      const timestamp = Math.floor(this.clock.now().getTime() / 1000);
      const signature = await this.secrets.sign(tx, endpointId, { id: deliveryId, timestamp, body: delivery.body });
      return {
        ...{ deliveryId, endpointId, url: delivery.url, body: delivery.body },
        attempt: attemptCount + 1,
        isTroubled: delivery.failures > 0,
        headers: {
          'content-type': 'application/json',
          'user-agent': 'Switchboard-Webhooks/1',
          'webhook-id': deliveryId,
          'webhook-timestamp': String(timestamp),
          'webhook-signature': signature,
          ...(isOnce && { 'webhook-test': 'true' }),
        },
      };
    });
  }

  /** Gives a claimed delivery back that this process has no room for. */
  async release({ deliveryId, attempt }: Claimed, delayMs: number): Promise<void> {
    await this.db.transaction(async (tx) => {
      const [, released] = await tx.query<[unknown, number]>(
        `UPDATE webhook_deliveries SET state = 'scheduled', attempt_count = attempt_count - 1, sending_until = NULL, due_at = now()
         WHERE id = $1 AND state = 'sending' AND attempt_count = $2`,
        [deliveryId, attempt],
      );
      if (released > 0) await this.sendLater(tx, deliveryId, delayMs);
    });
  }

  /** Has those sent that wait although there is room, as after the last process that sent to their endpoint was killed for good. */
  async sendForgotten(): Promise<number> {
    const endpoints = await this.db.query<{ id: string }[]>(
      `SELECT id FROM webhook_endpoints e WHERE EXISTS (
         SELECT FROM webhook_deliveries WHERE endpoint_id = e.id AND state = 'waiting')`,
    );
    for (const { id } of endpoints) await this.sendWaitingOf(id);
    return this.addLostJobs();
  }

  private async sendWaitingOf(endpointId: string): Promise<void> {
    await this.db.transaction(async (tx) => {
      await this.health.lock(tx, endpointId);
      await this.sendWaiting(tx, endpointId);
    });
  }

  /**
   * Gives up what was to be sent first before a time, and has not been: its endpoint takes less than there is for it.
   * @param limit so many at a time. @returns how many
   */
  async expireBefore(time: Date, limit = 500): Promise<number> {
    const expired = await this.db.query<{ id: string }[]>(
      `SELECT id FROM webhook_deliveries
       WHERE id < $1 AND state IN ('waiting', 'scheduled') AND NOT is_test AND NOT is_replay ORDER BY id LIMIT $2`,
      [firstIdOf(time), limit],
    );
    const endpoints = new Set<string>();
    for (const { id } of expired) {
      await this.db.transaction(async (tx) => {
        const delivery = await this.open(tx, id);
        // Its turn has come after all.
        if (!delivery || !['waiting', 'scheduled'].includes(delivery.state)) return;
        endpoints.add(delivery.endpointId);
        const { endpointId, type, attemptCount: attempts } = delivery;
        await this.end(tx, delivery, 'failed', 'expired');
        const facts = { deliveryId: id, endpointId, eventType: type, attempts };
        await this.outbox.add(tx, WebhookDeliveryFailed({ ...facts, reason: 'expired' }));
      });
    }
    // Not before all of them have ended: the end of one would let the next be sent, which is as old.
    for (const id of endpoints) await this.sendWaitingOf(id);
    return expired.length;
  }

  /** Locks the endpoint of a delivery, and reads both. */
  async open(tx: EntityManager, deliveryId: string): Promise<OpenDelivery | undefined> {
    await tx.query(
      `SELECT FROM webhook_health WHERE endpoint_id = (SELECT endpoint_id FROM webhook_deliveries WHERE id = $1) FOR UPDATE`,
      [deliveryId],
    );
    const [delivery] = await tx.query<OpenDelivery[]>(
      `SELECT d.id, d.endpoint_id AS "endpointId", d.type, d.state, d.outcome, d.body, d.subject, d.sequence, d.is_test AS "isTest",
         d.is_replay AS "isReplay", d.retry_count AS "retryCount", d.attempt_count AS "attemptCount", e.url, e.ordered, e.state AS "endpointState", h.failures,
         extract(epoch FROM d.sending_until - now())::float8 * 1000 AS "sendsFor",
         coalesce(extract(epoch FROM h.not_before - now())::float8 * 1000, 0) AS "pausesFor"
       FROM webhook_deliveries d JOIN webhook_endpoints e ON e.id = d.endpoint_id JOIN webhook_health h ON h.endpoint_id = e.id
       WHERE d.id = $1`,
      [deliveryId],
    );
    return delivery;
  }

  /**
   * Whoever sent it was killed, and what came of it is not known. It counts as a failure: otherwise what kills every process that sends
   * it would be sent for ever. @returns whether that was the last one
   */
  private async giveUpInterrupted(tx: EntityManager, delivery: OpenDelivery): Promise<boolean> {
    const { id, endpointId, type, retryCount, attemptCount: attempts, isTest, isReplay } = delivery;
    const unknown = { durationMs: 0, error: 'interrupted', requestHeaders: {}, replyHeaders: {} };
    const row = { deliveryId: id, number: attempts, at: this.clock.now(), ...unknown };
    await tx.createQueryBuilder().insert().into(WebhookAttempt).values(row).orIgnore().execute();
    if (retryCount < RETRY_AFTER_MS.length) {
      await tx.query('UPDATE webhook_deliveries SET retry_count = retry_count + 1 WHERE id = $1', [id]);
      return false;
    }
    await this.end(tx, delivery, delivery.outcome ?? 'failed', 'exhausted');
    const facts = { deliveryId: id, endpointId, eventType: type, attempts };
    if (!isTest && !isReplay) await this.outbox.add(tx, WebhookDeliveryFailed({ ...facts, reason: 'exhausted' }));
    await this.sendWaiting(tx, endpointId);
    return true;
  }

  /** Whether it has to wait for others: of its endpoint, or of its subject where these keep their order. */
  private async turnOf(tx: EntityManager, { id, endpointId, ordered, subject, sequence, ...delivery }: OpenDelivery) {
    const [{ sending, earlier }] = (await tx.query(
      `SELECT (SELECT count(*)::int FROM webhook_deliveries
           WHERE endpoint_id = $1 AND state = 'sending' AND sending_until > now() AND id <> $2) AS sending,
         EXISTS (SELECT FROM webhook_deliveries WHERE endpoint_id = $1 AND subject = $3 AND sequence < $4 AND state <> 'ended'
           AND NOT is_test AND NOT is_replay) AS earlier`,
      [endpointId, id, subject, sequence],
    )) as [{ sending: number; earlier: boolean }];
    const isBehind = ordered && earlier && !delivery.isTest && !delivery.isReplay;
    return { mustWait: isBehind || sending >= CONCURRENCY, isBehind };
  }

  /**
   * In place of the one that waits already. In no queue of its endpoint: the row that is locked does the same, and graphile-worker
   * looks for the next job of a queue once a second only.
   */
  private async addJob(tx: EntityManager, deliveryId: string, delayMs: number): Promise<undefined> {
    await this.jobs.add(
      tx,
      DeliverWebhook,
      { deliveryId },
      { key: keyOf(deliveryId), delayMs, maxAttempts: JOB_TRIES },
    );
    return undefined;
  }

  async end(
    tx: EntityManager,
    { id, endpointId, subject, ordered }: OpenDelivery,
    outcome: NonNullable<WebhookDelivery['outcome']>,
    reason?: string,
  ): Promise<undefined> {
    await tx.query(
      `UPDATE webhook_deliveries SET state = 'ended', is_replay = false, is_behind = false, outcome = $2, reason = $3,
         due_at = NULL, sending_until = NULL, ended_at = $4 WHERE id = $1`,
      [id, outcome, reason ?? null, this.clock.now()],
    );
    if (ordered) await this.moveUp(tx, endpointId, [subject]);
    await this.jobs.remove(tx, keyOf(id));
    return undefined;
  }

  /** The last try of a job may die with its process. */
  private async addLostJobs(): Promise<number> {
    // Both by one snapshot: a job that has just ended would be taken for lost.
    return this.db.transaction('REPEATABLE READ', async (tx) => {
      const overdue = await tx.query<{ id: string }[]>(
        `SELECT id FROM webhook_deliveries WHERE due_at < now() - interval '1 minute'
         UNION ALL SELECT id FROM webhook_deliveries WHERE state = 'sending' AND sending_until < now() - interval '1 minute'
         LIMIT 1000`,
      );
      const alive = await this.jobs.alive(
        tx,
        overdue.map(({ id }) => keyOf(id)),
      );
      const lost = overdue.filter(({ id }) => !alive.has(keyOf(id)));
      for (const { id } of lost) await this.addJob(tx, id, 0);
      return lost.length;
    });
  }
}
