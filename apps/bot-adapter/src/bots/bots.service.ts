import { Inject, Injectable } from '@nestjs/common';
import { CONFIG, ConfigError } from '@switchboard/service-kit';
import type { BotAdapterConfig } from '../bot-adapter.config';
import { type BotSpec, SANDBOX_ROOT } from './bot-spec';

const TELEGRAM = 'https://api.telegram.org';
/** Source: tdlib/telegram-bot-api: an int64 that does not begin with 0, a colon, a secret; at most 80 characters. */
const TOKEN = /^[1-9]\d{0,18}:[\w-]{1,78}$/;

export interface Bot extends Pick<BotSpec, 'id' | 'channel' | 'name' | 'products' | 'voice'> {
  readonly token: string;
  readonly apiRoot: string;
}

/** The bots of this installation, from configuration. */
@Injectable()
export class BotsService {
  private readonly byId: ReadonlyMap<string, Bot>;

  constructor(@Inject(CONFIG) config: BotAdapterConfig) {
    this.byId = new Map(botsOf(config).map((bot) => [bot.id, bot]));
  }

  all(): Bot[] {
    return [...this.byId.values()];
  }

  find(id: string): Bot | undefined {
    return this.byId.get(id);
  }
}

/** Throws ConfigError when there is no bot, or one that cannot work. */
export function botsOf(config: BotAdapterConfig): Bot[] {
  const { BOT_ADAPTER_BOTS: specs, TELEGRAM_BOT_TOKEN: ownToken } = config;
  if (!specs && !ownToken) {
    throw new ConfigError(
      'No bot is configured: set TELEGRAM_BOT_TOKEN, or BOT_ADAPTER_BOTS_FILE to a JSON list of bots',
    );
  }
  const [first, ...others] = specs ?? [ONLY_BOT];
  const bots = others.map((spec) => complete(spec, config));
  return [
    ownToken
      ? complete({ ...first!, token: ownToken, tokenEnv: undefined, apiRoot: config.TELEGRAM_API_ROOT }, config)
      : complete(first!, config),
    ...bots,
  ];
}

/** What a token alone stands for. */
const ONLY_BOT: BotSpec = {
  id: 'assistant',
  channel: 'telegram',
  name: 'Assistant',
  products: ['assistant'],
  voice: { mode: 'off' },
};

function complete({ token, tokenEnv, apiRoot, ...bot }: BotSpec, config: BotAdapterConfig): Bot {
  // The file chooses the variable's name, so it cannot stand in the schema of the configuration.
  const found = token ?? (tokenEnv && process.env[tokenEnv]);
  if (!found) throw new ConfigError(`The bot "${bot.id}" has no token${tokenEnv ? `: ${tokenEnv} is not set` : ''}`);
  if (!TOKEN.test(found)) throw new ConfigError(`The token of the bot "${bot.id}" is not of the form <id>:<secret>`);
  const root = apiRoot === SANDBOX_ROOT ? config.BOT_ADAPTER_SANDBOX_API_ROOT : (apiRoot ?? TELEGRAM);
  if (!root) throw new ConfigError(`The bot "${bot.id}" lives in the sandbox: set BOT_ADAPTER_SANDBOX_API_ROOT`);
  return { ...bot, token: found, apiRoot: root };
}
