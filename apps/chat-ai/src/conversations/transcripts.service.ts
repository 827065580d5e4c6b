import { Injectable } from '@nestjs/common';
import {
  type KnownLocale,
  type ListMessages,
  type Locale,
  localized,
  type SearchMessages,
} from '@switchboard/contracts';
import type { AnswerOf, Position } from '@switchboard/service-kit';
import { DateTime } from 'luxon';
import { DataSource, type SelectQueryBuilder } from 'typeorm';
import { normalise } from '../knowledge/words';
import { Conversation } from './conversation.entity';
import { wordsOf } from './message-content';
import { Message } from './message.entity';
import { type ContentReader, MessageCipher } from './message-cipher';

type ReadMessage = AnswerOf<typeof ListMessages>['data'][number] & { readonly position: number };
type Match = AnswerOf<typeof SearchMessages>['matches'][number];

/** In one conversation, or in the private ones of a person. */
export interface SearchPlace {
  readonly conversationId?: string | undefined;
  readonly userId?: string | undefined;
  /** Of these alone; of all without it. */
  readonly bots?: readonly string[] | undefined;
}

export interface SearchResult {
  readonly matches: Match[];
  readonly searched: number;
  readonly left: number;
  /** The last message that was looked at; undefined when there was none. */
  readonly upTo: number | undefined;
}

/** Messages are decrypted so many at a time. */
const AT_ONCE = 500;
/** What one call decrypts at most: under a second of work. */
const SEARCHED_AT_MOST = 5000;
const AROUND_MATCH = 80;

const WORDS: Record<KnownLocale, { user: string; assistant: string; gone: string; replaced: string; end: string }> = {
  en: {
    user: 'Person',
    assistant: 'Assistant',
    gone: '(cannot be read any more)',
    replaced: '(replaced by another answer)',
    end: 'The person began anew.',
  },
  ru: {
    user: 'Человек',
    assistant: 'Ассистент',
    gone: '(больше не читается)',
    replaced: '(заменён другим ответом)',
    end: 'Человек начал заново.',
  },
};

/** What was said, as staff read it. */
@Injectable()
export class TranscriptsService {
  constructor(
    private readonly db: DataSource,
    private readonly cipher: MessageCipher,
  ) {}

  /** The latest first. */
  async messages(conversationId: string, position: Position | undefined, limit: number): Promise<ReadMessage[]> {
    const [from, order] = position?.direction === 'prev' ? (['>', 'ASC'] as const) : (['<', 'DESC'] as const);
    const query = this.db.manager
      .createQueryBuilder(Message, 'm')
      .where('m.conversationId = :conversationId', { conversationId });
    if (position) query.andWhere(`m.position ${from} :from`, { from: position.key[0] });
    const rows = await query.orderBy('m.position', order).limit(limit).getMany();
    const read = await this.cipher.reader(this.db.manager, rows);
    return rows.map((row) => readable(row, read));
  }

  /** From its beginning to its end, piece by piece. */
  async *text({ id, botId, closedAt }: Conversation, locale: Locale, zone: string): AsyncGenerator<string> {
    const words = localized(WORDS, locale);
    const time = (at: Date) => DateTime.fromJSDate(at, { zone }).toFormat('yyyy-MM-dd HH:mm:ss');
    yield `${botId} · ${id} · ${zone}\n`;
    for (let after = 0; ;) {
      const position = { key: [after], direction: 'prev' } as const;
      const messages = await this.messages(id, position, AT_ONCE);
      for (const { role, text, quoted, senderName, sentAt, state } of messages) {
        const who = senderName ?? (role === 'assistant' ? words.assistant : words.user);
        const remark = state === 'replaced' ? ` ${words.replaced}` : '';
        const quote = quoted ? `> ${quoted.replaceAll('\n', '\n> ')}\n` : '';
        yield `\n[${time(sentAt)}] ${who}${remark}:\n${quote}${text ?? words.gone}\n`;
      }
      if (messages.length < AT_ONCE) break;
      after = messages.at(-1)!.position;
    }
    if (closedAt) yield `\n[${time(closedAt)}] ${words.end}\n`;
  }

  /**
   * Looks for words from the latest message back, until there are so many matches or so much was decrypted.
   * @param before the message at which an earlier call has ended
   */
  async search(
    place: SearchPlace,
    text: string,
    { before = Number.MAX_SAFE_INTEGER, limit }: { before?: number | undefined; limit: number },
  ): Promise<SearchResult> {
    const wanted = normalise(text);
    const matches: Match[] = [];
    let [searched, upTo] = [0, before];
    while (matches.length < limit && searched < SEARCHED_AT_MOST) {
      const rows = await this.within(place, upTo).orderBy('m.position', 'DESC').limit(AT_ONCE).getMany();
      const read = await this.cipher.reader(this.db.manager, rows);
      for (const row of rows as (Message & { conversation: Conversation })[]) {
        const excerpt = excerptOf(row, read, wanted);
        if (excerpt !== undefined) matches.push({ ...factsOf(row), excerpt });
        searched += 1;
        upTo = row.position;
        if (matches.length === limit) break;
      }
      if (rows.length < AT_ONCE) break;
    }
    const left = await this.within(place, upTo).getCount();
    return { matches, searched, left, upTo: searched > 0 ? upTo : undefined };
  }

  private within({ conversationId, userId, bots }: SearchPlace, before: number): SelectQueryBuilder<Message> {
    const query = this.db.manager
      .createQueryBuilder(Message, 'm')
      .innerJoinAndMapOne('m.conversation', Conversation, 'c', 'c.id = m.conversationId')
      .where('m.position < :before', { before });
    if (conversationId) query.andWhere('c.id = :conversationId', { conversationId });
    if (userId) query.andWhere('c.userId = :userId', { userId });
    if (bots) query.andWhere('c.botId = ANY(:bots)', { bots });
    return query;
  }
}

function readable(message: Message, read: ContentReader): ReadMessage {
  const content = read(message);
  return {
    ...message,
    text: content ? wordsOf(content) : null,
    quoted: content?.quoted ?? null,
    senderName: content?.senderName ?? null,
  };
}

const factsOf = ({ id, conversationId, role, sentAt, conversation }: Message & { conversation: Conversation }) => ({
  messageId: id,
  conversationId,
  botId: conversation.botId,
  role,
  sentAt,
});

/** The words around what is wanted; undefined where it does not stand. */
function excerptOf(message: Message, read: ContentReader, wanted: string): string | undefined {
  const content = read(message);
  if (!content) return undefined;
  const words = wordsOf(content);
  const searched = normalise(words);
  const at = searched.indexOf(wanted);
  if (at < 0) return undefined;
  // A text that has become longer or shorter is shown as it was compared.
  const shown = searched.length === words.length ? words : searched;
  const [from, to] = [Math.max(0, at - AROUND_MATCH), at + wanted.length + AROUND_MATCH];
  return `${from > 0 ? '…' : ''}${shown.slice(from, to).toWellFormed().trim()}${to < shown.length ? '…' : ''}`;
}
