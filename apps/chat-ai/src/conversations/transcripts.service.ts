import { Injectable } from '@nestjs/common';
import { DataSource, In } from 'typeorm';
import { Conversation } from './conversation.entity';
import { wordsOf } from './message-content';
import { Message } from './message.entity';
import { type ContentReader, MessageCipher } from './message-cipher';
import { Turn } from './turn.entity';

/** Conversations of one chat that are shown at once. */
const LATEST = 20;

/** Conversations as operators read them. */
@Injectable()
export class TranscriptsService {
  constructor(
    private readonly db: DataSource,
    private readonly cipher: MessageCipher,
  ) {}

  /** The latest conversations of a chat, newest first, with what was said and how each answer came about. */
  async ofChat(chatId: string) {
    const tx = this.db.manager;
    const conversations = await tx.find(Conversation, { where: { chatId }, order: { id: 'DESC' }, take: LATEST });
    const conversationId = In(conversations.map(({ id }) => id));
    const [messages, turns] = await Promise.all([
      tx.find(Message, { where: { conversationId }, order: { position: 'ASC' } }),
      tx.find(Turn, { where: { conversationId }, order: { startedAt: 'ASC' } }),
    ]);
    const [costs, ratings, read] = await Promise.all([
      this.costsOf(turns),
      this.ratingsOf(turns),
      this.cipher.reader(tx, messages),
    ]);
    return conversations.map(({ id, botId, startedAt, closedAt }) => ({
      id,
      botId,
      startedAt,
      closedAt,
      messages: messages.filter((message) => message.conversationId === id).map((message) => readable(message, read)),
      turns: turns
        .filter((turn) => turn.conversationId === id)
        .map(({ conversationId: _, ...turn }) => ({
          ...turn,
          costMicros: costs.get(turn.id) ?? 0,
          ratings: ratings
            .filter(({ replyId }) => replyId === turn.id)
            .map(({ userId, rating }) => ({ userId, rating })),
        })),
    }));
  }

  private async costsOf(turns: readonly Turn[]): Promise<Map<string, number>> {
    const rows = await this.db.query<{ turn: string; micros: number }[]>(
      'SELECT turn_id AS turn, sum(cost_micros)::float8 AS micros FROM usages WHERE turn_id = ANY($1) GROUP BY turn_id',
      [turns.map(({ id }) => id)],
    );
    return new Map(rows.map(({ turn, micros }) => [turn, micros]));
  }

  private ratingsOf(turns: readonly Turn[]) {
    return this.db.query<{ replyId: string; userId: string; rating: number }[]>(
      'SELECT reply_id AS "replyId", user_id AS "userId", rating FROM ratings WHERE reply_id = ANY($1) AND rating <> 0',
      [turns.map(({ id }) => id)],
    );
  }
}

function readable(message: Message, read: ContentReader) {
  const { id, role, state, userId, locale, turnId, sentAt, editedAt } = message;
  const content = read(message) ?? { text: '', transcript: null, quoted: null, senderName: null };
  const { quoted, senderName } = content;
  return { id, role, state, userId, locale, turnId, sentAt, editedAt, text: wordsOf(content), quoted, senderName };
}
