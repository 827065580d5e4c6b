import { Injectable } from '@nestjs/common';
import { BOT_SECTION_READERS, type KeptBot } from '@switchboard/contracts';
import { createHash } from 'node:crypto';
import { DataSource } from 'typeorm';
import { BotRow } from './bot.entity';
import { BotSecretsService, readersOf, secretsFor } from './bot-secrets.service';

/** What services are told of the bots that the gateway keeps. */
@Injectable()
export class BotDescriptionsService {
  constructor(
    private readonly db: DataSource,
    private readonly secrets: BotSecretsService,
  ) {}

  /** @param known the revision that the service has; it gets the bots only when something has changed since */
  async describe(service: string, known: string | undefined): Promise<{ revision: string; bots?: KeptBot[] }> {
    const { manager } = this.db;
    const present = await manager.find(BotRow, { select: { id: true, revision: true }, order: { id: 'ASC' } });
    const unreadable = await this.secrets.unreadable(manager);
    const revision = revisionOf(service, present, unreadable);
    if (revision === known) return { revision };
    // Read after the revision: what changes in between is asked for once more, and never missed.
    const rows = await manager.find(BotRow, { order: { id: 'ASC' } });
    const secrets = await this.secrets.all(manager);
    const bots = rows.map(({ id, state, description, takenFrom }) => ({
      ...{ id, state, description, secrets: secretsFor(service, secrets.get(id) ?? {}) },
      ...(takenFrom && { takenFrom }),
      ...(unreadable.has(id) && { unreadable: unreadable.get(id)! }),
    }));
    return { revision, bots };
  }
}

/**
 * Also another one for a version of the service that reads other sections, and so gets other secrets; and while the key of a secret is
 * missing here, or the services would not be told of it when it is back.
 */
function revisionOf(
  service: string,
  bots: readonly Pick<BotRow, 'id' | 'revision'>[],
  unreadable: ReadonlyMap<string, string[]>,
): string {
  const sections = Object.keys(BOT_SECTION_READERS).filter((section) => readersOf(section).includes(service));
  const content = [service, sections, bots.map(({ id, revision }) => [id, revision]), [...unreadable]];
  return createHash('sha256').update(JSON.stringify(content)).digest('hex').slice(0, 32);
}
