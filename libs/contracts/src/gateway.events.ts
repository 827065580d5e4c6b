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
export const IdentityChannel = openWord(['telegram', 'vk', 'google', 'yandex', 'email'], {
  id: 'IdentityChannel',
  description: 'Where a person is known by an id of their own: a messenger, an account elsewhere, an e-mail address.',
});

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

export const AccessChanged = defineSignal(
  'gateway.access.changed.v1',
  z.object({ subjectId: z.string().describe('A person, a member of staff, or an API key.') }),
  'What somebody may do is to be looked up anew: signed out, suspended, given or deprived of a role; from one process of the gateway to the others.',
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

export const AuditEntryAppendRequested = defineEvent(
  'gateway.audit-entry.append-requested.v1',
  z.object({
    actor: z.object({
      kind: AuditActorKind,
      id: z.string().min(1).max(200),
      roles: z.array(z.string()).default([]),
    }),
    action: z
      .string()
      .regex(/^[a-z][a-z0-9-]*(\.[a-z][a-z0-9-]*)+$/)
      .max(200)
      .describe('As a route is named: `chat-ai.prompts.publish`.'),
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
