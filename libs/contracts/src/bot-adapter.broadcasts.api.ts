import { z } from 'zod';
import { Instant, PageQuery, pageOf, queryList } from './api.shapes';
import { defineRoute } from './define-route';
import { openWord } from './open-word';
import { MessageText, Segment, StartParameter } from './segments';
import { BotId } from './shapes';

// What staff tell many people at once, and how a person does without.

/** How far a broadcast is: closed, as it decides who is written to. */
export const BroadcastState = z
  .enum(['draft', 'scheduled', 'running', 'paused', 'done', 'stopped'])
  .meta({ id: 'bot-adapter.BroadcastState' });
export type BroadcastState = z.output<typeof BroadcastState>;

const Label = z.string().trim().min(1).max(60);

const BroadcastButton = z
  .object({
    label: z.object({ en: Label, ru: Label }),
    opens: z.discriminatedUnion('kind', [
      z.object({ kind: z.literal('link'), url: z.url({ protocol: /^https$/ }).max(1000) }),
      z
        .object({ kind: z.literal('start'), parameter: StartParameter.nullable() })
        .describe('As if the person had followed that link; null: that of the campaign.'),
    ]),
  })
  .meta({ id: 'bot-adapter.BroadcastButton' });
export type BroadcastButton = z.output<typeof BroadcastButton>;

/** Why somebody of the segment got nothing. */
export const BroadcastSkip = openWord(['news_off', 'blocked', 'restricted', 'no_chat', 'stopped'], {
  id: 'bot-adapter.BroadcastSkip',
  description: '"news_off": they want no news from the bot; "stopped": the broadcast was, before it was their turn.',
});

const Count = z.int().min(0);

const Results = z
  .object({
    total: Count.describe('People of the segment.'),
    waiting: Count.describe('Not handed to the channel yet, for the most part because it is night.'),
    sent: Count,
    failed: z.record(z.string(), Count).describe('By reason.'),
    skipped: z.record(z.string(), Count).describe('By reason.'),
  })
  .meta({ id: 'bot-adapter.BroadcastResults' });

const content = {
  title: z.string().trim().min(1).max(120).describe('For staff.'),
  text: MessageText,
  buttons: z.array(BroadcastButton).max(6).default([]),
  campaign: StartParameter.nullable().default(null).describe('Whose link the buttons open that name no other.'),
  segment: Segment,
};

const Broadcast = z
  .object({
    id: z.uuid(),
    botId: BotId,
    ...content,
    buttons: z.array(BroadcastButton),
    campaign: StartParameter.nullable(),
    state: BroadcastState,
    startAt: Instant.nullable(),
    atMost: z.int().nullable().describe('How many people it was allowed for.'),
    isCut: z.boolean().describe('The segment had more people by then, who get nothing.'),
    createdBy: z.string(),
    createdAt: Instant,
    startedAt: Instant.nullable(),
    endedAt: Instant.nullable(),
    results: Results.nullable().describe('Null before it runs.'),
    revision: z.int(),
  })
  .meta({ id: 'bot-adapter.Broadcast', description: 'A message to many people of a bot.' });

const needsCampaign = {
  check: ({ buttons, campaign }: { buttons: readonly BroadcastButton[]; campaign: string | null }) =>
    campaign !== null || buttons.every(({ opens }) => opens.kind !== 'start' || opens.parameter !== null),
  how: { error: 'is needed where a button names no parameter', path: ['campaign'] },
};

const one = {
  params: z.object({ broadcastId: z.uuid() }),
  bots: 'filtered',
  problems: { 'bot-adapter.broadcast_not_found': 404 },
} as const;
const changed = {
  ...one,
  answer: Broadcast,
  etag: 'revision',
  problems: { ...one.problems, 'bot-adapter.broadcast_state_refused': 409 },
} as const;

export const ListBroadcasts = defineRoute({
  id: 'bot-adapter.broadcasts.list',
  method: 'GET',
  path: '/broadcasts',
  summary: 'What was written to many people or is to be, the newest first.',
  permission: 'broadcasts:read',
  bots: 'filtered',
  query: PageQuery.extend({ botId: BotId.optional(), state: queryList(BroadcastState).optional() }),
  answer: pageOf(Broadcast),
});

export const CreateBroadcast = defineRoute({
  id: 'bot-adapter.broadcasts.create',
  method: 'POST',
  path: '/broadcasts',
  summary: 'Drafts a message to many people.',
  permission: 'broadcasts:write',
  bots: 'body.botId',
  idempotent: true,
  status: 201,
  body: z.object({ botId: BotId, ...content }).refine(needsCampaign.check, needsCampaign.how),
  answer: Broadcast,
  problems: { 'bot-adapter.unknown_bot': 404 },
});

export const ReadBroadcast = defineRoute({
  ...one,
  id: 'bot-adapter.broadcasts.read',
  method: 'GET',
  path: '/broadcasts/{broadcastId}',
  summary: 'A broadcast, and how far it is.',
  permission: 'broadcasts:read',
  answer: Broadcast,
  etag: 'revision',
});

export const ChangeBroadcast = defineRoute({
  ...changed,
  id: 'bot-adapter.broadcasts.change',
  method: 'PUT',
  path: '/broadcasts/{broadcastId}',
  summary: 'Changes a draft.',
  permission: 'broadcasts:write',
  ifMatch: true,
  body: z.object(content).refine(needsCampaign.check, needsCampaign.how),
});

export const DiscardBroadcast = defineRoute({
  ...one,
  id: 'bot-adapter.broadcasts.discard',
  method: 'DELETE',
  path: '/broadcasts/{broadcastId}',
  summary: 'Throws a draft away.',
  permission: 'broadcasts:write',
  problems: changed.problems,
});

export const CountSegment = defineRoute({
  id: 'bot-adapter.segments.count',
  method: 'POST',
  path: '/segments/count',
  summary: 'How many people a segment has now, and how many of them a message would reach.',
  permission: 'broadcasts:read',
  bots: 'body.botId',
  cost: 10,
  body: z.object({ botId: BotId, segment: Segment }),
  answer: z.object({
    people: Count,
    reached: Count,
    isComplete: z.boolean().describe('False where counting took too long: there are more.'),
  }),
  problems: { 'bot-adapter.unknown_bot': 404, 'bot-adapter.customers_unavailable': 503 },
});

/** To so many people one member of staff may write alone. */
export const BROADCAST_ALONE = 1000;

export const SendBroadcast = defineRoute({
  ...changed,
  id: 'bot-adapter.broadcasts.send',
  method: 'POST',
  path: '/broadcasts/{broadcastId}/send',
  summary: 'Begins a broadcast now or at a time. More than a thousand people need a second member of staff.',
  permission: 'broadcasts:send',
  ifMatch: true,
  body: z.object({
    at: Instant.optional().describe('Now without it.'),
    atMost: z.int().min(1).max(10_000_000).describe('People it may go to, by what was counted.'),
  }),
  approval: ({ body }) => (body as { atMost: number }).atMost > BROADCAST_ALONE,
});

const step = { ...changed, method: 'POST', permission: 'broadcasts:send' } as const;

export const UnscheduleBroadcast = defineRoute({
  ...step,
  id: 'bot-adapter.broadcasts.unschedule',
  path: '/broadcasts/{broadcastId}/unschedule',
  summary: 'Makes a draft again of what was to be sent later.',
});

export const PauseBroadcast = defineRoute({
  ...step,
  id: 'bot-adapter.broadcasts.pause',
  path: '/broadcasts/{broadcastId}/pause',
  summary: 'Hands nothing more to the channel until it goes on.',
});

export const ResumeBroadcast = defineRoute({
  ...step,
  id: 'bot-adapter.broadcasts.resume',
  path: '/broadcasts/{broadcastId}/resume',
  summary: 'Goes on with whoever has not had it.',
});

export const StopBroadcast = defineRoute({
  ...step,
  id: 'bot-adapter.broadcasts.stop',
  path: '/broadcasts/{broadcastId}/stop',
  summary: 'Ends it for good: who has not had it by now does not get it.',
});

const TimeOfDay = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/);

const NewsSettings = z
  .object({
    wanted: z.boolean().describe('News from the bot; what concerns what the person has is told all the same.'),
    quiet: z
      .object({ from: TimeOfDay, to: TimeOfDay })
      .nullable()
      .describe('No news meanwhile, never where both are the same; null: from ten in the evening to nine.'),
    timeZone: z
      .string()
      .max(60)
      .refine((name) => Intl.supportedValuesOf('timeZone').includes(name) || name === 'UTC')
      .nullable()
      .describe('Of the quiet hours; null: that of the bot.'),
  })
  .meta({ id: 'bot-adapter.NewsSettings' });

const ofMine = {
  query: z.object({ botId: BotId }),
  answer: NewsSettings,
  problems: { 'bot-adapter.contact_not_found': 404 },
} as const;

export const ReadMyNewsSettings = defineRoute({
  ...ofMine,
  id: 'bot-adapter.news-settings.read-mine',
  method: 'GET',
  path: '/me/news-settings',
  summary: 'Whether you get news from a bot, and when not.',
  permission: 'me:read',
});

export const SetMyNewsSettings = defineRoute({
  ...ofMine,
  id: 'bot-adapter.news-settings.set-mine',
  method: 'PUT',
  path: '/me/news-settings',
  summary: 'Says whether you get news from a bot, and when not.',
  permission: 'me:write',
  body: NewsSettings,
});
