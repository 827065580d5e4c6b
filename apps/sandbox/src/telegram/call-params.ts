import { z } from 'zod';
import type { Entity } from './wire';

/** Parameters that many methods share. A schema's message is what follows `Bad Request: ` in the answer. */

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

export const flag = z.preprocess(
  (value) => (typeof value === 'string' ? /^(true|yes|1)$/i.test(value) : value === true || value === 1),
  z.boolean(),
);

/** Scalars of a JSON body are taken as text, as Telegram does. */
export const string = z.preprocess(
  (value) => (typeof value === 'number' || typeof value === 'boolean' ? String(value) : value),
  z.string(),
);

export const chatId = z
  .union([z.number(), z.string()], { error: 'chat_id is empty' })
  .transform((value) => String(value).trim())
  .refine((value) => value !== '', 'chat_id is empty')
  .transform((value) => (/^-?\d+$/.test(value) ? Number(value) : value));

const NO_MESSAGE_ID = 'message identifier is not specified';
export const messageId = integer('message_id', NO_MESSAGE_ID).refine((id) => id > 0, NO_MESSAGE_ID);

const entity = z.looseObject({ type: z.string(), offset: z.int(), length: z.int() }) as unknown as z.ZodType<Entity>;
export const entities = json(z.array(entity, { error: "can't parse entities JSON object" }));

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
];

const button = z
  .looseObject(
    { text: z.string({ error: 'can\'t parse inline keyboard button: Can\'t find field "text"' }) },
    { error: "can't parse inline keyboard button: Expected an Object" },
  )
  .superRefine((value, ctx) => {
    const actions = ACTIONS.filter((action) => value[action] !== undefined);
    const data = value.callback_data;
    if (actions.length === 0) {
      const reason = 'Text buttons are unallowed in the inline keyboard';
      ctx.addIssue({ code: 'custom', message: `can't parse inline keyboard button: ${reason}` });
    } else if (data !== undefined) {
      const bytes = typeof data === 'string' ? Buffer.byteLength(data) : 0;
      if (bytes < 1 || bytes > MAX_CALLBACK_DATA) ctx.addIssue({ code: 'custom', message: 'BUTTON_DATA_INVALID' });
    }
  });

export const inlineKeyboard = z.looseObject({
  inline_keyboard: z.array(z.array(button, { error: "can't parse inline keyboard row" }), {
    error: "can't parse inline keyboard markup JSON object",
  }),
});

const otherKeyboard = z
  .looseObject({})
  .refine(
    (value) =>
      'keyboard' in value || 'remove_keyboard' in value || 'force_reply' in value || !Object.keys(value).length,
    "can't parse reply keyboard markup JSON object",
  );

/** An inline keyboard, a reply keyboard, its removal or a forced reply; `{}` says nothing and means nothing. */
export const replyMarkup = json(
  z
    .looseObject({}, { error: 'object expected as reply markup' })
    .refine((value) => JSON.stringify(value).length <= MAX_MARKUP, 'reply markup is too long')
    .transform((value, ctx) => {
      const checked = ('inline_keyboard' in value ? inlineKeyboard : otherKeyboard).safeParse(value);
      if (checked.success) return checked.data;
      ctx.addIssue({ code: 'custom', message: checked.error.issues[0]!.message });
      return z.NEVER;
    }),
);

/** `reply_parameters`, and the older `reply_to_message_id` that stock clients still send. */
export const replying = {
  reply_parameters: json(
    z.looseObject({ message_id: z.int(), allow_sending_without_reply: z.boolean().optional() }),
  ).optional(),
  reply_to_message_id: integer('reply_to_message_id').optional(),
  allow_sending_without_reply: flag.optional(),
};

export interface Replying {
  reply_parameters?: { message_id: number; allow_sending_without_reply?: boolean };
  reply_to_message_id?: number;
  allow_sending_without_reply?: boolean;
}
