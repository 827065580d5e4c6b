import { BotFieldError, ConfigError } from '@switchboard/service-kit';
import { createHmac, timingSafeEqual } from 'node:crypto';
import { z } from 'zod';
import { type Capabilities, defineChannel } from '../channel';
import { UnknownAccount, WrongWebhookSecret } from '../channel-errors';
import { TelegramApi } from './telegram.api';
import { TelegramChannel } from './telegram.channel';

const SANDBOX = 'sandbox';
/** Source: tdlib/telegram-bot-api: an int64 that does not begin with 0, a colon, a secret; at most 80 characters. */
const TOKEN = /^[1-9]\d{0,18}:[\w-]{1,78}$/;
/** As BotFather gives them: 35 characters behind the colon. Those of the sandbox are words. */
const REAL_TOKEN = /^\d+:[\w-]{35}$/;
const httpUrl = z.url({ protocol: /^https?$/ });

export const telegram = defineChannel({
  kind: 'telegram',
  settings: z.strictObject({
    token: z.string().optional().describe('As BotFather gives it, in the sandbox only; else name where it is:'),
    tokenEnv: z.string().optional().describe('The variable that holds the token.'),
    tokenFile: z.string().optional().describe('The file that holds the token.'),
    apiRoot: z
      .union([z.literal(SANDBOX), httpUrl])
      .optional()
      .describe('A Bot API server; TELEGRAM_API_ROOT when absent.'),
    username: z.string().optional().describe('Its @name, for the sandbox; Telegram tells it by itself.'),
  }),
  variables: {
    TELEGRAM_API_ROOT: httpUrl
      .default('https://api.telegram.org')
      .describe('The Bot API server of bots that name none.'),
    TELEGRAM_MAX_FILE_MB: z.coerce
      .number()
      .positive()
      .default(2000)
      .describe('Of files from a Bot API server of your own; the public one gives up to 20 MB.'),
    BOT_ADAPTER_BOT_MESSAGES_PER_SECOND: z.coerce.number().positive().default(30),
    BOT_ADAPTER_CHAT_MESSAGES_PER_SECOND: z.coerce.number().positive().default(1),
    BOT_ADAPTER_GROUP_MESSAGES_PER_MINUTE: z.coerce.number().positive().default(20),
    BOT_ADAPTER_SANDBOX_API_ROOT: httpUrl.optional().describe('Where bots with the apiRoot "sandbox" live.'),
  },

  servers: { settings: ['apiRoot'], variables: ['TELEGRAM_API_ROOT', 'BOT_ADAPTER_SANDBOX_API_ROOT'] },

  create({ id, name, settings, secret }, { config, registry, sendTimeoutMs, servers }) {
    const token = secret('token');
    if (!token) throw new BotFieldError('channel.token', MISSING, 'required');
    if (!TOKEN.test(token)) throw new BotFieldError('channel.token', MALFORMED, 'invalid_format');
    const isSandbox = settings.apiRoot === SANDBOX;
    if (isSandbox && REAL_TOKEN.test(token)) {
      throw new BotFieldError('channel.apiRoot', REAL_TOKEN_IN_SANDBOX);
    }
    const apiRoot = isSandbox ? config.BOT_ADAPTER_SANDBOX_API_ROOT : (settings.apiRoot ?? config.TELEGRAM_API_ROOT);
    if (settings.apiRoot && !isSandbox) servers.check('channel.apiRoot', settings.apiRoot);
    if (!apiRoot) throw new ConfigError(`The bot "${id}" lives in the sandbox: set BOT_ADAPTER_SANDBOX_API_ROOT`);
    const api = new TelegramApi({
      token,
      apiRoot: apiRoot.replace(/\/$/, ''),
      registry,
      servers,
      sendTimeoutMs,
      maxOwnServerBytes: config.TELEGRAM_MAX_FILE_MB * 1_000_000,
    });
    const rates = ratesOf(config);
    const sandbox = isSandbox ? { name: name === id ? undefined : name, username: settings.username } : undefined;
    return new TelegramChannel(api, { botId: id, webhookSecret: webhookSecret({ id, token }), rates, sandbox });
  },

  unpack({ account, headers, body, rawBody }, channels) {
    const channel = channels.get(account);
    if (!channel) throw new UnknownAccount();
    if (!isSecret(headers['x-telegram-bot-api-secret-token'], channel.webhookSecret)) throw new WrongWebhookSecret();
    // What is no JSON is kept as it came.
    return { updates: [channel.updateOf(body === undefined ? rawBody.toString('utf8') : body)] };
  },
});

const MISSING = {
  en: 'there is no token: give it in the console, or in a file name its variable by tokenEnv or its file by tokenFile',
  ru: 'нет токена: задайте его в консоли, а в файле укажите переменную в tokenEnv или файл в tokenFile',
};
const MALFORMED = {
  en: 'is not of the form <id>:<secret>, as BotFather gives it',
  ru: 'не похож на <id>:<секрет>, как его выдаёт BotFather',
};
const REAL_TOKEN_IN_SANDBOX = {
  en: 'the bot has a token of the real Telegram but lives in the sandbox: remove this field to put it into the real Telegram, or take the token away',
  ru: 'у бота токен настоящего Telegram, но живёт он в песочнице: уберите это поле, чтобы перенести его в настоящий Telegram, или замените токен',
};

/** Bursts Telegram tolerates are not published; three messages in a chat at once are safe by experience. */
const CHAT_BURST = 3;
const BOT_BURST = 10;

/**
 * About 1 message/s in a chat, 20/min in a group, 30/s as a bot; edits count as messages.
 * Source: Telegram's bots FAQ, "My bot is hitting limits".
 */
export function ratesOf(config: {
  BOT_ADAPTER_BOT_MESSAGES_PER_SECOND: number;
  BOT_ADAPTER_CHAT_MESSAGES_PER_SECOND: number;
  BOT_ADAPTER_GROUP_MESSAGES_PER_MINUTE: number;
}): Capabilities['rates'] {
  return {
    bot: { perSecond: config.BOT_ADAPTER_BOT_MESSAGES_PER_SECOND, burst: BOT_BURST },
    private: { perSecond: config.BOT_ADAPTER_CHAT_MESSAGES_PER_SECOND, burst: CHAT_BURST },
    // Less the burst, so that no minute ever has more than the limit.
    group: {
      perSecond: Math.max(1, config.BOT_ADAPTER_GROUP_MESSAGES_PER_MINUTE - CHAT_BURST) / 60,
      burst: CHAT_BURST,
    },
  };
}

/**
 * What Telegram puts into each call of a bot's webhook. Derived from the token, which only Telegram and we know, so
 * there is nothing more to keep and it changes together with the token.
 */
export const webhookSecret = ({ id, token }: { id: string; token: string }) =>
  createHmac('sha256', token).update(`telegram webhook ${id}`).digest('base64url');

/** Takes the same time wherever the two differ. */
function isSecret(given: string | undefined, expected: string): boolean {
  const [a, b] = [given ?? '', expected].map((text) => createHmac('sha256', 'comparison').update(text).digest());
  return timingSafeEqual(a!, b!);
}
