import { z } from 'zod';
import { Instant, PageQuery, pageOf } from './api.shapes';
import { defineRoute } from './define-route';
import { openWord } from './open-word';
import { ownMessage } from './own-message';
import { BotId } from './shapes';

const Scope = z
  .string()
  .regex(
    /^!?(\*|[a-z][a-z0-9-]*:(\*|[a-z][a-z0-9-]*))$/,
    ownMessage(
      'A right is written as bots:read, bots:* or *, in small letters.',
      'Право пишется так: bots:read, bots:* или *, строчными буквами.',
    ),
  );
const Cidr = z.union([z.cidrv4(), z.cidrv6(), z.ipv4(), z.ipv6()]);

const Rate = z.enum(['standard', 'high']);

const KeyEnd = openWord(['revoked', 'replaced', 'reported', 'maker_left'], {
  id: 'gateway.ApiKeyEnd',
  description: 'Why a key counts no more: `reported` by somebody who had found it, `maker_left` with whoever made it.',
});

const ApiKey = z
  .object({
    id: z.string().describe('The part of the key by which it is known in logs.'),
    name: z.string(),
    team: z.string(),
    scopes: z.array(Scope),
    bots: z.array(BotId).nullable().describe('Of these bots alone; null: of all.'),
    networks: z.array(z.string()).describe('From where it may be used; from everywhere when empty.'),
    rate: Rate.describe('standard: 300 a minute and 10,000 a day; high: 3,000 a minute'),
    createdBy: z.uuid(),
    createdAt: Instant,
    expiresAt: Instant,
    usedAt: Instant.nullable().describe('To the minute.'),
    endedAt: Instant.nullable().describe('Since when it counts no more: revoked, replaced or reported.'),
    endedBecause: KeyEnd.nullable(),
  })
  .meta({ id: 'gateway.ApiKey' });

const NewKey = z
  .object({ key: z.string().describe('Shown this once.'), details: ApiKey })
  .meta({ id: 'gateway.NewApiKey' });

export const ListApiKeys = defineRoute({
  id: 'gateway.keys.list',
  method: 'GET',
  path: '/keys',
  summary: 'API keys, the newest first: those that one has made oneself; with `keys:any-team` those of everybody.',
  permission: 'keys:read',
  query: PageQuery,
  answer: pageOf(ApiKey),
});

export const CreateApiKey = defineRoute({
  id: 'gateway.keys.create',
  audit: 'with-change',
  method: 'POST',
  path: '/keys',
  summary: 'A key for a program. It may do nothing that whoever has made it may not do at that time.',
  permission: 'keys:write',
  stepUp: true,
  idempotent: true,
  status: 201,
  body: z.object({
    name: z.string().trim().min(1).max(120),
    team: z.string().trim().min(1).max(60),
    scopes: z.array(Scope).min(1).max(100).describe('Of permissions that routes have; others are refused.'),
    bots: z.array(BotId).min(1).max(1000).nullable().default(null),
    networks: z.array(Cidr).max(50).default([]),
    rate: Rate.default('standard'),
    lifetimeDays: z.int().min(1).max(365).default(180),
  }),
  answer: NewKey,
  problems: { 'gateway.scope_beyond_own': 403, 'gateway.too_many_keys': 409 },
});

const ofKey = {
  params: z.object({ keyId: z.string() }),
  permission: 'keys:write',
  stepUp: true,
  audit: 'with-change',
} as const;

export const RotateApiKey = defineRoute({
  ...ofKey,
  id: 'gateway.keys.rotate',
  method: 'POST',
  path: '/keys/{keyId}/rotate',
  summary: 'A new key in place of another, which goes on for a while.',
  idempotent: true,
  status: 201,
  body: z.object({ overlapDays: z.number().min(0).max(7).default(1) }),
  answer: NewKey,
  problems: {
    'gateway.key_not_found': 404,
    'gateway.key_replaced': 409,
    'gateway.scope_beyond_own': 403,
    'gateway.too_many_keys': 409,
  },
});

export const RevokeApiKey = defineRoute({
  ...ofKey,
  id: 'gateway.keys.revoke',
  method: 'DELETE',
  path: '/keys/{keyId}',
  summary: 'A key counts no more, at once.',
  problems: { 'gateway.key_not_found': 404 },
});

export const ReportApiKey = defineRoute({
  id: 'gateway.keys.report',
  audit: 'with-change',
  method: 'POST',
  path: '/keys/report',
  summary: 'Whoever has found a key somewhere ends it by sending it here. The answer says nothing about it.',
  permission: 'public',
  rate: 'sign-in',
  status: 202,
  body: z.object({ key: z.string().max(200) }),
  answer: z.object({}),
});
