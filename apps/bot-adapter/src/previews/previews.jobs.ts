import { Injectable } from '@nestjs/common';
import { Clock, defineJob, Jobs, type PayloadOf, Runs, Scheduled, Slot } from '@switchboard/service-kit';
import { DataSource, type EntityManager } from 'typeorm';
import { z } from 'zod';
import { Rejected, Unreachable } from '../channels/channel-errors';
import { ChannelsService } from '../channels/channels.service';
import { Chat } from '../contacts/chat.entity';
import { PreviewsRepository } from './previews.repository';

/** Deletes the message that showed an answer which never came, or which was sent as another message. */
export const DeletePreview = defineJob('delete-preview', z.object({ replyId: z.uuid() }));

const DeleteLeftOver = defineJob('delete-left-over-previews', Slot);

/** Nobody writes an answer for so long. */
const LEFT_OVER_AFTER_MS = 3_600_000;

@Injectable()
export class PreviewsJobs {
  constructor(
    private readonly db: DataSource,
    private readonly jobs: Jobs,
    private readonly channels: ChannelsService,
    private readonly repository: PreviewsRepository,
    private readonly clock: Clock,
  ) {}

  async deleteLater(tx: EntityManager, replyId: string): Promise<void> {
    await this.jobs.add(tx, DeletePreview, { replyId }, { key: `delete-preview:${replyId}` });
  }

  @Runs(DeletePreview)
  async delete({ replyId }: PayloadOf<typeof DeletePreview>): Promise<void> {
    const preview = await this.repository.find(replyId);
    if (preview?.state !== 'dropped' || preview.externalMessageId === null) return;
    const chat = await this.db.manager.findOneBy(Chat, { id: preview.chatId });
    const channel = chat && this.channels.find(chat.botId);
    // In a chat that has moved the message is somewhere else, under another id.
    if (channel && chat.externalHash === preview.externalChatHash) {
      const address = await this.repository.addressOf(chat, undefined);
      await channel.deleteMessage(address, preview.externalMessageId).catch((error: unknown) => {
        // Deleted by somebody else, too old, or where the bot may no longer be.
        if (!(error instanceof Rejected || error instanceof Unreachable)) throw error;
      });
    }
    await this.repository.deleted(replyId);
  }

  @Scheduled('*/15 * * * *', DeleteLeftOver, {
    purpose: 'Deletes what is still shown of answers that nobody has finished.',
    timeoutMs: 5 * 60_000,
  })
  async deleteLeftOver(): Promise<void> {
    const before = new Date(this.clock.now().getTime() - LEFT_OVER_AFTER_MS);
    for (const replyId of await this.repository.leftOver(before)) {
      await this.db.transaction(async (tx) => {
        await this.repository.drop(tx, { replyId });
        await this.deleteLater(tx, replyId);
      });
    }
  }
}
