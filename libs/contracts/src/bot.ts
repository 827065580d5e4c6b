import { z } from 'zod';
import { Locale } from './locale';
import { ownMessage, unknownTimeZone } from './own-message';
import { Features } from './payments.shapes';
import { BotId, Channel } from './shapes';

/** US dollars, or `unlimited` in so many words: an empty budget must never mean that everything may be spent. */
const Budget = z
  .union([z.number().nonnegative(), z.literal('unlimited')])
  .describe('US dollars; 0 allows nothing, "unlimited" has no limit; the standard of the service when absent.');
export type Budget = z.output<typeof Budget>;

const BudgetLimits = z.strictObject({ personPerDayUsd: Budget.optional(), botPerMonthUsd: Budget.optional() });

/** What may be spent; a day and a month are those of the bot's time zone. */
export const BotBudgets = BudgetLimits.extend({
  speech: BudgetLimits.prefault({}).describe('Spoken answers and voice messages, counted apart from models.'),
});
export type BotBudgets = z.output<typeof BotBudgets>;

/** `09:00-18:30`; `24:00` is the end of the day. */
const OpenFromTo = z
  .string()
  .regex(
    /^([01]\d|2[0-3]):[0-5]\d-(([01]\d|2[0-3]):[0-5]\d|24:00)$/,
    ownMessage('Hours are written as 09:00-18:30.', 'Часы пишутся так: 09:00-18:30.'),
  )
  .refine(
    (hours) => hours.slice(0, 5) < hours.slice(6),
    ownMessage('This ends before it begins.', 'Конец раньше начала.'),
  );
const OpenOnDay = z.array(OpenFromTo).describe('Empty: closed.');

/** When somebody is there, in the bot's time zone. A day that is not named is closed. */
export const OpeningHours = z.strictObject({
  mon: OpenOnDay.default([]),
  tue: OpenOnDay.default([]),
  wed: OpenOnDay.default([]),
  thu: OpenOnDay.default([]),
  fri: OpenOnDay.default([]),
  sat: OpenOnDay.default([]),
  sun: OpenOnDay.default([]),
  exceptions: z.record(z.iso.date(), OpenOnDay).default({}).describe('Single days that differ, such as holidays.'),
});
export type OpeningHours = z.output<typeof OpeningHours>;

/** An IANA name. */
export const TimeZone = z.string().refine(isTimeZone, unknownTimeZone);

/**
 * What all services know of a bot. Beside these fields a description holds sections (`channel`, `assistant`, `texts`,
 * `access`, …) whose shape is that of the service that reads them; the others pass them over.
 */
export const BotDescription = z.object({
  name: z.string().min(1).max(64).describe('How the bot calls itself.'),
  brand: BotId.optional().describe(
    'The home bot of the shop to which this account belongs: they share knowledge, prompts, catalogue, budgets and conversations. Absent: the bot itself.',
  ),
  channel: z
    .looseObject({
      kind: Channel,
      apiRoot: z.string().optional().describe('The server of the channel; "sandbox" for one that is played.'),
    })
    .describe('Where people meet it; the rest of the section is for the adapter of that channel.'),
  products: z
    .array(
      z
        .string()
        .regex(
          /^[a-z][a-z0-9-]*$/,
          ownMessage(
            'A product is written in small letters, digits and hyphens: assistant.',
            'Продукт пишется строчными латинскими буквами, цифрами и дефисом: assistant.',
          ),
        ),
    )
    .min(1)
    .default(['assistant'])
    .describe('What it offers, in the order in which a message is shown to them.'),
  languages: z
    .array(Locale)
    .min(1)
    .optional()
    .describe(
      'Spoken to people, the first to those whose own is not among them; all that there are texts for when absent.',
    ),
  timeZone: TimeZone.default('UTC'),
  hours: OpeningHours.optional(),
  voice: z
    .strictObject({
      mode: z.enum(['off', 'also']).default('off').describe('Whether a new chat gets spoken answers as well.'),
      name: z.string().min(1).optional().describe("The engine's name of a voice; its usual one when absent."),
    })
    .prefault({}),
  budgets: BotBudgets.prefault({}),
  freeFeatures: Features.optional().describe(
    'What people may have who pay for nothing, as {"chat.micros-per-day": 20000}; a plan brings its own values. Without it nobody is held to what they pay for.',
  ),
});
export type BotDescription = z.output<typeof BotDescription>;

/** One bot of the installation. */
export interface Bot extends BotDescription {
  readonly id: z.output<typeof BotId>;
  /** Changes with anything in the description or in the secrets it names. */
  readonly revision: string;
  /** What people write is kept until it goes on. Only bots that the gateway keeps can be paused. */
  readonly isPaused: boolean;
}

/**
 * Which services read a section of a description. A service starts with no other sections than these, and the gateway gives secrets
 * of a section to nobody else.
 */
export const BOT_SECTION_READERS: Readonly<Record<string, readonly string[]>> = {
  channel: ['bot-adapter'],
  access: ['bot-adapter'],
  texts: ['bot-adapter'],
  menu: ['bot-adapter'],
  accepts: ['bot-adapter'],
  assistant: ['chat-ai'],
  payments: ['payments'],
  shop: ['bot-adapter'],
  staff: ['bot-adapter', 'chat-ai'],
  desk: ['chat-ai'],
  store: ['bot-adapter', 'payments'],
};

/** Where the token of a bot's channel is in its description. No two bots share one: they would take each other's messages away. */
export const CHANNEL_TOKEN = 'channel.token';

/** Whether only people of the sandbox can talk to it: to them alone pretended models may answer. */
export const livesInSandbox = ({ channel }: Pick<BotDescription, 'channel'>): boolean => channel.apiRoot === 'sandbox';

function isTimeZone(name: string): boolean {
  // An offset such as +03:00 is no zone: it knows no summer time, and Postgres reads its sign the other way round.
  if (!/^[A-Za-z]/.test(name)) return false;
  try {
    return Boolean(new Intl.DateTimeFormat('en', { timeZone: name }));
  } catch {
    return false;
  }
}
