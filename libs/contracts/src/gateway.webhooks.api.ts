import { z } from 'zod';
import { Instant, PageQuery, pageOf } from './api.shapes';
import { defineRoute } from './define-route';
import { WebhookDisabledReason, WebhookFailure } from './gateway.events';
import { openWord } from './open-word';
import { BotId } from './shapes';

const EventType = z
  .string()
  .regex(/^[a-z][a-z0-9-]*(\.[a-z][a-z0-9-]*){2,}$/)
  .max(200)
  .meta({ id: 'WebhookEventType', description: 'The name of an event without its version: `payments.invoice.paid`.' });

const Settings = {
  url: z.string().max(2000).describe('https, at port 443 or 8443, and a public address. It must not redirect.'),
  description: z.string().trim().max(200),
  types: z.array(EventType).min(1).max(200),
  botIds: z
    .array(BotId)
    .min(1)
    .max(200)
    .nullable()
    .describe('Of these bots only; null: whatever happens in the installation.'),
  content: z
    .enum(['thin', 'full'])
    .describe(
      'thin: ids and other simple values; full: also what lies within. Personal fields are left out in any case.',
    ),
  ordered: z
    .boolean()
    .describe(
      'Events of one subject one after the other: one that fails holds up those that follow, for three days at most.',
    ),
};

const WebhookEndpoint = z
  .object({
    id: z.uuid(),
    ...Settings,
    state: z.enum(['enabled', 'disabled']),
    disabledReason: WebhookDisabledReason.nullable(),
    disabledAt: Instant.nullable(),
    owner: z.object({ kind: z.string(), id: z.string() }).describe('Who opened it.'),
    createdAt: Instant,
    secrets: z
      .array(z.object({ id: z.uuid(), createdAt: Instant, expiresAt: Instant.nullable() }))
      .describe('By each of them every delivery is signed, until it expires.'),
    health: z.object({
      failingSince: Instant.nullable().describe('Of the first failure after the last success.'),
      failures: z.int().describe('In a row.'),
      lastSuccessAt: Instant.nullable(),
      lastFailureAt: Instant.nullable(),
      waiting: z.int().describe('Deliveries that have not ended, counted up to a thousand.'),
    }),
    revision: z.int(),
  })
  .meta({ id: 'gateway.WebhookEndpoint' });

const NewSecret = z
  .string()
  .describe('`whsec_…`, as Standard Webhooks has it. Shown once: it is kept encrypted and never given out again.');

const WhichEndpoint = z.object({ endpointId: z.uuid() });
const NotFound = { 'gateway.webhook_endpoint_not_found': 404 } as const;
const AddressRefused = { 'gateway.webhook_address_refused': 422, 'gateway.webhook_type_unknown': 422 } as const;

export const ListWebhookTypes = defineRoute({
  id: 'gateway.webhook-types.list',
  method: 'GET',
  path: '/webhook-types',
  summary: 'The events that webhooks can tell of, and what is in them.',
  permission: 'webhooks:read',
  bots: 'filtered',
  answer: z.object({
    types: z.array(
      z.object({
        type: EventType,
        apiVersion: z.string().describe('Of `data`: `v1`.'),
        summary: z.string(),
        fields: z.array(z.string()).describe('Of `data`; personal ones are no part of it.'),
        hasBot: z.boolean().describe('Whether it is of a bot: others reach no endpoint that is for some bots only.'),
      }),
    ),
  }),
});

export const ListWebhookEndpoints = defineRoute({
  id: 'gateway.webhook-endpoints.list',
  method: 'GET',
  path: '/webhook-endpoints',
  summary: 'Where webhooks go, in the order in which they were opened.',
  permission: 'webhooks:read',
  bots: 'filtered',
  query: PageQuery,
  answer: pageOf(WebhookEndpoint),
});

export const OpenWebhookEndpoint = defineRoute({
  id: 'gateway.webhook-endpoints.open',
  audit: 'with-change',
  method: 'POST',
  path: '/webhook-endpoints',
  summary: 'Opens an endpoint. Each event that it wants is sent to it when it is said a second later or more.',
  permission: 'webhooks:write',
  bots: 'filtered',
  body: z.object({
    url: Settings.url,
    description: Settings.description.default(''),
    types: Settings.types,
    botIds: Settings.botIds.default(null),
    content: Settings.content.default('thin'),
    ordered: Settings.ordered.default(false),
  }),
  answer: z.object({ endpoint: WebhookEndpoint, secret: NewSecret }),
  status: 201,
  problems: { ...AddressRefused, 'gateway.webhook_bots_refused': 403 },
  idempotent: true,
});

export const ReadWebhookEndpoint = defineRoute({
  id: 'gateway.webhook-endpoints.read',
  method: 'GET',
  path: '/webhook-endpoints/{endpointId}',
  summary: 'One endpoint.',
  permission: 'webhooks:read',
  bots: 'filtered',
  params: WhichEndpoint,
  answer: WebhookEndpoint,
  problems: NotFound,
  etag: 'revision',
});

export const ChangeWebhookEndpoint = defineRoute({
  id: 'gateway.webhook-endpoints.change',
  audit: 'with-change',
  method: 'PATCH',
  path: '/webhook-endpoints/{endpointId}',
  summary: 'Changes an endpoint, disables it, or enables it again. While it is disabled nothing is kept for it.',
  permission: 'webhooks:write',
  bots: 'filtered',
  params: WhichEndpoint,
  body: z.object({ ...Settings, state: z.enum(['enabled', 'disabled']) }).partial(),
  answer: WebhookEndpoint,
  problems: { ...NotFound, ...AddressRefused, 'gateway.webhook_bots_refused': 403 },
  ifMatch: true,
  etag: 'revision',
});

export const RemoveWebhookEndpoint = defineRoute({
  id: 'gateway.webhook-endpoints.remove',
  audit: 'with-change',
  method: 'DELETE',
  path: '/webhook-endpoints/{endpointId}',
  summary: 'Removes an endpoint with all its deliveries.',
  permission: 'webhooks:write',
  bots: 'filtered',
  params: WhichEndpoint,
});

export const RotateWebhookSecret = defineRoute({
  id: 'gateway.webhook-secrets.rotate',
  audit: 'with-change',
  method: 'POST',
  path: '/webhook-endpoints/{endpointId}/secrets',
  summary: 'Makes a new secret; the former ones sign beside it for a while.',
  permission: 'webhooks:write',
  bots: 'filtered',
  params: WhichEndpoint,
  body: z.object({
    overlapHours: z
      .int()
      .min(0)
      .max(168)
      .default(24)
      .describe('0 when a secret has become known: it is worth nothing at once.'),
  }),
  answer: z.object({ secretId: z.uuid(), secret: NewSecret }),
  status: 201,
  problems: { ...NotFound, 'gateway.webhook_secrets_exhausted': 409 },
  idempotent: true,
});

export const TestWebhookEndpoint = defineRoute({
  id: 'gateway.webhook-endpoints.test',
  method: 'POST',
  path: '/webhook-endpoints/{endpointId}/test',
  summary:
    'Sends `gateway.webhook-endpoint.pinged` once, with the header `webhook-test: true`. Its outcome counts for nothing.',
  permission: 'webhooks:write',
  bots: 'filtered',
  params: WhichEndpoint,
  answer: z.object({ deliveryId: z.uuid() }),
  status: 202,
  problems: NotFound,
  idempotent: true,
});

const DeliveryState = z.enum(['waiting', 'scheduled', 'sending', 'ended']);
const DeliveryOutcome = z.enum(['delivered', 'failed', 'cancelled']);
const GivenUp = openWord([...WebhookFailure.known, 'endpoint_disabled', 'sent_once'], {
  id: 'gateway.WebhookGivenUp',
  description: 'Why nothing more is sent of a delivery.',
});
const AttemptError = openWord(
  ['refused', 'unknown_name', 'unreachable', 'bad_certificate', 'timed_out', 'broken_off', 'interrupted'],
  {
    id: 'gateway.WebhookAttemptError',
    description: 'Why a request has no answer; interrupted: nobody knows what came of it.',
  },
);

const WebhookDelivery = z
  .object({
    id: z.uuid().describe('The `webhook-id` of all its requests.'),
    endpointId: z.uuid(),
    type: EventType,
    subject: z.string(),
    sequence: z.int(),
    isTest: z.boolean(),
    state: DeliveryState,
    outcome: DeliveryOutcome.nullable().describe('Null while it is open.'),
    reason: GivenUp.nullable().describe('Null unless it was given up.'),
    attemptCount: z.int(),
    createdAt: Instant,
    dueAt: Instant.nullable().describe('Of the next try.'),
    endedAt: Instant.nullable(),
  })
  .meta({ id: 'gateway.WebhookDelivery' });

const WebhookAttempt = z
  .object({
    number: z.int(),
    at: Instant,
    durationMs: z.int(),
    status: z.int().nullable(),
    error: AttemptError.nullable(),
    requestHeaders: z.record(z.string(), z.string()).describe('Without the signature.'),
    replyHeaders: z.record(z.string(), z.string()),
    reply: z.string().nullable().describe('The first 2 kB.'),
  })
  .meta({ id: 'gateway.WebhookAttempt' });

const DeliveryFilter = z.object({
  endpointId: z.uuid().optional(),
  type: EventType.optional(),
  state: DeliveryState.optional(),
  outcome: DeliveryOutcome.optional(),
  from: Instant.optional(),
  to: Instant.optional(),
});

export const ListWebhookDeliveries = defineRoute({
  id: 'gateway.webhook-deliveries.list',
  method: 'GET',
  path: '/webhook-deliveries',
  summary: 'What was sent or is to be sent in the last 30 days, the newest first.',
  permission: 'webhooks:read',
  bots: 'filtered',
  query: PageQuery.extend(DeliveryFilter.shape),
  answer: pageOf(WebhookDelivery),
});

const WhichDelivery = z.object({ deliveryId: z.uuid() });
const DeliveryNotFound = { 'gateway.webhook_delivery_not_found': 404 } as const;

export const ReadWebhookDelivery = defineRoute({
  id: 'gateway.webhook-deliveries.read',
  method: 'GET',
  path: '/webhook-deliveries/{deliveryId}',
  summary: 'One delivery: what was sent, and each answer.',
  permission: 'webhooks:read',
  bots: 'filtered',
  params: WhichDelivery,
  answer: WebhookDelivery.extend({ body: z.string(), attempts: z.array(WebhookAttempt) }).meta({
    id: 'gateway.WebhookDeliveryLog',
  }),
  problems: DeliveryNotFound,
});

export const ReplayWebhookDelivery = defineRoute({
  id: 'gateway.webhook-deliveries.replay',
  method: 'POST',
  path: '/webhook-deliveries/{deliveryId}/replay',
  summary: 'Sends a delivery that has ended once more, byte by byte, with the header `webhook-test: true`.',
  permission: 'webhooks:write',
  bots: 'filtered',
  params: WhichDelivery,
  answer: z.object({ deliveryId: z.uuid() }),
  status: 202,
  problems: { ...DeliveryNotFound, 'gateway.webhook_delivery_open': 409 },
  idempotent: true,
});

export const SendWebhookDelivery = defineRoute({
  id: 'gateway.webhook-deliveries.send',
  method: 'POST',
  path: '/webhook-deliveries/{deliveryId}/send',
  summary:
    'Sends a delivery now that is to be tried again later, also when its endpoint has asked to be left alone. If that fails, the next try is as far away as it would be otherwise.',
  permission: 'webhooks:write',
  bots: 'filtered',
  params: WhichDelivery,
  answer: z.object({ deliveryId: z.uuid() }),
  status: 202,
  problems: { ...DeliveryNotFound, 'gateway.webhook_delivery_not_scheduled': 409 },
  idempotent: true,
});

export const ReplayWebhookDeliveries = defineRoute({
  id: 'gateway.webhook-endpoints.replay',
  method: 'POST',
  path: '/webhook-endpoints/{endpointId}/replay',
  summary:
    'Sends what has ended in a period once more, the oldest first, ten thousand at most; the answer says where to go on.',
  permission: 'webhooks:write',
  bots: 'filtered',
  params: WhichEndpoint,
  body: z.object({
    from: Instant,
    to: Instant,
    outcomes: z
      .array(z.enum(['failed', 'cancelled', 'delivered']))
      .min(1)
      .default(['failed', 'cancelled']),
    after: z.uuid().optional().describe('The `after` of the answer before: goes on behind it.'),
    limit: z.int().min(1).max(10_000).default(10_000),
  }),
  answer: z.object({
    replayed: z.int(),
    after: z.uuid().nullable().describe('There is more in this period, behind this delivery; null: that was all.'),
  }),
  status: 202,
  problems: NotFound,
  idempotent: true,
});
