import { Injectable } from '@nestjs/common';
import { Clock } from '@switchboard/service-kit';
import { setTimeout as sleep } from 'node:timers/promises';
import { DataSource, type EntityManager, IsNull } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import type { ChatAddress } from '../channels/channel';
import { ChatAddresses } from '../contacts/chat-addresses';
import type { Chat } from '../contacts/chat.entity';
import type { AnswerPreviews } from '../deliveries/deliveries.jobs';
import type { Place } from '../deliveries/delivery.entity';
import { Preview, type PreviewState } from './preview.entity';

/** As long as a call may be under way, so as long as a finished answer waits for it. */
const CALL_MS = 3000;
/** How often a finished answer looks whether its last preview has ended. */
const LOOK_EVERY_MS = 25;
/** A call that was claimed and did not begin within this time may not begin any more: its process was frozen. */
const BEGIN_WITHIN_MS = 1000;

/** The right to make one call about the message that shows an answer. */
export interface PreviewCall {
  readonly replyId: string;
  readonly callId: string;
  /** The message to be edited; absent when there is none yet. */
  readonly externalMessageId?: string;
  readonly beginsBefore: number;
}

/** Who may show an answer while it is written, and in which message. Rules and reasons: docs/adr/0019. */
@Injectable()
export class PreviewsRepository {
  constructor(
    private readonly db: DataSource,
    private readonly addresses: ChatAddresses,
    private readonly clock: Clock,
  ) {}

  /**
   * `busy`: somebody else's call is under way, or what became of the first one is not known.
   * `over`: nothing may be shown any more, because the answer is finished or was given up.
   */
  async claim(replyId: string, { id: chatId, externalHash }: Chat): Promise<PreviewCall | 'busy' | 'over'> {
    const callId = uuidv7();
    const beginsBefore = performance.now() + BEGIN_WITHIN_MS;
    const claimed = await this.db.query<{ external_message_id: string | null }[]>(
      `INSERT INTO previews (reply_id, chat_id, external_chat_hash, state, call_id, call_ends_at, started_at)
       VALUES ($1, $2, $3, 'shown', $4, clock_timestamp() + make_interval(secs => $5), $6)
       ON CONFLICT (reply_id) DO UPDATE SET call_id = EXCLUDED.call_id, call_ends_at = EXCLUDED.call_ends_at
         WHERE previews.state = 'shown' AND previews.external_message_id IS NOT NULL
           AND previews.external_chat_hash = EXCLUDED.external_chat_hash
           AND (previews.call_ends_at IS NULL OR previews.call_ends_at < clock_timestamp())
       RETURNING external_message_id`,
      [replyId, chatId, externalHash, callId, CALL_MS / 1000, this.clock.now()],
    );
    // After the claim and in a statement of its own: an answer that was queued meanwhile is seen here, or sees the claim.
    const [now] = await this.db.query<{ is_over: boolean }[]>(
      `SELECT EXISTS (SELECT FROM deliveries WHERE cause_id = $1 AND kind = 'text')
         OR EXISTS (SELECT FROM previews WHERE reply_id = $1 AND (state <> 'shown' OR external_chat_hash <> $2)) AS is_over`,
      [replyId, externalHash],
    );
    const [mine] = claimed;
    if (!now!.is_over && !mine) return 'busy';
    const externalMessageId = mine?.external_message_id;
    const call = { replyId, callId, beginsBefore, ...(externalMessageId && { externalMessageId }) };
    if (!now!.is_over) return call;
    if (mine) await this.notMade(call);
    return 'over';
  }

  /** The call was made. Returns true when the message is to be deleted, because the answer went on without it. */
  async made({ replyId, callId }: PreviewCall, externalMessageId: string): Promise<boolean> {
    const [rows] = await this.db.query<[{ state: PreviewState }[]]>(
      `UPDATE previews SET external_message_id = $3, call_ends_at = NULL WHERE reply_id = $1 AND call_id = $2 RETURNING state`,
      [replyId, callId, externalMessageId],
    );
    return rows[0]?.state === 'dropped';
  }

  /** The call certainly changed nothing. */
  async notMade({ replyId, callId, externalMessageId }: PreviewCall): Promise<void> {
    if (externalMessageId) await this.db.manager.update(Preview, { replyId, callId }, { callEndsAt: null });
    else await this.db.manager.delete(Preview, { replyId, callId });
  }

  /** See AnswerPreviews. Waits for a call that is under way; a message whose id is not known in time is deleted once it is. */
  async take(replyId: string, { externalHash }: Chat): ReturnType<AnswerPreviews['take']> {
    for (;;) {
      const preview = await this.finish(replyId);
      if (preview?.state !== 'final' || preview.external_chat_hash !== externalHash) return undefined;
      const { external_message_id: externalMessageId, busy_ms: busyMs } = preview;
      if (busyMs !== null && busyMs > 0) await sleep(Math.min(busyMs, LOOK_EVERY_MS));
      else if (externalMessageId !== null) return { externalMessageId, isUncertain: busyMs !== null };
      else if (await this.dropUnknown(replyId)) return 'lost';
    }
  }

  /** Ends what is shown of an answer, or of all that a chat began to show by then. Returns those that have a message to delete. */
  async drop(tx: EntityManager, where: { replyId: string } | { chatId: string; until: Date }): Promise<string[]> {
    const [column, value] = 'replyId' in where ? ['reply_id', where.replyId] : ['chat_id', where.chatId];
    const [dropped] = await tx.query<[{ reply_id: string; external_message_id: string | null }[]]>(
      `UPDATE previews SET state = 'dropped' WHERE ${column} = $1 AND state = 'shown' AND ($2::timestamptz IS NULL OR started_at <= $2)
       RETURNING reply_id, external_message_id`,
      [value, 'until' in where ? where.until : null],
    );
    return dropped.flatMap((row) => (row.external_message_id === null ? [] : [row.reply_id]));
  }

  /** Messages of answers that nobody has finished or given up since then, and those that should have been deleted by now. */
  async leftOver(since: Date): Promise<string[]> {
    const rows = await this.db.query<{ reply_id: string }[]>(
      `SELECT reply_id FROM previews WHERE started_at < $1 AND external_message_id IS NOT NULL AND state <> 'final'`,
      [since],
    );
    return rows.map(({ reply_id }) => reply_id);
  }

  /** Where in its chat an answer is shown; ids of topics are void once the chat has moved. */
  async addressOf(chat: Chat, place: Place | undefined): Promise<ChatAddress> {
    const externalId = await this.addresses.decrypt(this.db.manager, chat);
    const threadId = place?.chatHash === chat.externalHash ? place.threadId : undefined;
    return { externalId, ...(threadId && { threadId }) };
  }

  find(replyId: string): Promise<Preview | null> {
    return this.db.manager.findOneBy(Preview, { replyId });
  }

  /** There is no message any more. */
  async deleted(replyId: string): Promise<void> {
    await this.db.manager.update(Preview, { replyId, state: 'dropped' }, { externalMessageId: null });
  }

  private async finish(replyId: string) {
    const [rows] = await this.db.query<
      [
        {
          state: PreviewState;
          external_chat_hash: string;
          external_message_id: string | null;
          busy_ms: number | null;
        }[],
      ]
    >(
      `UPDATE previews SET state = CASE state WHEN 'shown' THEN 'final' ELSE state END WHERE reply_id = $1
       RETURNING state, external_chat_hash, external_message_id,
         (EXTRACT(EPOCH FROM call_ends_at - clock_timestamp()) * 1000)::integer AS busy_ms`,
      [replyId],
    );
    return rows[0];
  }

  private async dropUnknown(replyId: string): Promise<boolean> {
    const unknown = { replyId, state: 'final', externalMessageId: IsNull() } as const;
    const { affected } = await this.db.manager.update(Preview, unknown, { state: 'dropped' });
    return affected === 1;
  }
}
