import { Injectable } from '@nestjs/common';
import { CHANNEL_TOKEN } from '@switchboard/contracts';
import { DataSource } from 'typeorm';
import { BotFilesService } from './bot-files.service';
import { BotRow, type Description } from './bot.entity';
import { BotSecretsService } from './bot-secrets.service';

/** By which channels know bots: what a channel has signed for a bot is verified by it. */
@Injectable()
export class BotTokensService {
  constructor(
    private readonly db: DataSource,
    private readonly secrets: BotSecretsService,
    private readonly files: BotFilesService,
  ) {}

  /** Undefined for a bot of another channel, one that is archived, and one whose token this process is not given. */
  async find(botId: string, channel: string): Promise<string | undefined> {
    const row = await this.db.manager.findOneBy(BotRow, { id: botId });
    if (row?.state === 'archived') return undefined;
    const description = row ? row.description : this.files.find(botId)?.description;
    if (!description || kindOf(description) !== channel) return undefined;
    const secrets = row ? await this.secrets.of(this.db.manager, botId) : this.files.secretsOf(botId);
    return secrets[CHANNEL_TOKEN];
  }
}

const kindOf = ({ channel }: Description): unknown => (channel as Description | null | undefined)?.['kind'];
