import { Injectable } from '@nestjs/common';
import { Outbox } from '@switchboard/bus';
import {
  type EventOf,
  type Locale,
  ReplyCompleted,
  type ReplyOutcome,
  type ReplyRegenerateRequested,
} from '@switchboard/contracts';
import type { EntityManager } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import { fallbackReply } from './fallback-replies';

/** The message because of which something is said. */
export interface About {
  readonly messageId: string;
  readonly chatId: string;
  readonly botId: string;
  readonly userId: string;
  readonly locale: Locale;
}

/** What people are told although no turn is run for it. It goes out as a reply, and is no part of the conversation. */
@Injectable()
export class NoticesService {
  constructor(private readonly outbox: Outbox) {}

  /**
   * That no other answer will come in place of this one, which was asked for. Where the answer is forgotten, it is said about the
   * newest message of the chat; where there is none either, nobody knows whom to tell.
   */
  async notRegenerated(
    tx: EntityManager,
    { chatId, userId, replyId }: EventOf<typeof ReplyRegenerateRequested>['data'],
  ): Promise<void> {
    const [about] = await tx.query<Omit<About, 'userId'>[]>(
      `SELECT m.id AS "messageId", m.locale, $1::uuid AS "chatId", coalesce(m.bot_id, c.bot_id) AS "botId"
       FROM conversations c JOIN messages m ON m.conversation_id = c.id
       WHERE (c.chat_id = $1 OR m.chat_id = $1 AND c.user_id = $3) AND m.role = 'user'
       ORDER BY m.turn_id IS NOT DISTINCT FROM $2 DESC, m.position DESC LIMIT 1`,
      [chatId, replyId, userId],
    );
    if (about) await this.emit(tx, { ...about, userId }, 'not_last', 'not_last');
  }

  /** That nobody has made out a voice message in time. */
  async notHeard(tx: EntityManager, about: About): Promise<void> {
    await this.emit(tx, about, 'unreadable', 'not_heard');
  }

  private async emit(
    tx: EntityManager,
    { messageId, locale, ...inChat }: About,
    outcome: ReplyOutcome,
    what: Parameters<typeof fallbackReply>[0],
  ): Promise<void> {
    const text = fallbackReply(what, locale);
    await this.outbox.add(
      tx,
      ReplyCompleted({ ...inChat, replyId: uuidv7(), locale, text, outcome, answers: [messageId] }),
    );
  }
}
