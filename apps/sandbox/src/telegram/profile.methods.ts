import { z } from 'zod';
import { badRequest } from './api-error';
import { type Caller, json, type Method, method, string, chatId } from './method';
import type { Bot, Conversation, TelegramState } from './state';
import { userOfBot } from './to-wire';

const MAX_COMMANDS = 100;

const scope = json(
  z.looseObject({ type: z.string(), chat_id: z.union([z.int(), z.string()]).optional(), user_id: z.int().optional() }),
).default({ type: 'default' });

const command = z.object({
  command: z
    .string()
    .transform((name) => name.replace(/^\//, ''))
    .refine((name) => /^[a-z0-9_]{1,32}$/.test(name), 'BOT_COMMAND_INVALID'),
  description: z.string().refine((text) => text.length >= 1 && text.length <= 256, 'BOT_COMMAND_DESCRIPTION_INVALID'),
});

const commandsOf = { scope, language_code: string.default('') };

const menuButton = json(z.looseObject({ type: z.enum(['commands', 'web_app', 'default']) }));
const DEFAULT_BUTTON = { type: 'commands' };

export const profileMethods: Record<string, Method> = {
  getMe: method(z.object({}), ({ bot }) => ({
    ...userOfBot(bot),
    can_join_groups: true,
    can_read_all_group_messages: false,
    supports_inline_queries: true,
    can_connect_to_business: false,
    has_main_web_app: false,
    has_topics_enabled: false,
    allows_users_to_create_topics: false,
    supports_guest_queries: false,
    can_manage_bots: false,
  })),

  setMyCommands: method(
    z.object({ commands: json(z.array(command).max(MAX_COMMANDS, 'BOT_COMMANDS_TOO_MUCH')), ...commandsOf }),
    ({ telegram, bot }, params) => {
      bot.commands[commandKey(params)] = params.commands;
      tellPhones(telegram, bot);
      return true;
    },
  ),
  getMyCommands: method(z.object(commandsOf), ({ bot }, params) => bot.commands[commandKey(params)] ?? []),
  deleteMyCommands: method(z.object(commandsOf), ({ telegram, bot }, params) => {
    delete bot.commands[commandKey(params)];
    tellPhones(telegram, bot);
    return true;
  }),

  setChatMenuButton: method(
    z.object({ chat_id: chatId.optional(), menu_button: menuButton.default(DEFAULT_BUTTON as never) }),
    ({ bot }, params) => {
      bot.menuButtons[params.chat_id ?? 'default'] = params.menu_button;
      return true;
    },
  ),
  getChatMenuButton: method(
    z.object({ chat_id: chatId.optional() }),
    ({ bot }, params) => bot.menuButtons[params.chat_id ?? 'default'] ?? bot.menuButtons.default ?? DEFAULT_BUTTON,
  ),

  /** Of the sandbox alone: at Telegram it is BotFather who names a bot. */
  setSandboxProfile: method(
    z.object({ name: string.optional(), username: string.optional() }),
    ({ telegram, bot }, { name, username }) => {
      telegram.state.addBot({ token: bot.token, ...(name && { name }), ...(username && { username }) });
      tellPhones(telegram, bot);
      return { phone: telegram.publicUrl };
    },
  ),

  ...textMethods('Name', 'name', 64),
  ...textMethods('Description', 'description', 512),
  ...textMethods('ShortDescription', 'short_description', 120),
};

function textMethods(name: string, field: string, limit: number): Record<string, Method> {
  const language = { language_code: string.default('') };
  return {
    [`setMy${name}`]: method(z.object({ [field]: string.default(''), ...language }), ({ telegram, bot }, params) => {
      const text = (params as Record<string, string>)[field]!;
      if (text.length > limit) throw badRequest(`BOT_${field.toUpperCase()}_INVALID`);
      const key = `${field}:${params.language_code}`;
      if (text) bot.texts[key] = text;
      else delete bot.texts[key];
      tellPhones(telegram, bot);
      return true;
    }),
    [`getMy${name}`]: method(z.object(language), ({ bot }, { language_code }) => {
      const fallback = field === 'name' ? bot.name : '';
      return { [field]: bot.texts[`${field}:${language_code}`] ?? bot.texts[`${field}:`] ?? fallback };
    }),
  };
}

type CommandScope = { type: string; chat_id?: number | string; user_id?: number };

function commandKey(params: { scope: CommandScope; language_code: string }): string {
  const { type, chat_id, user_id } = params.scope;
  return [type, chat_id, user_id].filter((part) => part !== undefined).join(' ') + `:${params.language_code}`;
}

/** The commands a person sees in a chat: the narrowest scope first, and in each the person's language first. */
export function commandsFor(state: TelegramState, conversation: Conversation, personId: number) {
  const bot = state.bots.get(conversation.bots[0] ?? 0);
  const language = state.people.get(personId)?.languageCode ?? '';
  const isPrivate = conversation.kind === 'private';
  const scopes = isPrivate
    ? [`chat ${personId}`, 'all_private_chats', 'default']
    : [`chat_member ${conversation.groupId} ${personId}`, `chat ${conversation.groupId}`, 'all_group_chats', 'default'];
  const keys = scopes.flatMap((name) => [`${name}:${language}`, `${name}:`]);
  const key = keys.find((candidate) => bot?.commands[candidate]);
  return key ? bot!.commands[key]! : [];
}

function tellPhones({ state, feed }: Caller['telegram'], bot: Bot): void {
  for (const conversation of state.conversations.values()) {
    if (conversation.bots.includes(bot.id)) feed.tell({ type: 'chat', conversation });
  }
}
