import { Injectable } from '@nestjs/common';
import { Outbox } from '@switchboard/bus';
import { WebhookDeliveryCompleted, WebhookDeliveryFailed } from '@switchboard/contracts';
import { DataSource, type EntityManager } from 'typeorm';
import { WebhookAttempt } from './webhook-delivery.entity';
import { type Claimed, type OpenDelivery, RETRY_AFTER_MS, WebhookQueueService } from './webhook-queue.service';
import { WebhooksHealthService } from './webhooks-health.service';

/** Of the time until the next try, so that what failed together does not come back together. */
const JITTER = 0.2;
/** No `Retry-After` and no pause is longer. */
const LONGEST_PAUSE_MS = 24 * 60 * 60_000;
/** What an endpoint answers that has too much to do. */
const BUSY = [429, 502, 503, 504];

/** What came of a request. */
export interface Answer {
  readonly status: number | null;
  readonly error: string | null;
  readonly durationMs: number;
  readonly retryAfterMs?: number | undefined;
  readonly replyHeaders: Record<string, string>;
  readonly reply: string | null;
}

/** What has become of a delivery; `overtaken`: another process has taken it for lost, and sends it. */
export type Settled = 'delivered' | 'failed' | 'gone' | 'exhausted' | 'removed' | 'overtaken';

/** What follows from an answer, or from none: for the delivery, for its endpoint, and for what has waited. */
@Injectable()
export class WebhookOutcomesService {
  constructor(
    private readonly db: DataSource,
    private readonly queue: WebhookQueueService,
    private readonly health: WebhooksHealthService,
    private readonly outbox: Outbox,
  ) {}

  /** Notes what came of a request, decides what follows from it, and has those sent that have waited for its end. */
  settle({ deliveryId, endpointId, attempt, headers }: Claimed, at: Date, answer: Answer): Promise<Settled> {
    return this.db.transaction(async (tx) => {
      const delivery = await this.queue.open(tx, deliveryId);
      if (!delivery) return 'removed';
      const { 'webhook-signature': _, ...requestHeaders } = headers;
      const { status, error, durationMs, replyHeaders, reply } = answer;
      const came = { status, error, durationMs, replyHeaders, reply };
      const row = { deliveryId, number: attempt, at, requestHeaders, ...came };
      await tx.upsert(WebhookAttempt, row, ['deliveryId', 'number']);
      // Another process has taken it for lost, and sends it.
      if (delivery.state !== 'sending' || delivery.attemptCount !== attempt) return 'overtaken';
      const outcome = await this.decide(tx, delivery, answer);
      await this.queue.sendWaiting(tx, endpointId);
      return outcome;
    });
  }

  private async decide(tx: EntityManager, delivery: OpenDelivery, answer: Answer): Promise<Settled> {
    const { id, endpointId, isTest, isReplay, type, retryCount, attemptCount: attempts, failures, outcome } = delivery;
    const { status } = answer;
    const isTaken = status !== null && status >= 200 && status < 300;
    if (isTest || isReplay) {
      // It counts for nothing, but that what had failed has come through after all.
      const result = isTaken ? 'delivered' : (outcome ?? 'failed');
      await this.queue.end(tx, delivery, result, result === 'delivered' ? undefined : 'sent_once');
      return isTaken ? 'delivered' : 'failed';
    }
    const facts = { deliveryId: id, endpointId, eventType: type, attempts };
    if (isTaken) {
      await this.health.succeeded(tx, endpointId);
      await this.queue.end(tx, delivery, 'delivered');
      await this.outbox.add(tx, WebhookDeliveryCompleted({ ...facts, status }));
      return 'delivered';
    }
    await this.health.failed(tx, endpointId, pauseAfter(answer, failures));
    const after = status === 410 ? undefined : RETRY_AFTER_MS[retryCount];
    if (after === undefined) {
      const reason = status === 410 ? 'gone' : 'exhausted';
      await this.queue.end(tx, delivery, 'failed', reason);
      await this.outbox.add(tx, WebhookDeliveryFailed({ ...facts, reason }));
      if (status === 410) await this.health.disable(tx, endpointId, 'gone');
      return reason;
    }
    await tx.query(`UPDATE webhook_deliveries SET retry_count = retry_count + 1 WHERE id = $1`, [id]);
    const jittered = after * (1 + JITTER * (2 * Math.random() - 1));
    await this.queue.sendLater(tx, id, Math.max(jittered, Math.min(answer.retryAfterMs ?? 0, LONGEST_PAUSE_MS)));
    return 'failed';
  }
}

/** How long an endpoint is left alone altogether: as long as it asks for, or ever longer while it shows that it has too much to do. */
function pauseAfter({ status, error, retryAfterMs }: Answer, failures: number): number {
  const isBusy = (status !== null && BUSY.includes(status)) || error === 'timed_out';
  if (!isBusy) return 0;
  return Math.min(retryAfterMs ?? 1000 * 2 ** Math.min(failures, 8), LONGEST_PAUSE_MS);
}
