import { Injectable } from '@nestjs/common';
import type { ReadMyNewsSettings } from '@switchboard/contracts';
import { type AnswerOf, DomainError } from '@switchboard/service-kit';
import type { EntityManager } from 'typeorm';

type Settings = AnswerOf<typeof ReadMyNewsSettings>;

class ContactNotFound extends DomainError {
  constructor() {
    const texts = { en: 'This person has not written to the bot.', ru: 'Этот человек не писал боту.' };
    super('bot-adapter.contact_not_found', texts, 404);
  }
}

interface Row {
  readonly news: boolean;
  readonly quiet_from: string | null;
  readonly quiet_to: string | null;
  readonly time_zone: string | null;
}

/** Whether a person wants news from a bot, and when not: with each of the accounts by which they write to it. */
@Injectable()
export class NewsSettingsService {
  /** @throws ContactNotFound */
  async read(tx: EntityManager, botId: string, userId: string): Promise<Settings> {
    const found = await this.find(tx, botId, userId);
    if (!found) throw new ContactNotFound();
    return found;
  }

  /** Undefined for who has not written to the bot. */
  async find(tx: EntityManager, botId: string, userId: string): Promise<Settings | undefined> {
    const [row] = await tx.query<Row[]>(
      `SELECT news, quiet_from, quiet_to, time_zone FROM contacts WHERE bot_id = $1 AND user_id = $2 ORDER BY news, id LIMIT 1`,
      [botId, userId],
    );
    if (!row) return undefined;
    const { quiet_from: from, quiet_to: to } = row;
    return { wanted: row.news, quiet: from === null || to === null ? null : { from, to }, timeZone: row.time_zone };
  }

  /** @throws ContactNotFound */
  async set(tx: EntityManager, botId: string, userId: string, settings: Settings): Promise<Settings> {
    const { wanted, quiet, timeZone } = settings;
    const [, changed] = await tx.query<[unknown, number]>(
      `UPDATE contacts SET news = $3, quiet_from = $4, quiet_to = $5, time_zone = $6 WHERE bot_id = $1 AND user_id = $2`,
      [botId, userId, wanted, quiet?.from ?? null, quiet?.to ?? null, timeZone],
    );
    if (changed === 0) throw new ContactNotFound();
    return settings;
  }

  async want(tx: EntityManager, botId: string, userId: string, wanted: boolean): Promise<void> {
    await tx.query('UPDATE contacts SET news = $3 WHERE bot_id = $1 AND user_id = $2', [botId, userId, wanted]);
  }
}
