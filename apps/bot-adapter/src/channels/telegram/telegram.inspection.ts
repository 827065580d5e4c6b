import type { ChannelReport } from '@switchboard/contracts';
import type { TelegramApi } from './telegram.api';
import { isTokenUnknown } from './telegram.errors';

type Finding = ChannelReport['findings'][number];

/** What a bot of the sandbox is called; those of Telegram are named by BotFather. */
export interface SandboxProfile {
  readonly name: string | undefined;
  readonly username: string | undefined;
}

/** What Telegram says of a token. It asks for no updates: that would break off the poll of a program that receives them. */
export async function inspectTelegram(
  api: TelegramApi,
  isOurs: (url: string) => boolean,
  sandbox?: SandboxProfile,
): Promise<ChannelReport> {
  try {
    const found =
      sandbox && ((await api.askOnce('setSandboxProfile' as never, sandbox as never)) as { phone?: string });
    const me = await api.askOnce('getMe', {});
    const url = found ? (found.phone ?? `${api.origin}/`) : `https://t.me/${me.username}`;
    const account = { id: String(me.id), name: me.first_name, username: me.username, url };
    const webhook = await api.askOnce('getWebhookInfo', {});
    return { account, findings: [...findingsOfBot(me), ...findingsOfWebhook(webhook, isOurs)] };
  } catch (error) {
    return { findings: [isTokenUnknown(error) ? TOKEN_UNKNOWN : UNREACHABLE] };
  }
}

/** Paths of webhooks often hold a secret. */
export const hostOf = (url: string) => (URL.canParse(url) ? new URL(url).host : 'another address');

/** Source: Bot API, User. */
function findingsOfBot(me: { can_join_groups?: boolean; can_read_all_group_messages?: boolean }): Finding[] {
  if (me.can_join_groups === false) return [NO_GROUPS];
  return [me.can_read_all_group_messages ? READS_GROUPS : GROUP_PRIVACY];
}

/** Source: Bot API, WebhookInfo. */
function findingsOfWebhook(
  { url = '', pending_update_count: count }: { url?: string; pending_update_count: number },
  isOurs: (url: string) => boolean,
): Finding[] {
  return [...(url && !isOurs(url) ? [receivedElsewhere(hostOf(url))] : []), ...(count > 0 ? [updatesWait(count)] : [])];
}

const TOKEN_UNKNOWN: Finding = {
  code: 'token_unknown',
  severity: 'error',
  detail: {
    en: 'Telegram does not know this token: it was mistyped or revoked. @BotFather shows the present one.',
    ru: 'Telegram не знает этого токена: в нём опечатка или он отозван. Действующий показывает @BotFather.',
  },
};

const UNREACHABLE: Finding = {
  code: 'unreachable',
  severity: 'error',
  detail: {
    en: 'Telegram does not answer. Try again, and look whether the server can be reached from here.',
    ru: 'Telegram не отвечает. Попробуйте ещё раз и проверьте, доступен ли отсюда его сервер.',
  },
};

const receivedElsewhere = (host: string): Finding => ({
  code: 'webhook_elsewhere',
  severity: 'warning',
  params: { host },
  detail: {
    en: `Messages to this bot go to ${host}. It stays silent here until the program there has removed its webhook.`,
    ru: `Сообщения этому боту уходят на ${host}. Здесь он будет молчать, пока программа там не уберёт свой вебхук.`,
  },
});

const updatesWait = (count: number): Finding => ({
  code: 'updates_wait',
  severity: 'info',
  params: { count },
  detail: {
    en: `${count} messages to the bot wait in Telegram and will be answered first.`,
    ru: `В Telegram ждут сообщения боту (${count}): на них он ответит первым делом.`,
  },
});

const NO_GROUPS: Finding = {
  code: 'no_groups',
  severity: 'info',
  detail: {
    en: 'The bot cannot be added to groups; /setjoingroups at @BotFather allows it.',
    ru: 'Бота нельзя добавить в группы; это разрешает /setjoingroups у @BotFather.',
  },
};

const GROUP_PRIVACY: Finding = {
  code: 'group_privacy',
  severity: 'info',
  detail: {
    en: 'Privacy mode is on: in groups the bot is given only what is addressed to it, which is all it needs.',
    ru: 'Режим приватности включён: в группах бот получает только обращённое к нему, и этого достаточно.',
  },
};

const READS_GROUPS: Finding = {
  code: 'reads_groups',
  severity: 'warning',
  detail: {
    en: 'Privacy mode is off: in groups Telegram gives the bot everything that is said. It reads only what is addressed to it; /setprivacy at @BotFather turns the mode on.',
    ru: 'Режим приватности выключен: в группах Telegram отдаёт боту всё сказанное. Читает он только обращённое к нему; включить режим можно через /setprivacy у @BotFather.',
  },
};
