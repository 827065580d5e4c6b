import { z } from 'zod';
import type { Upload } from '../kit/forms';
import { badRequest } from './api-error';
import type { Bot, Conversation } from './state';
import type { TelegramContext } from './telegram.context';
import { linkMistake } from './links';
import type { Entity } from './wire';

/** Who calls, with what. */
export interface Caller {
  telegram: TelegramContext;
  bot: Bot;
  uploads: Map<string, Upload>;
  /** Aborted when the client hangs up. */
  signal: AbortSignal;
}

/** A result that comes with a `description` beside it. */
export class Described {
  constructor(
    readonly result: unknown,
    readonly description: string,
  ) {}
}

export type Method = (caller: Caller, params: Record<string, unknown>) => unknown;

/** A method whose parameters are parsed first; the first mistake is the answer's description. */
export function method<Schema extends z.ZodType>(
  schema: Schema,
  run: (caller: Caller, params: z.output<Schema>) => unknown,
): Method {
  return (caller, params) => {
    const parsed = schema.safeParse(params);
    if (parsed.success) return run(caller, parsed.data);
    const { message, path } = parsed.error.issues[0]!;
    // zod's own words begin so; Telegram's were given with the schemas.
    throw badRequest(
      message.startsWith('Invalid input') ? `invalid parameter "${String(path[0])}" specified` : message,
    );
  };
}

/** A JSON object; an empty text is an empty one. Throws ApiError 400. */
export function jsonObject(source: string): Record<string, unknown> {
  if (!source) return {};
  let value: unknown;
  try {
    value = JSON.parse(source);
  } catch {
    throw badRequest("can't parse JSON object");
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw badRequest('expected an Object');
  return value as Record<string, unknown>;
}

/* Parameters that many methods share. A schema's message is what follows `Bad Request: ` in the answer. */

/** In forms and queries objects arrive as JSON strings. */
export const json = <T extends z.ZodType>(schema: T) => z.preprocess(parsedIfString, schema);

function parsedIfString(value: unknown): unknown {
  if (typeof value !== 'string') return value;
  try {
    return JSON.parse(value);
  } catch {
    return value;
  }
}

export const integer = (name: string, error = `invalid parameter "${name}" specified`) =>
  z.preprocess(
    (value) => (typeof value === 'string' && /^-?\d+$/.test(value) ? Number(value) : value),
    z.number({ error }).int(),
  );

export const decimal = (name: string) =>
  z.preprocess(
    (value) => (typeof value === 'string' && value.trim() !== '' ? Number(value) : value),
    z.number({ error: `invalid parameter "${name}" specified` }),
  );

export const flag = z.preprocess(
  (value) => (typeof value === 'string' ? /^(true|yes|1)$/i.test(value) : value === true || value === 1),
  z.boolean(),
);

const isUnicode = (value: unknown) => typeof value !== 'string' || value.isWellFormed();

/** Scalars of a JSON body are taken as text, as Telegram does. */
export const string = z.preprocess(
  (value) => (typeof value === 'number' || typeof value === 'boolean' ? String(value) : value),
  z.string().refine(isUnicode, 'strings must be encoded in UTF-8'),
);

export const chatId = z
  .union([z.number(), z.string()], { error: 'chat_id is empty' })
  .transform((value) => String(value).trim())
  .refine((value) => value !== '', 'chat_id is empty')
  .transform((value) => (/^-?\d+$/.test(value) ? Number(value) : value));

const NO_MESSAGE_ID = 'message identifier is not specified';
export const messageId = integer('message_id', NO_MESSAGE_ID).refine((id) => id > 0, NO_MESSAGE_ID);
export const messageIds = json(z.array(z.int()).min(1).max(100));

const entity = z.looseObject({ type: z.string(), offset: z.int(), length: z.int() }) as unknown as z.ZodType<Entity>;
export const entities = json(z.array(entity, { error: "can't parse entities JSON object" }));

export const text = { text: string.default(''), parse_mode: string.optional(), entities: entities.optional() };
export const caption = {
  caption: string.default(''),
  parse_mode: string.optional(),
  caption_entities: entities.optional(),
};

/** More than this is refused; Telegram's own bound is not published. */
const MAX_MARKUP = 10_000;

/** Telegram counts bytes of UTF-8 here, not characters. */
const MAX_CALLBACK_DATA = 64;

const ACTIONS = [
  'url',
  'callback_data',
  'web_app',
  'login_url',
  'switch_inline_query',
  'switch_inline_query_current_chat',
  'switch_inline_query_chosen_chat',
  'copy_text',
  'callback_game',
  'pay',
  'disabled',
];

const button = z
  .looseObject(
    { text: z.string({ error: 'can\'t parse inline keyboard button: Can\'t find field "text"' }) },
    { error: "can't parse inline keyboard button: Expected an Object" },
  )
  .superRefine((value, ctx) => {
    const actions = ACTIONS.filter((action) => value[action] !== undefined);
    const data = value.callback_data;
    const mistake = mistakeIn('inline keyboard button', value);
    if (actions.length === 0) {
      const reason = 'Text buttons are unallowed in the inline keyboard';
      ctx.addIssue({ code: 'custom', message: `can't parse inline keyboard button: ${reason}` });
    } else if (mistake) {
      ctx.addIssue({ code: 'custom', message: mistake });
    } else if (data !== undefined) {
      const bytes = typeof data === 'string' ? Buffer.byteLength(data) : 0;
      if (bytes < 1 || bytes > MAX_CALLBACK_DATA) ctx.addIssue({ code: 'custom', message: 'BUTTON_DATA_INVALID' });
    }
  });

const inlineKeyboardObject = z.looseObject({
  inline_keyboard: z.array(z.array(button, { error: "can't parse inline keyboard row" }), {
    error: "can't parse inline keyboard markup JSON object",
  }),
});
export const inlineKeyboard = json(inlineKeyboardObject);

/** What is wrong with the words of a button or a key, or with where it leads. */
function mistakeIn(what: string, { text, url, web_app: webApp }: Record<string, unknown>): string | undefined {
  if (!isUnicode(text)) return `${what} text must be encoded in UTF-8`;
  const { url: page } = (webApp ?? {}) as { url?: unknown };
  const wrong = linkMistake(url) ?? linkMistake(page, { needsTls: true });
  return wrong && `${what} ${url === undefined ? 'Web App ' : ''}URL '${String(url ?? page)}' is invalid: ${wrong}`;
}

const otherKeyboard = z
  .looseObject({})
  .refine(
    (value) =>
      'keyboard' in value || 'remove_keyboard' in value || 'force_reply' in value || !Object.keys(value).length,
    "can't parse reply keyboard markup JSON object",
  )
  .superRefine(({ keyboard }, ctx) => {
    const keys = (Array.isArray(keyboard) ? keyboard.flat() : []) as (string | Record<string, unknown>)[];
    for (const key of keys) {
      const mistake = mistakeIn('keyboard button', typeof key === 'string' ? { text: key } : key);
      if (mistake) ctx.addIssue({ code: 'custom', message: mistake });
    }
  });

/** An inline keyboard, a reply keyboard, its removal or a forced reply; `{}` says nothing and means nothing. */
const replyMarkup = json(
  z
    .looseObject({}, { error: 'object expected as reply markup' })
    .refine((value) => JSON.stringify(value).length <= MAX_MARKUP, 'reply markup is too long')
    .transform((value, ctx) => {
      const checked = ('inline_keyboard' in value ? inlineKeyboardObject : otherKeyboard).safeParse(value);
      if (checked.success) return checked.data;
      ctx.addIssue({ code: 'custom', message: checked.error.issues[0]!.message });
      return z.NEVER;
    }),
);

/** What every method that sends takes; `reply_to_message_id` is older and still sent by stock clients. */
export const sending = {
  chat_id: chatId,
  message_thread_id: integer('message_thread_id').optional(),
  reply_parameters: json(
    z.looseObject({
      message_id: z.int(),
      allow_sending_without_reply: z.boolean().optional(),
      quote: z.string().optional(),
      quote_position: z.int().optional(),
    }),
  ).optional(),
  reply_to_message_id: integer('reply_to_message_id').optional(),
  allow_sending_without_reply: flag.optional(),
  reply_markup: replyMarkup.optional(),
};

export interface Sending {
  chat_id: number | string;
  message_thread_id?: number;
  reply_parameters?: {
    message_id: number;
    allow_sending_without_reply?: boolean;
    quote?: string;
    quote_position?: number;
  };
  reply_to_message_id?: number;
  allow_sending_without_reply?: boolean;
  reply_markup?: object;
}

/** Where the message goes and what it answers, for `Messenger.send`. Throws what Telegram says when it cannot. */
export function placeOf({ telegram, bot }: Caller, params: Sending): { conversation: Conversation; about: Placed } {
  const conversation = telegram.messenger.writable(bot, params.chat_id);
  const topic = conversation.topics.find(({ id }) => id === params.message_thread_id);
  if (params.message_thread_id !== undefined && !topic) throw badRequest('message thread not found');
  if (topic?.closed && !conversation.admins.includes(bot.id)) throw badRequest('TOPIC_CLOSED');
  const { reply_parameters: reply } = params;
  const id = reply?.message_id ?? params.reply_to_message_id;
  const replied = id === undefined ? undefined : telegram.messenger.find(conversation, id);
  const mayBeMissing = reply?.allow_sending_without_reply ?? params.allow_sending_without_reply;
  if (id !== undefined && !replied && !mayBeMissing) throw badRequest('message to be replied not found');
  const quoted =
    replied && reply?.quote !== undefined ? quoteOf(replied.text ?? replied.caption ?? '', reply) : undefined;
  return {
    conversation,
    about: {
      ...(replied && { replyTo: replied.id }),
      ...(quoted && { extra: { quote: quoted } }),
      ...(params.message_thread_id !== undefined && { threadId: params.message_thread_id }),
      ...(params.reply_markup && { replyMarkup: params.reply_markup }),
    },
  };
}

export interface Placed {
  replyTo?: number;
  threadId?: number;
  replyMarkup?: object;
  extra?: { quote: { text: string; position: number; is_manual: true } };
}

/** The quote has to stand in the message word for word; the place nearest to the one that was named is taken. */
export function quoteOf(said: string, { quote = '', quote_position = 0 }: { quote?: string; quote_position?: number }) {
  const places = [said.lastIndexOf(quote, quote_position), said.indexOf(quote, quote_position)].filter((at) => at >= 0);
  const position = places.sort((a, b) => Math.abs(a - quote_position) - Math.abs(b - quote_position))[0];
  if (!quote || position === undefined) throw badRequest('QUOTE_TEXT_INVALID');
  return { text: quote, position, is_manual: true as const };
}
