import { Inject, Injectable } from '@nestjs/common';
import { Clock, defineJob, MEDIA_STORAGE, type MediaStorage, Scheduled, Slot } from '@switchboard/service-kit';
import { DataSource, In, IsNull, LessThan } from 'typeorm';
import { ButtonRow } from '../dialogs/button.entity';
import { Dialog } from '../dialogs/dialog.entity';
import { Delivery } from '../deliveries/delivery.entity';
import { Preview } from '../previews/preview.entity';
import { Media } from '../media/media.entity';
import { InboundMessageRow } from '../contacts/inbound-message.entity';
import { InboundUpdateRow } from '../inbound/inbound-update.entity';
import { Speech } from '../speech/speech.entity';
import { daysAfter, KEPT_DAYS } from '../kept-days';

const ForgetOld = defineJob('forget-old', Slot);

const FILES_AT_ONCE = 200;

/** Forgets what was kept long enough; /privacy tells people how long that is. */
@Injectable()
export class RetentionJobs {
  constructor(
    private readonly db: DataSource,
    private readonly clock: Clock,
    @Inject(MEDIA_STORAGE) private readonly storage: MediaStorage,
  ) {}

  @Scheduled('17 * * * *', ForgetOld, {
    purpose: 'Deletes updates, messages, files, deliveries and buttons that are older than /privacy says.',
    timeoutMs: 30 * 60_000,
  })
  async forgetOld(): Promise<void> {
    const now = this.clock.now();
    const content = LessThan(daysAfter(now, -KEPT_DAYS.content));
    await this.forgetFiles(daysAfter(now, -KEPT_DAYS.content));
    await this.db.manager.delete(InboundUpdateRow, {
      receivedAt: LessThan(daysAfter(now, -KEPT_DAYS.updates)),
      failure: IsNull(),
    });
    await this.db.manager.delete(InboundUpdateRow, { receivedAt: LessThan(daysAfter(now, -KEPT_DAYS.quarantined)) });
    await this.db.manager.delete(InboundMessageRow, { receivedAt: content });
    await this.db.manager.delete(Delivery, { finishedAt: content });
    await this.db.manager.delete(Preview, { startedAt: content });
    await this.db.manager.delete(Speech, { requestedAt: content });
    await this.db.manager.delete(ButtonRow, { expiresAt: LessThan(now) });
    await this.db.manager.delete(Dialog, { updatedAt: content });
  }

  private async forgetFiles(before: Date): Promise<void> {
    for (;;) {
      const old = await this.db.manager.find(Media, { where: { receivedAt: LessThan(before) }, take: FILES_AT_ONCE });
      if (old.length === 0) return;
      for (const { storageKey } of old) if (storageKey) await this.storage.delete(storageKey);
      await this.db.manager.delete(Media, { id: In(old.map(({ id }) => id)) });
    }
  }
}
