import { z } from 'zod';

/** A person as the channel knows them: their id there, or `@name`. */
const Person = z.string().min(1);

/** Who may talk to a bot, and how much. */
export const AccessSection = z
  .strictObject({
    allow: z.array(Person).optional().describe('Only these people; everybody when absent.'),
    block: z.array(Person).default([]).describe('These people get no answer, and nothing of theirs is kept.'),
    flood: z
      .strictObject({
        burst: z.int().min(1).default(20).describe('Messages and presses of one person at once.'),
        perMinute: z.number().positive().default(20).describe('And then so many a minute; what is more is not read.'),
      })
      .prefault({}),
  })
  .prefault({});
export type AccessSection = z.output<typeof AccessSection>;

/** What the bot says in words of its own: by language, `<catalogue>.<key>` → text, for example `assistant.start.greeting`. */
export const TextsSection = z
  .record(z.string(), z.record(z.string().regex(/^[\w-]+\./), z.string().min(1)))
  .prefault({});

const CommandName = z.string().regex(/^[a-z0-9_]{1,32}$/, 'is not a command: 1 to 32 of a-z, 0-9 and _');
const CommandText = z.strictObject({ description: z.string().min(1).max(256), text: z.string().min(1) });

/** The bot's commands. */
export const MenuSection = z
  .strictObject({
    commands: z.array(CommandName).optional().describe('Those in the menu, in this order; all when absent.'),
    own: z
      .record(CommandName, z.record(z.string(), CommandText))
      .default({})
      .describe('Commands that show a text (Markdown), by language.'),
    openers: z
      .record(z.string(), z.array(z.string().trim().min(1).max(80)).max(4))
      .default({})
      .describe(
        'Questions that a person who has said nothing yet can ask by a press, where the channel shows some; by language.',
      ),
    underAnswers: z
      .array(z.enum(['rate', 'again']))
      .default(['rate', 'again'])
      .describe('What can be done with an answer in a private chat: say what it was worth, ask for another one.'),
  })
  .prefault({});
export type MenuSection = z.output<typeof MenuSection>;

const Membership = z.strictObject({
  chat: z
    .string()
    .regex(/^(@\w{4,}|-?\d{1,20})$/, 'is neither an @name nor the id of a chat')
    .describe('Where the bot is an administrator.'),
  url: z.url().describe('By which people join it.'),
  graceHours: z.int().min(0).max(720).default(24).describe('Who has left is told so long before their access rests.'),
});
const TimeOfDay = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'is not written as 22:00');

/** How a bot sells. */
export const ShopSection = z
  .strictObject({
    supportUrl: z.url().optional().describe('Where people write to who want a person.'),
    membership: Membership.optional().describe('A channel in which everybody has to be.'),
    quiet: z
      .strictObject({ from: TimeOfDay.default('22:00'), to: TimeOfDay.default('09:00') })
      .prefault({})
      .describe(
        'In the time zone of the bot, for who has named no hours of their own: what can wait is not said meanwhile. The same time twice: never.',
      ),
  })
  .prefault({});
export type ShopSection = z.output<typeof ShopSection>;

/** Where the staff of a bot are told what happens: a group of the bot, and a topic of it for each kind. */
export const StaffSection = z
  .strictObject({
    chat: z
      .string()
      .min(1)
      .max(200)
      .describe("The channel's own id of the group; somebody has to have written to the bot there."),
    topics: z
      .strictObject({
        purchases: z.string().optional(),
        failures: z.string().optional(),
        payouts: z.string().optional(),
        servers: z.string().optional(),
        support: z.string().optional(),
      })
      .prefault({})
      .describe("The channel's own ids of topics; what has none is said outside of topics."),
  })
  .optional();
export type StaffSection = NonNullable<z.output<typeof StaffSection>>;

/** What the bot understands beside text: whatever answers it has to be able to read that. The standard is what chat-ai can. */
export const AcceptsSection = z
  .array(z.enum(['voice', 'audio', 'photo', 'document']))
  .default(['voice', 'photo', 'document']);
export type AcceptsSection = z.output<typeof AcceptsSection>;
