import { z } from 'zod';
import { Instant } from './api.shapes';
import { defineRoute } from './define-route';
import { ConsentPurpose, ConsentSource, IdentityChannel } from './gateway.events';
import { Locale } from './locale';
import { unknownTimeZone } from './own-message';

// A person's own area: whoever calls is the person whose rows are meant.

/** Without offsets, whose summer time nobody knows. */
const TimeZone = z
  .string()
  .max(60)
  .regex(/^[A-Za-z_]+(\/[A-Za-z0-9_+-]+)*$/, unknownTimeZone)
  .refine(isTimeZone, unknownTimeZone)
  .meta({ id: 'TimeZone', description: 'A time zone of the IANA database, for example "Europe/Moscow".' });

function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return true;
  } catch {
    return false;
  }
}

const notAPerson = { 'gateway.persons_only': 403 } as const;
const refusesOthers = { ...notAPerson, 'gateway.user_not_found': 404 } as const;

const Profile = z
  .object({
    userId: z.uuid(),
    name: z.string().nullable(),
    locale: Locale,
    timeZone: TimeZone,
    registeredAt: Instant,
    revision: z.int(),
  })
  .meta({ id: 'gateway.Profile' });

export const ReadMe = defineRoute({
  id: 'gateway.me.read',
  method: 'GET',
  path: '/me',
  summary: 'Who you are here.',
  permission: 'me:read',
  answer: Profile,
  problems: refusesOthers,
  etag: 'revision',
});

export const ChangeMe = defineRoute({
  id: 'gateway.me.change',
  method: 'PATCH',
  path: '/me',
  summary: 'Changes your name, your language or your time zone.',
  permission: 'me:write',
  body: z
    .object({ name: z.string().trim().min(1).max(100).nullable(), locale: Locale, timeZone: TimeZone })
    .partial()
    .meta({ id: 'gateway.ProfileChange' }),
  answer: Profile,
  problems: refusesOthers,
  etag: 'revision',
  ifMatch: true,
});

export const Identity = z
  .object({
    identityId: z.uuid(),
    channel: IdentityChannel,
    label: z.string().nullable().describe('How the person is called there.'),
    inBot: z.boolean().describe('The person talks to a bot by it, so it cannot be taken away.'),
    linkedAt: Instant,
    usedAt: Instant.describe('When somebody signed in with it, or wrote to a bot for the first time.'),
  })
  .meta({ id: 'gateway.Identity' });

export const ListMyIdentities = defineRoute({
  id: 'gateway.identities.list',
  method: 'GET',
  path: '/me/identities',
  summary: 'By what you are known here: accounts elsewhere, messengers, addresses.',
  permission: 'me:read',
  answer: z.object({ data: z.array(Identity) }),
  problems: notAPerson,
});

export const UnlinkMyIdentity = defineRoute({
  id: 'gateway.identities.unlink',
  method: 'DELETE',
  path: '/me/identities/{identityId}',
  summary: 'Takes away one of the accounts by which you sign in.',
  permission: 'me:write',
  params: z.object({ identityId: z.uuid() }),
  problems: {
    ...notAPerson,
    'gateway.identity_not_found': 404,
    'gateway.identity_in_use': 409,
    'gateway.last_identity': 409,
  },
});

export const Consent = z
  .object({
    consentId: z.uuid(),
    purpose: ConsentPurpose,
    version: z.string().describe('Of the text that was agreed to.'),
    source: ConsentSource,
    givenAt: Instant,
    withdrawnAt: Instant.nullable(),
  })
  .meta({ id: 'gateway.Consent' });

export const ListMyConsents = defineRoute({
  id: 'gateway.consents.list',
  method: 'GET',
  path: '/me/consents',
  summary: 'What you have agreed to and no longer agree to, the newest first.',
  permission: 'me:read',
  answer: z.object({ data: z.array(Consent) }),
  problems: notAPerson,
});

export const GiveConsent = defineRoute({
  id: 'gateway.consents.give',
  method: 'PUT',
  path: '/me/consents/{purpose}',
  summary: 'Agrees to something, by the version of its text.',
  permission: 'me:write',
  params: z.object({ purpose: ConsentPurpose }),
  body: z.object({ version: z.string().min(1).max(40) }),
  answer: Consent,
  problems: refusesOthers,
});

export const WithdrawConsent = defineRoute({
  id: 'gateway.consents.withdraw',
  method: 'DELETE',
  path: '/me/consents/{purpose}',
  summary: 'Agrees to something no longer.',
  permission: 'me:write',
  params: z.object({ purpose: ConsentPurpose }),
  problems: refusesOthers,
});

export const MySession = z
  .object({
    sessionId: z.uuid(),
    device: z.string().describe('Browser and system: "Firefox on Linux".'),
    amr: z.array(z.string()).describe('How you signed in.'),
    isCurrent: z.boolean().describe('The one you ask with.'),
    createdAt: Instant,
    seenAt: Instant,
    expiresAt: Instant,
  })
  .meta({ id: 'gateway.MySession' });

export const ListMySessions = defineRoute({
  id: 'gateway.my-sessions.list',
  method: 'GET',
  path: '/me/sessions',
  summary: 'Where you are signed in, the one that was used last first.',
  permission: 'me:read',
  answer: z.object({ data: z.array(MySession) }),
  problems: notAPerson,
});

export const EndMySession = defineRoute({
  id: 'gateway.my-sessions.end',
  method: 'DELETE',
  path: '/me/sessions/{sessionId}',
  summary: 'Signs you out in another browser. One that has ended already stays so.',
  permission: 'me:write',
  params: z.object({ sessionId: z.uuid() }),
  problems: notAPerson,
});

export const EndMyOtherSessions = defineRoute({
  id: 'gateway.my-sessions.end-others',
  method: 'DELETE',
  path: '/me/sessions',
  summary: 'Signs you out everywhere but here.',
  permission: 'me:write',
  problems: notAPerson,
});
