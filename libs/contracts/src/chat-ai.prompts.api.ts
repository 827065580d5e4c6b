import { z } from 'zod';
import { Instant, PageQuery, pageOf } from './api.shapes';
import { defineRoute, eventStream } from './define-route';
import { Locale } from './locale';
import { BotId, CostMicros } from './shapes';

const PromptText = z.string().trim().min(1).max(20_000);
const Note = z.string().trim().max(500);
const Why = z.string().trim().min(3).max(500);
const Author = z.string().nullable().describe('The member of staff or the API key.');

const ofBot = { params: z.object({ botId: BotId }), bots: 'params.botId' } as const;
const reading = { ...ofBot, permission: 'prompts:read' } as const;
const writing = { ...ofBot, permission: 'prompts:write' } as const;
const unknownBot = { 'chat-ai.bot_not_found': 404 } as const;
const unknownPrompt = { 'chat-ai.prompt_not_found': 404 } as const;
const unknownDraft = { 'chat-ai.prompt_draft_not_found': 404 } as const;

const Scenario = z
  .string()
  .regex(/^[a-z][a-z0-9-]{0,39}$/)
  .default('all')
  .describe('"all": what is told in any case; else what is told besides to messages that are about this.');
const ofScenario = { query: z.object({ scenario: Scenario }) } as const;
const PageOfScenario = PageQuery.extend({ scenario: Scenario });

const PromptVersion = z
  .object({
    id: z.uuid(),
    scenario: z.string(),
    version: z.int().describe('Counted for each bot from 1.'),
    origin: z.enum(['description', 'console']).describe('Where the text was first seen.'),
    characters: z.int(),
    note: z.string().nullable().describe('What is new in it, in the words of who wrote it.'),
    createdAt: Instant,
    createdBy: Author.describe("Null of a text out of the bot's description."),
    isInForce: z.boolean(),
  })
  .meta({ id: 'chat-ai.PromptVersion', description: 'A version of what the assistant is told. It never changes.' });

const Prompt = PromptVersion.extend({ text: z.string() }).meta({ id: 'chat-ai.Prompt' });

const PromptRelease = z
  .object({
    id: z.uuid(),
    number: z.int().describe('Counted for each bot from 1.'),
    action: z
      .enum(['published', 'rolled_back', 'withdrawn'])
      .describe('"rolled_back": to a version that is older. "withdrawn": the description counts again.'),
    prompt: z.object({ id: z.uuid(), version: z.int() }).nullable(),
    why: z.string(),
    releasedAt: Instant,
    releasedBy: Author,
  })
  .meta({ id: 'chat-ai.PromptRelease' });

const PromptInForce = z
  .object({
    botId: BotId,
    scenario: z.string(),
    source: z
      .enum(['description', 'console'])
      .describe("A prompt that was published goes before the text of the bot's description until it is withdrawn."),
    prompt: Prompt,
    release: PromptRelease.nullable().describe('The last one, which is why; null when there was none.'),
    described: Prompt.describe("What the bot's description says. It is read only here."),
    revision: z.int().describe('The number of the last release, 0 before the first.'),
  })
  .meta({ id: 'chat-ai.PromptInForce' });

export const ReadPromptInForce = defineRoute({
  ...reading,
  id: 'chat-ai.prompt-in-force.read',
  method: 'GET',
  path: '/prompts/{botId}',
  summary: 'What the assistant of a bot is told now, and why it is this version.',
  ...ofScenario,
  answer: PromptInForce,
  problems: unknownBot,
  etag: 'revision',
});

export const ListPromptVersions = defineRoute({
  ...reading,
  id: 'chat-ai.prompt-versions.list',
  method: 'GET',
  path: '/prompts/{botId}/versions',
  summary: 'The versions of the prompt of a bot, the latest first, without their texts.',
  query: PageOfScenario,
  answer: pageOf(PromptVersion),
  problems: unknownBot,
});

export const ReadPromptVersion = defineRoute({
  ...reading,
  id: 'chat-ai.prompt-versions.read',
  method: 'GET',
  path: '/prompts/{botId}/versions/{promptId}',
  summary: 'A version with its text.',
  params: z.object({ botId: BotId, promptId: z.uuid() }),
  answer: Prompt,
  problems: { ...unknownBot, ...unknownPrompt },
});

export const ListPromptReleases = defineRoute({
  ...reading,
  id: 'chat-ai.prompt-releases.list',
  method: 'GET',
  path: '/prompts/{botId}/releases',
  summary: 'What was in force when, by whom and why, the latest first.',
  query: PageOfScenario,
  answer: pageOf(PromptRelease),
});

export const PublishPrompt = defineRoute({
  ...writing,
  id: 'chat-ai.prompt-releases.publish',
  method: 'POST',
  path: '/prompts/{botId}/releases',
  summary:
    'Puts a draft or any version there was, to roll back, in force: from the next turn on, within two seconds in every process.',
  body: z
    .object({
      promptId: z.uuid().optional(),
      draft: z
        .object({ id: z.uuid(), revision: z.int().describe('The one that was looked at.') })
        .optional()
        .describe('It becomes a version, and is a draft no longer.'),
      why: Why,
      scenario: Scenario,
    })
    .refine(({ promptId, draft }) => (promptId === undefined) !== (draft === undefined), {
      error: 'name either a version or a draft',
      path: ['promptId'],
    }),
  answer: PromptInForce,
  status: 201,
  problems: { ...unknownBot, ...unknownPrompt, ...unknownDraft, 'chat-ai.prompt_draft_changed': 409 },
  idempotent: true,
  ifMatch: true,
  etag: 'revision',
});

export const WithdrawPrompt = defineRoute({
  ...writing,
  id: 'chat-ai.prompt-releases.withdraw',
  method: 'POST',
  path: '/prompts/{botId}/releases/withdraw',
  summary: "Lets the text of the bot's description count again.",
  body: z.object({ why: Why, scenario: Scenario }),
  answer: PromptInForce,
  status: 201,
  problems: { ...unknownBot, 'chat-ai.prompt_not_published': 409 },
  idempotent: true,
  ifMatch: true,
  etag: 'revision',
});

const PromptDraft = z
  .object({
    id: z.uuid(),
    scenario: z.string(),
    basedOn: z.object({ id: z.uuid(), version: z.int() }).nullable(),
    text: z.string(),
    note: z.string(),
    createdAt: Instant,
    createdBy: Author,
    changedAt: Instant,
    changedBy: Author,
    revision: z.int(),
  })
  .meta({ id: 'chat-ai.PromptDraft' });

const draft = { params: z.object({ botId: BotId, draftId: z.uuid() }), problems: unknownDraft } as const;

export const ListPromptDrafts = defineRoute({
  ...reading,
  id: 'chat-ai.prompt-drafts.list',
  method: 'GET',
  path: '/prompts/{botId}/drafts',
  summary: 'What is being written for a bot, the draft begun last first.',
  query: PageOfScenario,
  answer: pageOf(PromptDraft),
});

export const OpenPromptDraft = defineRoute({
  ...writing,
  id: 'chat-ai.prompt-drafts.open',
  method: 'POST',
  path: '/prompts/{botId}/drafts',
  summary: 'Begins a draft.',
  body: z.object({ text: PromptText, note: Note.default(''), basedOn: z.uuid().optional(), scenario: Scenario }),
  answer: PromptDraft,
  status: 201,
  problems: { ...unknownBot, ...unknownPrompt },
  idempotent: true,
  etag: 'revision',
});

export const ReadPromptDraft = defineRoute({
  ...reading,
  ...draft,
  id: 'chat-ai.prompt-drafts.read',
  method: 'GET',
  path: '/prompts/{botId}/drafts/{draftId}',
  summary: 'A draft.',
  answer: PromptDraft,
  etag: 'revision',
});

export const ChangePromptDraft = defineRoute({
  ...writing,
  ...draft,
  id: 'chat-ai.prompt-drafts.change',
  method: 'PATCH',
  path: '/prompts/{botId}/drafts/{draftId}',
  summary: 'Changes a draft.',
  body: z.object({ text: PromptText.optional(), note: Note.optional() }),
  answer: PromptDraft,
  etag: 'revision',
  ifMatch: true,
});

export const DiscardPromptDraft = defineRoute({
  ...writing,
  id: 'chat-ai.prompt-drafts.discard',
  method: 'DELETE',
  path: '/prompts/{botId}/drafts/{draftId}',
  summary: 'Throws a draft away.',
  params: draft.params,
});

const TryOutEvent = z
  .object({
    state: z.enum(['typing', 'done', 'failed']),
    text: z.string().describe('The whole answer so far, as Markdown; a later event replaces an earlier one.'),
    outcome: z.string().optional().describe('At the end: what the turn would have come to.'),
    model: z.string().optional(),
    passages: z
      .array(z.object({ id: z.string(), title: z.string(), heading: z.string() }))
      .optional()
      .describe('What of the knowledge base the model was given, in the order of the numbers by which it cites.'),
    contextTokens: z.int().optional(),
    inputTokens: z.int().optional(),
    cachedInputTokens: z.int().optional(),
    outputTokens: z.int().optional(),
    costMicros: CostMicros.optional(),
    firstTextMs: z.int().nullable().optional(),
    durationMs: z.int().optional(),
  })
  .meta({ id: 'chat-ai.TryOutEvent' });

export const TryPrompt = defineRoute({
  ...writing,
  id: 'chat-ai.prompts.try',
  method: 'POST',
  path: '/prompts/{botId}/try-outs',
  summary:
    'Asks the model of a bot with a chosen prompt, apart from every conversation, and shows the answer while it is written. It is paid from a budget of its own.',
  body: z
    .object({
      promptId: z.uuid().optional(),
      draftId: z.uuid().optional(),
      text: PromptText.optional().describe('A prompt that is kept nowhere.'),
      messages: z
        .array(z.object({ role: z.enum(['user', 'assistant']), text: z.string().trim().min(1).max(8000) }))
        .min(1)
        .max(20)
        .refine((messages) => messages.at(-1)?.role === 'user', 'the last one is of the person')
        .describe('What was said, as the model is to be told; the last one is to be answered.'),
      locale: Locale.default('en').describe("Of the person's client."),
      knowledge: z.boolean().default(true).describe('Whether the model gets passages of the knowledge base.'),
    })
    .refine((body) => [body.promptId, body.draftId, body.text].filter((one) => one !== undefined).length === 1, {
      error: 'name a version, a draft or a text',
      path: ['promptId'],
    }),
  answer: eventStream(TryOutEvent),
  problems: {
    ...unknownBot,
    ...unknownPrompt,
    ...unknownDraft,
    'chat-ai.no_model': 409,
    'chat-ai.prompt_too_long': 409,
    'chat-ai.try_out_budget_exhausted': 429,
  },
  rate: 'expensive',
});
