import { Injectable } from '@nestjs/common';
import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import { DataSource } from 'typeorm';
import type { Answer } from './webhook-outcomes.service';

/** How many webhooks are sent, how long answers take, what waits, and how endpoints are. */
@Injectable()
export class WebhooksMetrics {
  private readonly attempts: Counter<'outcome'>;
  private readonly seconds: Histogram<'answer'>;

  constructor(db: DataSource, registry: Registry) {
    const registers = [registry];
    this.attempts = new Counter({
      name: 'webhook_attempts_total',
      help: 'Requests to webhook endpoints by what came of them: delivered, failed (tried again), exhausted, gone, overtaken, removed.',
      labelNames: ['outcome'],
      registers,
    });
    this.seconds = new Histogram({
      name: 'webhook_attempt_duration_seconds',
      help: 'Requests to webhook endpoints: how long they took, by the class of the status or why there was none.',
      labelNames: ['answer'],
      buckets: [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20],
      registers,
    });
    // Read from the database: every process tells the same.
    new Gauge({
      name: 'webhook_overdue_seconds',
      help: 'For how long the webhook that should have been sent first is due.',
      registers,
      async collect() {
        const rows = await db
          .query<{ overdue: number }[]>(
            `SELECT coalesce(greatest(0, extract(epoch FROM now() - min(due_at))), 0)::float8 AS overdue
             FROM webhook_deliveries WHERE due_at IS NOT NULL`,
          )
          .catch(() => undefined);
        if (rows) this.set(rows[0]!.overdue);
        else this.remove();
      },
    });
    new Gauge({
      name: 'webhook_waiting_seconds',
      help: 'How old the oldest webhook is that waits for its turn at its endpoint. Not counted: endpoints that have failed for a day, and what is behind one of its subject that is tried again later.',
      registers,
      async collect() {
        const rows = await db
          .query<{ waiting: number }[]>(
            `SELECT coalesce(greatest(0, extract(epoch FROM now() - min(oldest.created_at))), 0)::float8 AS waiting
             FROM webhook_endpoints e JOIN webhook_health h ON h.endpoint_id = e.id, LATERAL (
               SELECT created_at FROM webhook_deliveries w
               WHERE endpoint_id = e.id AND state = 'waiting' AND NOT is_behind AND NOT is_replay AND NOT is_test
               ORDER BY id LIMIT 1) oldest
             WHERE h.failing_since IS NULL OR h.failing_since > now() - interval '24 hours'`,
          )
          .catch(() => undefined);
        if (rows) this.set(rows[0]!.waiting);
        else this.remove();
      },
    });
    new Gauge({
      name: 'webhook_endpoints',
      help: 'Webhook endpoints: enabled and answering, failing for so many hours, disabled for a reason.',
      labelNames: ['state'],
      registers,
      async collect() {
        const rows = await db
          .query<{ state: string; count: number }[]>(
            `SELECT CASE WHEN state = 'disabled' THEN 'disabled_' || disabled_reason
               WHEN failing_since < now() - interval '72 hours' THEN 'failing_72h'
               WHEN failing_since < now() - interval '24 hours' THEN 'failing_24h' ELSE 'enabled' END AS state, count(*)::int AS count
             FROM webhook_endpoints JOIN webhook_health ON endpoint_id = id GROUP BY 1`,
          )
          .catch(() => undefined);
        this.reset();
        for (const { state, count } of rows ?? []) this.set({ state }, count);
      },
    });
  }

  note(outcome: string, { status, error, durationMs }: Answer): void {
    this.attempts.inc({ outcome });
    this.seconds.observe({ answer: status === null ? error! : `${Math.floor(status / 100)}xx` }, durationMs / 1000);
  }
}
