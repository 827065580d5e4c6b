import { Inject, Injectable, type OnModuleDestroy } from '@nestjs/common';
import { Clock, LOG, type Log, OutboundError, persistently } from '@switchboard/service-kit';
import type { IncomingHttpHeaders } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { WebhookEndpointsService } from './webhook-endpoints.service';
import { type Answer, WebhookOutcomesService } from './webhook-outcomes.service';
import { type Claimed, REQUEST_MS, WebhookQueueService } from './webhook-queue.service';
import { WebhooksMetrics } from './webhooks.metrics';

/** What is read of an answer; of that, this much is kept. Bytes. */
const ANSWER_BYTES = 64 * 1024;
const KEPT_BYTES = 2048;
/** Others may hold what is nobody's business, such as cookies. */
const KEPT_HEADERS = ['content-type', 'date', 'location', 'retry-after', 'server', 'x-request-id'];

/** Requests of this process at a time; and those to endpoints that have failed, so that there is always room for the others. */
const MOST_REQUESTS = 256;
const MOST_TROUBLED = 192;
const NO_ROOM_AGAIN_MS = 5000;

/** How long a process that stops waits for answers. What is not here by then is sent again by another one. */
const STOP_WITHIN_MS = 10_000;

/** Sends what was claimed and waits for the answers, beside the jobs: an endpoint that is slow keeps no worker from anything else. */
@Injectable()
export class WebhookSender implements OnModuleDestroy {
  private readonly requests = new Set<Promise<void>>();
  private troubled = 0;
  private readonly stopping = new AbortController();

  constructor(
    private readonly queue: WebhookQueueService,
    private readonly outcomes: WebhookOutcomesService,
    private readonly endpoints: WebhookEndpointsService,
    private readonly metrics: WebhooksMetrics,
    private readonly clock: Clock,
    @Inject(LOG) private readonly log: Log,
  ) {}

  /** Begins to send. Resolves without an answer. */
  async send(claimed: Claimed): Promise<void> {
    const isFull = this.requests.size >= MOST_REQUESTS || (claimed.isTroubled && this.troubled >= MOST_TROUBLED);
    if (isFull) return this.queue.release(claimed, NO_ROOM_AGAIN_MS);
    if (claimed.isTroubled) this.troubled++;
    const request = this.sendAndSettle(claimed).finally(() => {
      this.requests.delete(request);
      if (claimed.isTroubled) this.troubled--;
    });
    this.requests.add(request);
  }

  async onModuleDestroy(): Promise<void> {
    const all = Promise.all(this.requests);
    await Promise.race([all, sleep(STOP_WITHIN_MS, undefined, { ref: false })]);
    this.stopping.abort(new Error('the service stops'));
    await Promise.all(this.requests);
  }

  private async sendAndSettle(claimed: Claimed): Promise<void> {
    const { deliveryId, endpointId } = claimed;
    try {
      const at = this.clock.now();
      const answer = await this.ask(claimed);
      const outcome = await persistently(() => this.outcomes.settle(claimed, at, answer));
      this.metrics.note(outcome, answer);
      if (outcome !== 'delivered')
        this.log.info(
          { delivery: deliveryId, endpoint: endpointId, status: answer.status, error: answer.error, outcome },
          'a webhook was not taken',
        );
    } catch (error) {
      if (this.stopping.signal.aborted) return;
      // It is sent again once its time is up.
      this.log.error({ err: error, delivery: deliveryId }, 'what came of a webhook could not be noted');
    }
  }

  /** @throws only when the process stops */
  private async ask({ url, headers, body }: Claimed): Promise<Answer> {
    const began = performance.now();
    const took = () => Math.round(performance.now() - began);
    const limits = { timeoutMs: REQUEST_MS, maxBytes: ANSWER_BYTES, signal: this.stopping.signal };
    try {
      const answer = await this.endpoints.guard.request(url, { method: 'POST', headers, body, ...limits });
      return {
        status: answer.status,
        error: null,
        durationMs: took(),
        retryAfterMs: retryAfter(answer.headers['retry-after'], this.clock.now()),
        replyHeaders: kept(answer.headers),
        reply: asText(answer.body.subarray(0, KEPT_BYTES)),
      };
    } catch (error) {
      if (!(error instanceof OutboundError)) throw error;
      return { status: null, error: error.reason, durationMs: took(), replyHeaders: {}, reply: null };
    }
  }
}

/** Seconds, or a date. Source: RFC 9110 §10.2.3. */
function retryAfter(header: string | undefined, now: Date): number | undefined {
  if (header === undefined) return undefined;
  const ms = /^\d{1,9}$/.test(header) ? Number(header) * 1000 : Date.parse(header) - now.getTime();
  return ms > 0 ? ms : undefined;
}

const kept = (headers: IncomingHttpHeaders) =>
  Object.fromEntries(
    KEPT_HEADERS.flatMap((name) => (headers[name] === undefined ? [] : [[name, String(headers[name]).slice(0, 200)]])),
  );

/** As Postgres takes it. */
const asText = (bytes: Buffer) => bytes.toString('utf8').replaceAll('\0', '\ufffd');
