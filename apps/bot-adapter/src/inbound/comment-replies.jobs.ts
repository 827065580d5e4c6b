import { Inject, Injectable } from '@nestjs/common';
import type { Bot } from '@switchboard/contracts';
import {
  BlindIndex,
  Clock,
  defineJob,
  FieldCipher,
  Jobs,
  LOG,
  type Log,
  type PayloadOf,
  Runs,
} from '@switchboard/service-kit';
import { DataSource, type EntityManager } from 'typeorm';
import { z } from 'zod';
import type { Channel, InboundComment } from '../channels/channel';
import { ChannelBusy, Rejected, Unreachable, WindowClosed } from '../channels/channel-errors';
import { ChannelsService } from '../channels/channels.service';
import { ContactsService } from '../contacts/contacts.service';

/** Answers whoever has written a comment in private. */
export const ReplyToComment = defineJob(
  'reply-to-comment',
  z.object({
    botId: z.string(),
    comment: z.string().describe('Encrypted.'),
    hash: z.string().describe('Keyed, of its id.'),
    until: z.iso.datetime(),
  }),
);

const COMMENT = 'reply-to-comment.comment';
const HOUR_MS = 3_600_000;
/** So long the job waits for the hour that has room. */
const FULL_FOR_MS = 600_000;

/** Private answers to comments: one each, whatever is brought how often, and no more in an hour than the channel takes. */
@Injectable()
export class CommentRepliesJobs {
  constructor(
    private readonly db: DataSource,
    private readonly jobs: Jobs,
    private readonly channels: ChannelsService,
    private readonly contacts: ContactsService,
    private readonly index: BlindIndex,
    private readonly cipher: FieldCipher,
    private readonly clock: Clock,
    @Inject(LOG) private readonly log: Log,
  ) {}

  async received(tx: EntityManager, bot: Bot, { comments }: Channel, comment: InboundComment): Promise<void> {
    if (!comments?.isWanted(comment) || this.contacts.access(bot, comment.from) !== 'allowed') return;
    const hash = this.index.hash('comment', bot.channel.kind, comment.commentId);
    const noticed = await tx.query<unknown[]>(
      `INSERT INTO comment_replies (bot_id, comment_hash, noticed_at) VALUES ($1, $2, $3)
       ON CONFLICT DO NOTHING RETURNING 1`,
      [bot.id, hash, this.clock.now()],
    );
    if (noticed.length === 0) return;
    const until = new Date(comment.sentAt.getTime() + comments.withinMs).toISOString();
    await this.add(tx, {
      botId: bot.id,
      comment: this.cipher.encrypt(comment.commentId, COMMENT, bot.id),
      hash,
      until,
    });
  }

  @Runs(ReplyToComment)
  async reply(payload: PayloadOf<typeof ReplyToComment>): Promise<void> {
    const { botId, comment, hash, until } = payload;
    const { comments } = this.channels.get(botId);
    const now = this.clock.now();
    // The rule was taken away meanwhile, or it took us too long.
    if (!comments || new Date(until) <= now) return;
    const [{ count }] = await this.db.query<[{ count: number }]>(
      'SELECT count(*)::int AS count FROM comment_replies WHERE bot_id = $1 AND replied_at > $2',
      [botId, new Date(now.getTime() - HOUR_MS)],
    );
    if (count >= comments.perHour) return this.db.transaction((tx) => this.add(tx, payload, FULL_FOR_MS));
    try {
      await comments.reply(this.cipher.decrypt(comment, COMMENT, botId));
    } catch (error) {
      if (error instanceof ChannelBusy)
        return this.db.transaction((tx) => this.add(tx, payload, error.retryAfterSeconds * 1000));
      if (!(error instanceof Rejected || error instanceof Unreachable || error instanceof WindowClosed)) throw error;
      this.log.warn({ err: error, bot: botId }, 'a comment could not be answered in private');
      return;
    }
    await this.db.query('UPDATE comment_replies SET replied_at = $3 WHERE bot_id = $1 AND comment_hash = $2', [
      botId,
      hash,
      this.clock.now(),
    ]);
  }

  private add(tx: EntityManager, payload: PayloadOf<typeof ReplyToComment>, delayMs = 0): Promise<void> {
    return this.jobs.add(tx, ReplyToComment, payload, {
      key: `reply-to-comment:${payload.botId}:${payload.hash}`,
      delayMs,
    });
  }
}
