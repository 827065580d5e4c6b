import { z } from 'zod';
import { defineEvent, defineSignal } from './define-event';
import { Locale } from './locale';
import { openWord } from './open-word';
import { personal } from './personal';
import { definePersonErased } from './person-erased';
import { BotId } from './shapes';

export const BotConfigured = defineEvent(
  'gateway.bot.configured.v1',
  z.object({ botId: BotId, revision: z.int().positive() }),
  { subject: 'botId', summary: 'A bot that the gateway keeps was made or changed; what it is now is asked for.' },
);

export const BotsChanged = defineSignal(
  'gateway.bots.changed.v1',
  z.object({ botId: BotId }),
  'A bot that the gateway keeps has changed: every process asks for it at once.',
);

/** Who is meant by an external id: a messenger, an account elsewhere, or an address. */
export const IdentityChannel = openWord(
  ['telegram', 'instagram', 'whatsapp', 'vk', 'signal', 'widget', 'google', 'yandex', 'supabase', 'email'],
  {
    id: 'IdentityChannel',
    description: 'Where a person is known by an id of their own: a messenger, an account elsewhere, an e-mail address.',
  },
);

const person = z.uuid().describe('The person, one id everywhere.');

export const UserRegistered = defineEvent(
  'gateway.user.registered.v1',
  z.object({
    userId: person,
    channel: IdentityChannel.describe('Where they came from.'),
    locale: Locale,
    registeredAt: z.iso.datetime(),
  }),
  { subject: 'userId', summary: 'A person became known, by a bot or by signing in.' },
);

const identity = {
  identityId: z.uuid(),
  userId: person,
  channel: IdentityChannel,
  externalId: personal(z.string().min(1).max(320)).describe("The channel's own id of the person, or the address."),
};

export const IdentityLinked = defineEvent(
  'gateway.identity.linked.v1',
  z.object({ ...identity, linkedAt: z.iso.datetime() }),
  {
    subject: 'userId',
    summary: 'An external id belongs to a person. Whoever knows it under another person takes this one over.',
  },
);

export const IdentityUnlinked = defineEvent(
  'gateway.identity.unlinked.v1',
  z.object({ ...identity, unlinkedAt: z.iso.datetime() }),
  { subject: 'userId', summary: 'A person took one of their external ids away.' },
);

export const ConsentPurpose = openWord(['terms', 'analytics', 'marketing'], {
  id: 'ConsentPurpose',
  description: 'What a person agrees to.',
});

export const ConsentSource = openWord(['web', 'bot'], {
  id: 'ConsentSource',
  description: 'Where a person agreed to something.',
});

const consent = {
  consentId: z.uuid(),
  userId: person,
  purpose: ConsentPurpose,
  version: z.string().min(1).max(40).describe('Of the text that was agreed to.'),
  source: ConsentSource,
};

export const ConsentGiven = defineEvent(
  'gateway.consent.given.v1',
  z.object({ ...consent, givenAt: z.iso.datetime() }),
  { subject: 'userId', summary: 'A person agreed to something.' },
);

export const ConsentWithdrawn = defineEvent(
  'gateway.consent.withdrawn.v1',
  z.object({ ...consent, withdrawnAt: z.iso.datetime() }),
  { subject: 'userId', summary: 'A person no longer agrees to something.' },
);

const restriction = {
  restrictionId: z.uuid(),
  userId: person,
  botId: BotId.optional().describe('In this bot alone; in all of them when absent.'),
};

export const PersonRestricted = defineEvent(
  'gateway.person.restricted.v1',
  z.object({
    ...restriction,
    restrictedAt: z.iso.datetime(),
    until: z.iso.datetime().optional().describe('It ends by itself then; absent when it ends only by being lifted.'),
  }),
  {
    subject: 'userId',
    summary:
      'Staff have decided that a person is not listened to for a time. It takes the place of an earlier one for the same bot.',
  },
);

export const PersonReleased = defineEvent(
  'gateway.person.released.v1',
  z.object({ ...restriction, releasedAt: z.iso.datetime() }),
  { subject: 'userId', summary: 'A person is listened to again before the time was over.' },
);

export const AccessChanged = defineSignal(
  'gateway.access.changed.v1',
  z.object({ subjectId: z.string().describe('A person, a member of staff, or an API key.') }),
  'What somebody may do is to be looked up anew: signed out, suspended, given or deprived of a role; from one process of the gateway to the others.',
);

export const SessionMisused = defineEvent(
  'gateway.session.misused.v1',
  z.object({
    sessionId: z.uuid(),
    userId: person,
    device: personal(z.string().max(100)).describe('What the person knows it by: "Firefox on Linux".'),
    endedAt: z.iso.datetime(),
  }),
  {
    subject: 'userId',
    summary: 'A refresh token of an app was used a second time, so somebody has stolen it: the session was ended.',
  },
);

export const GatewayPersonErased = definePersonErased('gateway');

export const AuditResult = openWord(['done', 'denied', 'failed'], {
  id: 'AuditResult',
  description: 'How an act that is audited has ended.',
});

export const AuditActorKind = openWord(['person', 'staff', 'key', 'service'], {
  id: 'AuditActorKind',
  description: 'Who acts.',
});

/** Who has done something, as it is said in events. */
export const AuditActor = z.object({
  kind: AuditActorKind,
  id: z.string().min(1).max(200),
  roles: z.array(z.string()).default([]),
});

export const AuditEntryAppendRequested = defineEvent(
  'gateway.audit-entry.append-requested.v1',
  z.object({
    actor: AuditActor,
    action: z
      .string()
      .regex(/^[a-z][a-z0-9-]*(\.[a-z][a-z0-9-]*)+$/)
      .max(200)
      .describe('The id of the route that asked for it: `chat-ai.prompt-releases.publish`.'),
    resourceType: z.string().min(1).max(100),
    resourceId: z.string().min(1).max(200),
    userId: z.uuid().optional().describe('The person who is concerned: kept as a digest, wherever the id stands.'),
    botId: BotId.optional(),
    before: personal(z.record(z.string(), z.unknown())).optional(),
    after: personal(z.record(z.string(), z.unknown())).optional(),
    personalFields: z
      .array(z.string())
      .default([])
      .describe('JSON pointers into `before` and `after`: of these values digests are kept.'),
    reason: personal(z.string().max(500)).optional(),
    requestId: z.uuid().optional(),
    approvalId: z.uuid().optional(),
    result: AuditResult.default('done'),
    money: z.boolean().default(false).describe('It concerns money, and is kept for seven years in place of two.'),
  }),
  {
    subject: 'resourceId',
    summary: 'A service asks for an entry in the audit log, within the transaction of what it tells of.',
  },
);

const WhichEndpoint = { endpointId: z.uuid() };

export const WebhookDisabledReason = openWord(['by_hand', 'gone', 'failing'], {
  id: 'WebhookDisabledReason',
  description:
    'Why nothing is sent to an endpoint any more: somebody disabled it, it answered 410, or nothing else for days.',
});

export const WebhookEndpointDisabled = defineEvent(
  'gateway.webhook-endpoint.disabled.v1',
  z.object({
    ...WhichEndpoint,
    reason: WebhookDisabledReason,
    failingSince: z.iso.datetime().optional(),
    ownerKind: z.string(),
    ownerId: z.string(),
  }),
  { subject: 'endpointId', summary: 'No webhooks are sent to an endpoint any more, until somebody enables it again.' },
);

export const WebhookEndpointFailing = defineEvent(
  'gateway.webhook-endpoint.failing.v1',
  z.object({
    ...WhichEndpoint,
    failingSince: z.iso.datetime(),
    hours: z.int().positive(),
    ownerKind: z.string(),
    ownerId: z.string(),
  }),
  { subject: 'endpointId', summary: 'An endpoint has answered no webhook for a day, or for three.' },
);

export const WebhookEndpointPinged = defineEvent('gateway.webhook-endpoint.pinged.v1', z.object(WhichEndpoint), {
  subject: 'endpointId',
  summary: 'Somebody tries out an endpoint.',
});

const ofDelivery = {
  deliveryId: z.uuid(),
  ...WhichEndpoint,
  eventType: z.string().describe('Without its version.'),
};

export const WebhookDeliveryCompleted = defineEvent(
  'gateway.webhook-delivery.completed.v1',
  z.object({ ...ofDelivery, attempts: z.int().positive(), status: z.int() }),
  { subject: 'endpointId', summary: 'An endpoint has taken a webhook.' },
);

export const WebhookFailure = openWord(['exhausted', 'gone', 'expired'], {
  id: 'WebhookFailure',
  description:
    'Why a webhook was given up: after its last try, because the endpoint answered 410, or because its turn had not come in 25 days.',
});

export const WebhookDeliveryFailed = defineEvent(
  'gateway.webhook-delivery.failed.v1',
  z.object({
    ...ofDelivery,
    attempts: z.int().nonnegative().describe('0 when its turn never came.'),
    reason: WebhookFailure,
  }),
  { subject: 'endpointId', summary: 'A webhook was given up.' },
);
