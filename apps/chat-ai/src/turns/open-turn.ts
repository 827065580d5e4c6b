import type { Locale } from '@switchboard/contracts';
import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { v5 as uuidv5 } from 'uuid';
import type { ContextMessage } from '../context/build-context';
import { Conversation } from '../conversations/conversation.entity';
import { Message } from '../conversations/message.entity';
import { MessageCipher } from '../conversations/message-cipher';
import { asModelReads } from '../conversations/message-text';

/** What there is to be answered, and what was said before. */
export interface OpenTurn {
  readonly replyId: string;
  readonly conversationId: string;
  readonly chatId: string;
  readonly botId: string;
  /** Who wrote last. */
  readonly userId: string;
  readonly locale: Locale;
  readonly inGroup: boolean;
  /** Of the conversation, when it was read. */
  readonly revision: number;
  readonly question: readonly [ContextMessage, ...ContextMessage[]];
  readonly history: readonly ContextMessage[];
  readonly summary: string | undefined;
}

export type News = 'none' | 'more' | 'reset';

/** More than any context takes; bounds the work of one turn in a conversation of years. */
const HISTORY_MESSAGES = 200;
/** Any fixed UUID: it makes the ids of replies differ from all others that are made from a message's id. */
const REPLIES = '6d1f7a52-3c0e-4f7b-9a64-5f3f4ad0c1e7';

/** Reads what a turn is about. */
@Injectable()
export class OpenTurns {
  constructor(
    private readonly db: DataSource,
    private readonly cipher: MessageCipher,
  ) {}

  /** Undefined when nothing waits for an answer. */
  async read(conversationId: string): Promise<OpenTurn | undefined> {
    const tx = this.db.manager;
    // First the revision: what comes in while the rest is read is then seen as news.
    const conversation = await tx.findOneByOrFail(Conversation, { id: conversationId });
    const [pending, earlier] = await Promise.all([
      tx.find(Message, { where: { conversationId, state: 'pending' }, order: { position: 'ASC' } }),
      tx.find(Message, {
        where: { conversationId, state: 'answered' },
        order: { position: 'DESC' },
        take: HISTORY_MESSAGES,
      }),
    ]);
    const [first, ...rest] = pending.map((message) => this.asContext(message, conversation));
    const last = pending.at(-1);
    if (!first || !last) return undefined;
    return {
      // Made from the oldest message it answers: a turn that begins again goes on with the same reply, and the
      // database takes it once.
      replyId: uuidv5(first.id, REPLIES),
      conversationId,
      chatId: conversation.chatId,
      botId: conversation.botId,
      userId: last.userId,
      locale: last.locale,
      inGroup: pending.some(({ senderName }) => senderName !== null),
      revision: conversation.revision,
      question: [first, ...rest],
      history: byTurn(earlier.reverse().map((message) => this.asContext(message, conversation))),
      summary: conversation.summary === null ? undefined : this.cipher.openSummary(conversation.summary),
    };
  }

  /** What has happened since the turn was read; one look at one row. */
  async newsFor({ conversationId, revision }: OpenTurn): Promise<News> {
    const now = await this.db.manager.findOneByOrFail(Conversation, { id: conversationId });
    return now.closedAt ? 'reset' : now.revision > revision ? 'more' : 'none';
  }

  private asContext(message: Message, { summarisedUpTo }: Conversation): ContextMessage {
    return {
      id: message.id,
      role: message.role,
      text: asModelReads(this.cipher.open(message)),
      tokens: message.tokens,
      group: message.turnId ?? message.id,
      summarised: message.position <= summarisedUpTo,
    };
  }
}

/** Each answer right after its questions, although the next question may have come in while it was written. */
function byTurn(messages: ContextMessage[]): ContextMessage[] {
  const begins = new Map<string, number>();
  for (const [i, { group }] of messages.entries()) if (!begins.has(group)) begins.set(group, i);
  return messages.toSorted((a, b) => begins.get(a.group)! - begins.get(b.group)!);
}
