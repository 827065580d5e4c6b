import { z } from 'zod';
import { FieldError, Instant, PageQuery, pageOf, queryList } from './api.shapes';
import { ChannelReport } from './bot-adapter.api';
import { defineRoute } from './define-route';
import { BotId } from './shapes';

// Bots: those that the gateway keeps, and beside them, to be read only, those that files describe (BOTS_FOLDER).

export const BotState = z.enum(['active', 'paused', 'archived']).meta({
  id: 'gateway.BotState',
  description: 'Paused: what people write is kept until it goes on. Archived: it receives nothing.',
});
export type BotState = z.output<typeof BotState>;

/** As in a file of BOTS_FOLDER, without secrets. */
const Description = z.record(z.string(), z.unknown()).meta({
  id: 'gateway.BotDescription',
  description:
    'What a bot is, and a section for each part of the platform that has to know more; secrets stand beside it.',
});

const SecretName = z
  .string()
  .max(100)
  .regex(/^[a-z][A-Za-z0-9]*(\.[a-z][A-Za-z0-9]*)+$/)
  .meta({ id: 'gateway.BotSecretName', description: 'Where it belongs in the description: `channel.token`.' });
const SecretValue = z.string().trim().min(1).max(10_000);
const Secrets = z.record(SecretName, SecretValue);

const Why = z.string().trim().min(1).max(500).optional().describe('For the history.');

const By = z.object({ kind: z.string(), id: z.string() }).describe('Who did it.');

const BotSecret = z
  .object({
    name: SecretName,
    isSet: z.boolean(),
    last4: z.string().optional().describe('Its last characters, where it is long enough to show them.'),
    setAt: Instant.optional(),
    setBy: By.optional(),
  })
  .meta({ id: 'gateway.BotSecret', description: 'A secret that a bot has or could use. Its value is never told.' });

const BotSummary = z
  .object({
    id: BotId,
    name: z.string(),
    channel: z.string().optional().describe('The kind of its channel.'),
    state: BotState,
    describedBy: z.enum(['gateway', 'file']).describe('What a file describes is changed there, or taken over.'),
    hidesFile: z.boolean().describe('There is a file of the same id as well, which no service reads any more.'),
    mistakes: z.array(z.string()).describe('Why the file cannot be used.'),
    changedAt: Instant.optional(),
  })
  .meta({ id: 'gateway.BotSummary' });

const Bot = BotSummary.extend({
  revision: z.string().describe('A number, or of a file a hash of it.'),
  description: Description,
  secrets: z.array(BotSecret),
  createdAt: Instant.optional(),
}).meta({ id: 'gateway.Bot' });

const params = z.object({ botId: BotId });
const ofBot = { params, bots: 'params.botId' } as const;
const notFound = { 'gateway.bot_not_found': 404 } as const;
/** Of routes that write: only what the gateway keeps can be changed. */
const change = {
  ...ofBot,
  audit: 'with-change',
  permission: 'bots:write',
  answer: Bot,
  etag: 'revision',
  problems: { ...notFound, 'gateway.bot_described_by_file': 409, 'gateway.bot_archived': 409 },
} as const;
const edit = {
  ...change,
  ifMatch: true,
  problems: { ...change.problems, 'gateway.bot_changed': 412, 'gateway.bot_unchecked': 503 },
} as const;

export const ListBots = defineRoute({
  id: 'gateway.bots.list',
  method: 'GET',
  path: '/bots',
  summary: 'All bots, by their ids.',
  permission: 'bots:read',
  bots: 'filtered',
  query: PageQuery.extend({ state: queryList(BotState).optional() }),
  answer: pageOf(BotSummary),
});

export const KeptBot = z
  .object({
    id: BotId,
    state: BotState,
    description: Description,
    secrets: z.record(z.string(), z.string()),
    unreadable: z
      .array(z.string())
      .optional()
      .describe('Secrets that are set, and whose key the gateway is missing just now: what they were counts on.'),
    takenFrom: Description.optional().describe(
      'The file that it was taken over from: folders named there may be read.',
    ),
  })
  .meta({ id: 'gateway.KeptBot' });
export type KeptBot = z.output<typeof KeptBot>;

export const ReadBotDescriptions = defineRoute({
  id: 'gateway.bots.describe',
  method: 'GET',
  path: '/bot-descriptions',
  summary: 'For services: every bot that the gateway keeps, with the secrets of those sections that the service reads.',
  permission: 'bots:follow',
  callers: ['analytics', 'bot-adapter', 'chat-ai', 'payments', 'pets-game', 'tts-worker', 'vpn-provisioner'],
  query: z.object({ known: z.string().max(100).optional().describe('The revision of an earlier answer.') }),
  answer: z.object({
    revision: z.string(),
    bots: z.array(KeptBot).optional().describe('Absent when nothing has changed.'),
  }),
});

export const ReadBot = defineRoute({
  ...ofBot,
  id: 'gateway.bots.read',
  method: 'GET',
  path: '/bots/{botId}',
  summary: 'A bot.',
  permission: 'bots:read',
  answer: Bot,
  etag: 'revision',
  problems: notFound,
});

export const CreateBot = defineRoute({
  id: 'gateway.bots.create',
  audit: 'with-change',
  method: 'POST',
  path: '/bots',
  summary:
    'Makes a bot, once every service has nothing against its description. To give it secrets, or servers of its own, takes `secrets:write`.',
  permission: 'bots:write',
  body: z.object({ id: BotId, description: Description, secrets: Secrets.default({}), why: Why }),
  answer: Bot,
  status: 201,
  etag: 'revision',
  idempotent: true,
  problems: {
    'gateway.bot_exists': 409,
    'gateway.bot_described_by_file': 409,
    'gateway.bot_unchecked': 503,
  },
});

export const CheckBotDraft = defineRoute({
  id: 'gateway.bot-drafts.check',
  method: 'POST',
  path: '/bots/drafts/check',
  summary: 'What would be refused of a bot, and which secrets it could use; nothing is saved.',
  permission: 'bots:write',
  bots: 'body.id',
  body: z.object({ id: BotId, description: Description, secrets: Secrets.default({}) }),
  answer: z.object({
    errors: z.array(FieldError),
    secrets: z.array(SecretName),
    unchecked: z.array(z.string()).describe('Services that did not answer.'),
  }),
});

export const CheckBotChannel = defineRoute({
  id: 'gateway.bot-channels.check',
  method: 'POST',
  path: '/bots/channels/check',
  summary: 'Asks a channel about credentials before they are saved; those that a bot has already need not be given.',
  permission: 'bots:write',
  bots: 'body.botId',
  body: z.object({
    botId: BotId,
    channel: z.record(z.string(), z.unknown()).describe('The section of the description.'),
    secrets: Secrets.default({}),
  }),
  answer: ChannelReport,
});

export const EditBot = defineRoute({
  ...edit,
  id: 'gateway.bots.edit',
  method: 'PATCH',
  path: '/bots/{botId}',
  summary:
    'Changes a bot, once every service has nothing against it; the servers that it names take `secrets:write`. Pointers of errors begin with `/description`, which is what it would become.',
  body: z.object({
    patch: Description.optional().describe('A merge patch of the description (RFC 7396): null removes a field.'),
    sections: z.record(z.string(), z.unknown()).optional().describe('Fields to be replaced whole; null removes one.'),
    secrets: z.record(SecretName, SecretValue.nullable()).optional().describe('Null removes one.'),
    why: Why,
  }),
});

const turn = { ...change, body: z.object({ why: Why }) } as const;

export const PauseBot = defineRoute({
  ...turn,
  id: 'gateway.bots.pause',
  method: 'POST',
  path: '/bots/{botId}/pause',
  summary: 'Lets a bot rest: people are told so now and then, and what they write is kept.',
});

export const ResumeBot = defineRoute({
  ...turn,
  id: 'gateway.bots.resume',
  method: 'POST',
  path: '/bots/{botId}/resume',
  summary: 'Lets a paused bot go on, with what was written to it meanwhile.',
});

export const ArchiveBot = defineRoute({
  ...turn,
  id: 'gateway.bots.archive',
  method: 'POST',
  path: '/bots/{botId}/archive',
  summary: 'Puts a bot away: it receives nothing, and its webhook is removed.',
});

export const RestoreBot = defineRoute({
  ...turn,
  id: 'gateway.bots.restore',
  method: 'POST',
  path: '/bots/{botId}/restore',
  summary: 'Brings an archived bot back, paused if it was paused before.',
  problems: { ...change.problems, 'gateway.bot_unchecked': 503 },
});

const BotChange = z
  .enum([
    ...(['created', 'taken_over', 'edited', 'rolled_back', 'secrets_changed'] as const),
    ...(['paused', 'resumed', 'archived', 'restored'] as const),
  ])
  .meta({ id: 'gateway.BotChange', description: 'What a revision has done to a bot.' });

const BotRevision = z
  .object({
    revision: z.int(),
    change: BotChange,
    state: BotState,
    at: Instant,
    by: By,
    why: z.string().optional(),
    rolledBackTo: z.int().optional(),
    secretsSet: z.array(SecretName).describe('By this change.'),
    secretsRemoved: z.array(SecretName),
  })
  .meta({ id: 'gateway.BotRevision' });

export const ListBotRevisions = defineRoute({
  ...ofBot,
  id: 'gateway.bot-revisions.list',
  method: 'GET',
  path: '/bots/{botId}/revisions',
  summary: 'What was changed in a bot, by whom and why, the newest first.',
  permission: 'bots:read',
  query: PageQuery,
  answer: pageOf(BotRevision),
  problems: notFound,
});

const ofRevision = {
  params: params.extend({ revision: z.coerce.number<number>().int().positive() }),
  bots: 'params.botId',
  permission: 'bots:read',
  problems: { ...notFound, 'gateway.bot_revision_not_found': 404 },
} as const;

export const ReadBotRevision = defineRoute({
  ...ofRevision,
  id: 'gateway.bot-revisions.read',
  method: 'GET',
  path: '/bots/{botId}/revisions/{revision}',
  summary: 'A bot as it was described then.',
  answer: BotRevision.extend({ description: Description }),
});

export const CompareBotRevisions = defineRoute({
  ...ofRevision,
  id: 'gateway.bot-revisions.compare',
  method: 'GET',
  path: '/bots/{botId}/revisions/{revision}/changes',
  summary: 'In what the description differs from that of another revision: of the one before, unless it is named.',
  query: z.object({ since: z.coerce.number<number>().int().positive().optional() }),
  answer: z.object({
    changes: z.array(
      z.object({
        pointer: z.string().describe('JSON pointer into the description.'),
        before: z.unknown().optional().describe('Absent where there was nothing.'),
        after: z.unknown().optional(),
      }),
    ),
  }),
});

export const RollBackBot = defineRoute({
  ...edit,
  id: 'gateway.bots.roll-back',
  method: 'POST',
  path: '/bots/{botId}/roll-back',
  summary: 'Describes a bot as in an earlier revision, which becomes a new one. Secrets and state stay as they are.',
  body: z.object({ revision: z.int().positive(), secrets: Secrets.optional(), why: Why }),
  problems: { ...edit.problems, 'gateway.bot_revision_not_found': 404 },
});

const secret = {
  ...change,
  permission: 'secrets:write',
  params: params.extend({ name: SecretName }),
  problems: { ...change.problems, 'gateway.bot_unchecked': 503 },
} as const;

export const SetBotSecret = defineRoute({
  ...secret,
  id: 'gateway.bot-secrets.set',
  method: 'PUT',
  path: '/bots/{botId}/secrets/{name}',
  summary: 'Gives a bot a secret, once the services that read it have nothing against it.',
  body: z.object({ value: SecretValue, why: Why }),
});

export const RemoveBotSecret = defineRoute({
  ...secret,
  id: 'gateway.bot-secrets.remove',
  method: 'DELETE',
  path: '/bots/{botId}/secrets/{name}',
  summary: 'Takes a secret away from a bot, if it can do without.',
});

export const TakeOverBot = defineRoute({
  ...change,
  id: 'gateway.bots.take-over',
  method: 'POST',
  path: '/bots/{botId}/take-over',
  summary: 'Copies a bot that a file describes, with its secrets; from then on the file is not read any more.',
  body: z.object({ secrets: Secrets.default({}).describe('Those that the gateway cannot read itself.'), why: Why }),
  status: 201,
  problems: { ...notFound, 'gateway.bot_exists': 409, 'gateway.bot_unchecked': 503 },
});
