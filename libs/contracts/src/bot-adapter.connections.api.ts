import { z } from 'zod';
import { Instant, PageQuery, pageOf } from './api.shapes';
import { ConnectionFailure, ConnectionKind, ConnectionState } from './bot-adapter.connections.shapes';
import { defineRoute } from './define-route';
import { BotId } from './shapes';

// Accounts of a shop at channels, connected by the channel's own page (OAuth). Nobody is ever shown a token.

const Connection = z
  .object({
    id: z.uuid(),
    kind: ConnectionKind,
    botId: BotId.describe('The bot that speaks for the account.'),
    account: z.string().min(1).max(100).describe("The channel's own id of it."),
    title: z.string().describe('As the channel calls it.'),
    username: z.string().nullable(),
    scopes: z.array(z.string()).describe('What the channel lets us do, in its own words.'),
    state: ConnectionState,
    failure: ConnectionFailure.nullable(),
    obtainedAt: Instant,
    refreshedAt: Instant.nullable(),
    nextRefreshAt: Instant.nullable().describe('Null where a token of the channel does not expire.'),
    expiresAt: Instant.nullable().describe('Then the token is worth nothing, unless it was renewed before.'),
    connectedBy: z.string().describe('The member of staff.'),
    createdAt: Instant,
    revision: z.int(),
  })
  .meta({ id: 'bot-adapter.Connection', description: 'An account of a channel that was connected.' });

const oneConnection = {
  params: z.object({ connectionId: z.uuid() }),
  bots: 'filtered',
  problems: { 'bot-adapter.connection_not_found': 404 },
} as const;

export const BeginConnection = defineRoute({
  id: 'bot-adapter.connection-attempts.begin',
  method: 'POST',
  path: '/channel-connections/attempts',
  summary: 'Begins to connect an account: where the browser is to go. It counts once, for ten minutes, for who began.',
  permission: 'channels:connect',
  bots: 'body.botId',
  status: 201,
  body: z.object({
    kind: ConnectionKind,
    botId: BotId.describe('The bot that is to speak for the account.'),
    returnTo: z
      .string()
      .max(500)
      .regex(/^\/(?![/\\])[^\s"<>\\]*$/)
      .describe('A path of the console, for afterwards.'),
  }),
  answer: z.object({ url: z.url(), expiresAt: Instant }),
  problems: { 'bot-adapter.unknown_bot': 404, 'bot-adapter.connection_not_offered': 404 },
});

export const CompleteConnection = defineRoute({
  id: 'bot-adapter.connections.complete',
  method: 'POST',
  path: '/channel-connections',
  summary:
    'Takes what the page of the channel has answered, and connects the account. The same state again answers the same, so a page may be loaded twice.',
  permission: 'channels:connect',
  bots: 'filtered',
  body: z.object({ code: z.string().min(1).max(4000), state: z.string().min(20).max(200) }),
  answer: z.object({ connection: Connection, returnTo: z.string() }),
  problems: {
    'bot-adapter.attempt_expired': 410,
    'bot-adapter.attempt_not_yours': 403,
    'bot-adapter.unknown_bot': 404,
    'bot-adapter.exchange_refused': 422,
    'bot-adapter.channel_unavailable': 503,
    'bot-adapter.account_in_use': 409,
  },
});

export const ListConnections = defineRoute({
  id: 'bot-adapter.connections.list',
  method: 'GET',
  path: '/channel-connections',
  summary: 'Accounts that were connected, the newest first.',
  permission: 'bots:read',
  bots: 'filtered',
  query: PageQuery.extend({ botId: BotId.optional() }),
  answer: pageOf(Connection),
});

export const ReadConnection = defineRoute({
  ...oneConnection,
  id: 'bot-adapter.connections.read',
  method: 'GET',
  path: '/channel-connections/{connectionId}',
  summary: 'An account that was connected, and until when.',
  permission: 'bots:read',
  answer: Connection,
  etag: 'revision',
});

export const DisconnectAccount = defineRoute({
  ...oneConnection,
  id: 'bot-adapter.connections.disconnect',
  method: 'DELETE',
  path: '/channel-connections/{connectionId}',
  summary:
    'Gives an account back: its token is revoked and forgotten. What was to be sent there ends. One that was disconnected stays so.',
  permission: 'channels:connect',
});
