import { Injectable } from '@nestjs/common';
import { defineJob, Jobs, type PayloadOf, Runs } from '@switchboard/service-kit';
import { DataSource, type EntityManager } from 'typeorm';
import { z } from 'zod';
import { Rejected, Unreachable } from '../channels/channel-errors';
import { ChannelsService } from '../channels/channels.service';
import { Chat } from '../contacts/chat.entity';
import { PreviewsRepository } from './previews.repository';

/** Deletes the message that showed an answer which never came, or which was sent as another message. */
export const DeletePreview = defineJob('delete-preview', z.object({ replyId: z.uuid() }));

@Injectable()
export class PreviewsJobs {
  constructor(
    private readonly db: DataSource,
    private readonly jobs: Jobs,
    private readonly channels: ChannelsService,
    private readonly repository: PreviewsRepository,
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
    await channel
      ?.deleteMessage({ externalId: preview.externalChatId }, preview.externalMessageId)
      .catch((error: unknown) => {
        // Deleted by somebody else, too old, or where the bot may no longer be.
        if (!(error instanceof Rejected || error instanceof Unreachable)) throw error;
      });
    await this.repository.deleted(replyId);
  }
}
