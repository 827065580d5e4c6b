import { Injectable } from '@nestjs/common';
import { BOT_SECTION_READERS, type KeptBot } from '@switchboard/contracts';
import { FieldCipher } from '@switchboard/service-kit';
import { createHash } from 'node:crypto';
import { DataSource, type EntityManager } from 'typeorm';
import { BotRow } from './bot.entity';
import { secretsFor } from './bot-checks.service';
import { BotSecretRow } from './bot-secret.entity';

const SECRET = 'bot_secrets.value';
const rowOf = ({ botId, name }: Pick<BotSecretRow, 'botId' | 'name'>) => `${botId}/${name}`;

/** What services are told of the bots that the gateway keeps. */
@Injectable()
export class BotDescriptionsService {
  constructor(
    private readonly db: DataSource,
    private readonly cipher: FieldCipher,
  ) {}

  /** @param known the revision that the service has; then it gets the bots only when something has changed */
  async describe(service: string, known: string | undefined): Promise<{ revision: string; bots?: KeptBot[] }> {
    const { manager } = this.db;
    const present = await manager.find(BotRow, { select: { id: true, revision: true }, order: { id: 'ASC' } });
    const revision = revisionOf(service, present);
    if (revision === known) return { revision };
    // Read after the revision: what changes in between is asked for once more, and never missed.
    const rows = await manager.find(BotRow, { order: { id: 'ASC' } });
    const secrets = await this.secretsOf(manager);
    const bots = rows.map(({ id, state, description, takenFrom }) => ({
      id,
      state,
      description,
      secrets: secretsFor(service, secrets.get(id) ?? {}),
      ...(takenFrom && { takenFrom }),
    }));
    return { revision, bots };
  }

  /** By bot. One whose key is missing here is left out: the bot goes on with what it had. */
  async secretsOf(manager: EntityManager, botId?: string): Promise<Map<string, Record<string, string>>> {
    const found = new Map<string, Record<string, string>>();
    for (const row of await manager.find(BotSecretRow, botId === undefined ? {} : { where: { botId } })) {
      const value = this.cipher.tryDecrypt(row.value, SECRET, rowOf(row));
      if (value !== undefined) found.set(row.botId, { ...found.get(row.botId), [row.name]: value });
    }
    return found;
  }

  encrypt(key: Pick<BotSecretRow, 'botId' | 'name'>, value: string): string {
    return this.cipher.encrypt(value, SECRET, rowOf(key));
  }
}

/** Also another one for a version of the service that reads other sections, and so gets other secrets. */
function revisionOf(service: string, bots: readonly Pick<BotRow, 'id' | 'revision'>[]): string {
  const sections = Object.keys(BOT_SECTION_READERS).filter((section) =>
    BOT_SECTION_READERS[section]!.includes(service),
  );
  const content = [service, sections, bots.map(({ id, revision }) => [id, revision])];
  return createHash('sha256').update(JSON.stringify(content)).digest('hex').slice(0, 32);
}
