import { z } from 'zod';
import { LocalizedText } from './api.shapes';
import { Locale } from './locale';
import { Money } from './money';
import { LevelName } from './payments.shapes';
import { Channel } from './shapes';

/** Longer than anything is looked back for. */
const Days = z.int().min(0).max(3660);

/** What a link says to a bot: Telegram takes so many, and no other characters. */
export const StartParameter = z
  .string()
  .regex(/^[A-Za-z0-9_-]{1,64}$/)
  .meta({ id: 'StartParameter', description: 'What a bot is told by whoever follows a link: `?start=<this>`.' });

const SinceDays = z
  .object({
    within: Days.optional().describe('So many days ago at most.'),
    before: Days.optional().describe('Longer ago than so many days.'),
  })
  .refine(({ within, before }) => within !== undefined || before !== undefined, { error: 'needs a number of days' })
  .refine(({ within, before }) => within === undefined || before === undefined || before < within, {
    error: 'leaves no day',
    path: ['before'],
  })
  .meta({ id: 'SinceDays' });
export type SinceDays = z.output<typeof SinceDays>;

/** What bot-adapter knows of people. Each that is named has to hold. */
export const PeopleCriteria = z
  .object({
    languages: z.array(Locale).min(1).max(20).optional().describe('Spoken in their chat with the bot.'),
    channels: z.array(Channel).min(1).max(20).optional(),
    firstSeen: SinceDays.optional(),
    lastSeen: SinceDays.optional(),
    cameBy: z.array(StartParameter).min(1).max(50).optional().describe('By one of these links, at any time.'),
  })
  .meta({ id: 'PeopleCriteria' });
export type PeopleCriteria = z.output<typeof PeopleCriteria>;

/** What a person has of a bot. Closed: another word would choose other people. */
export const CustomerState = z
  .enum(['none', 'trial', 'active', 'grace', 'expired'])
  .meta({ id: 'CustomerState', description: '"none": never anything; "expired": nothing any more.' });

/** What payments knows of people. Each that is named has to hold. */
export const CustomerCriteria = z
  .object({
    states: z.array(CustomerState).min(1).optional().describe('One of these.'),
    levels: z.array(LevelName).min(1).max(20).optional().describe('Served with one of these.'),
    planIds: z.array(z.uuid()).min(1).max(50).optional().describe('Served with one of these.'),
    endsWithinDays: Days.optional().describe('Paid or tried until then.'),
    endedDaysAgo: z
      .object({ from: Days, to: Days })
      .refine(({ from, to }) => from <= to, { error: 'ends before it begins', path: ['to'] })
      .optional()
      .describe('And is not served since.'),
    neverBought: z.literal(true).optional(),
    boughtWithinDays: Days.optional(),
    spentAtLeast: Money.optional().describe(
      'In this currency, less what went back; top-ups are spent once something is bought.',
    ),
  })
  .meta({ id: 'CustomerCriteria' });
export type CustomerCriteria = z.output<typeof CustomerCriteria>;

export const Segment = z
  .object({ people: PeopleCriteria.optional(), customers: CustomerCriteria.optional() })
  .meta({ id: 'Segment', description: 'Which people of a bot; all of them without any criteria.' });
export type Segment = z.output<typeof Segment>;

/** Whether payments has to be asked. */
export const asksForCustomers = ({ customers }: Segment): boolean =>
  customers !== undefined && Object.values(customers).some((criterion) => criterion !== undefined);

/** As replies have it. One message of any channel holds it. */
export const MessageText = LocalizedText.extend({
  en: z.string().trim().min(1).max(3000),
  ru: z.string().trim().min(1).max(3000),
}).meta({ id: 'MessageText', description: 'Markdown, in both languages.' });
