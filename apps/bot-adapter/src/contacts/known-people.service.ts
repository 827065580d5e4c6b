import { Injectable } from '@nestjs/common';
import type { Bot, Locale } from '@switchboard/contracts';
import { type EntityManager, IsNull } from 'typeorm';
import { ChatAddresses } from './chat-addresses';
import { Chat } from './chat.entity';

/** People by what their channel calls them, and the other way round, without anybody being met by it. */
@Injectable()
export class KnownPeopleService {
  constructor(private readonly addresses: ChatAddresses) {}

  /** Undefined for somebody who was never met. `locale` is that of their chat with the bot. */
  async find(
    tx: EntityManager,
    bot: Bot,
    externalId: string,
  ): Promise<{ userId: string; locale: Locale | undefined } | undefined> {
    const [found] = await tx.query<{ userId: string; locale: Locale | null }[]>(
      `SELECT people.user_id AS "userId", chats.locale FROM people
       LEFT JOIN chats ON chats.user_id = people.user_id AND chats.bot_id = $3 AND chats.moved_to IS NULL
       WHERE people.channel = $1 AND people.external_hash = $2 LIMIT 1`,
      [bot.channel.kind, this.addresses.hash(bot.channel.kind, externalId), bot.id],
    );
    return found && { userId: found.userId, locale: found.locale ?? undefined };
  }

  /** Of many at once, by the channel's ids; those who are not known are left out. */
  async findAll(tx: EntityManager, bot: Bot, externalIds: readonly string[]): Promise<Map<string, string>> {
    const byHash = new Map(externalIds.map((id) => [this.addresses.hash(bot.channel.kind, id), id]));
    if (byHash.size === 0) return new Map();
    const rows = await tx.query<{ hash: string; userId: string }[]>(
      `SELECT external_hash AS hash, user_id AS "userId" FROM people WHERE channel = $1 AND external_hash = ANY($2)`,
      [bot.channel.kind, [...byHash.keys()]],
    );
    return new Map(rows.map(({ hash, userId }) => [byHash.get(hash)!, userId]));
  }

  /** The chat of a bot with a person alone: of several the one that is read, and of those the latest. */
  async privateChat(tx: EntityManager, botId: string, userId: string): Promise<Chat | null> {
    return (await this.privateChats(tx, botId, userId))[0] ?? null;
  }

  /** The channel's ids of such chats: one for each account by which the person writes to the bot, in that order. */
  async privateAddresses(tx: EntityManager, botId: string, userId: string): Promise<string[]> {
    const found: string[] = [];
    for (const chat of await this.privateChats(tx, botId, userId)) found.push(await this.addresses.decrypt(tx, chat));
    return found;
  }

  private privateChats(tx: EntityManager, botId: string, userId: string): Promise<Chat[]> {
    return tx.find(Chat, {
      where: { botId, userId, kind: 'private', movedTo: IsNull() },
      order: { blockedAt: { direction: 'DESC', nulls: 'FIRST' }, id: 'DESC' },
    });
  }
}
