import { Injectable } from '@nestjs/common';
import { Clock, defineJob, type JobRun, type PayloadOf, Scheduled, Slot } from '@switchboard/service-kit';
import { DataSource, IsNull, LessThan } from 'typeorm';
import { ButtonRow } from '../dialogs/button.entity';
import { Dialog } from '../dialogs/dialog.entity';
import { Delivery } from '../deliveries/delivery.entity';
import { Preview } from '../previews/preview.entity';
import { MediaJobs } from '../media/media.jobs';
import { InboundMessageRow } from '../contacts/inbound-message.entity';
import { InboundUpdateRow } from '../inbound/inbound-update.entity';
import { Speech } from '../speech/speech.entity';
import { daysAfter, KEPT_DAYS } from '../kept-days';

const ForgetOld = defineJob('forget-old', Slot);

const HOUR_MS = 3_600_000;

/** Forgets what was kept long enough; /privacy tells people how long that is. */
@Injectable()
export class RetentionJobs {
  constructor(
    private readonly db: DataSource,
    private readonly clock: Clock,
    private readonly media: MediaJobs,
  ) {}

  @Scheduled('17 * * * *', ForgetOld, {
    purpose: 'Deletes updates, messages, files, deliveries and buttons that are older than /privacy says.',
    timeoutMs: 30 * 60_000,
  })
  run(_slot: PayloadOf<typeof ForgetOld>, { signal }: JobRun): Promise<void> {
    return this.forgetOld(signal);
  }

  /** Each step by itself: one that fails keeps none of the others from being done. Throws an AggregateError. */
  async forgetOld(signal?: AbortSignal): Promise<void> {
    const { manager } = this.db;
    const now = this.clock.now();
    const before = (days: number) => LessThan(daysAfter(now, -days));
    const content = before(KEPT_DAYS.content);
    const steps: (() => Promise<unknown>)[] = [
      () => manager.delete(InboundUpdateRow, { receivedAt: before(KEPT_DAYS.updates), failure: IsNull(), held: false }),
      () => manager.delete(InboundUpdateRow, { receivedAt: before(KEPT_DAYS.quarantined) }),
      () => manager.delete(InboundMessageRow, { receivedAt: content }),
      () => manager.delete(Delivery, { finishedAt: content }),
      () => manager.delete(Preview, { startedAt: content }),
      () => manager.delete(Speech, { requestedAt: content }),
      () => manager.delete(ButtonRow, { expiresAt: LessThan(now) }),
      () => manager.delete(Dialog, { updatedAt: content }),
      () => manager.query('DELETE FROM connection_attempts WHERE expires_at < $1', [daysAfter(now, -1)]),
      () =>
        manager.query(`DELETE FROM channel_connections WHERE state = 'disconnected' AND obtained_at < $1`, [
          daysAfter(now, -KEPT_DAYS.connections),
        ]),
      () => manager.query('DELETE FROM comment_replies WHERE noticed_at < $1', [daysAfter(now, -KEPT_DAYS.content)]),
      () => manager.query('DELETE FROM turned_away WHERE told_at < $1', [new Date(now.getTime() - HOUR_MS)]),
      () => manager.query('DELETE FROM restricted_people WHERE until < $1', [new Date(now.getTime() - HOUR_MS)]),
      () => manager.query('DELETE FROM recent_erasures WHERE erased_at < $1', [daysAfter(now, -KEPT_DAYS.erasures)]),
      () =>
        manager.query(
          `DELETE FROM broadcast_recipients r USING broadcasts b WHERE b.id = r.broadcast_id AND b.results IS NOT NULL AND b.ended_at < $1`,
          [daysAfter(now, -KEPT_DAYS.content)],
        ),
      () => this.forgetFiles(daysAfter(now, -KEPT_DAYS.content), signal),
    ];
    const errors: unknown[] = [];
    for (const step of steps) {
      signal?.throwIfAborted();
      await step().catch((error: unknown) => errors.push(error));
    }
    if (errors.length > 0) throw new AggregateError(errors, `${errors.length} of ${steps.length} steps have failed`);
  }

  private async forgetFiles(time: Date, signal?: AbortSignal): Promise<void> {
    while (await this.db.transaction((tx) => this.media.forgetBefore(tx, time))) signal?.throwIfAborted();
  }
}
