import { z } from 'zod';
import { Instant, PageQuery, pageOf } from './api.shapes';
import { defineRoute } from './define-route';
import { ConsentPurpose, IdentityChannel } from './gateway.events';
import { Consent, Identity, MySession } from './gateway.me.api';
import { Locale } from './locale';
import { BotId } from './shapes';

// People, for staff. Who they are is masked; in full it is told to those who give a reason.

const MASKED = 'The first letter of each word, the rest masked; null where there is none.';

const By = z.object({ kind: z.string(), id: z.string() }).describe('Who did it.');

const Restriction = z
  .object({
    restrictionId: z.uuid(),
    botId: BotId.nullable().describe('In this bot alone; null: in all of them.'),
    reason: z.string().nullable().describe('For staff. Null where it cannot be read any more.'),
    since: Instant,
    until: Instant.nullable().describe('It ends by itself then; null: when it is lifted.'),
    by: By,
    liftedAt: Instant.nullable(),
    liftedBy: By.nullable(),
    liftedBecause: z.string().nullable().describe('Null as well of one in whose place another came.'),
    isActive: z.boolean(),
  })
  .meta({ id: 'gateway.Restriction', description: 'That a person is not listened to.' });

const Person = z
  .object({
    userId: z.uuid(),
    name: z.string().nullable().describe(MASKED),
    locale: Locale,
    registeredAt: Instant,
    channels: z.array(IdentityChannel).describe('By what they are known: messengers, accounts elsewhere, addresses.'),
    bots: z.array(BotId).describe('To which they have written.'),
    isRestricted: z.boolean().describe('In one bot at least.'),
  })
  .meta({ id: 'gateway.Person' });

export const ListPeople = defineRoute({
  id: 'gateway.people.list',
  method: 'GET',
  path: '/people',
  summary: 'People, whoever became known last first.',
  permission: 'people:read',
  bots: 'filtered',
  query: PageQuery.extend({
    botId: BotId.optional().describe('Who have written to it.'),
    channel: IdentityChannel.optional().describe('Who are known by it.'),
    consent: ConsentPurpose.optional().describe('Who agree to it now.'),
    state: z.enum(['restricted']).optional(),
  }),
  answer: pageOf(Person),
});

export const FindPeople = defineRoute({
  id: 'gateway.people.find',
  method: 'POST',
  path: '/people/find',
  summary:
    'Finds people by their id here, their id at a channel, an e-mail address, or what they are called there. All but the first are encrypted and found by a keyed hash: it has to be the whole of it, small or capital letters apart.',
  permission: 'people:read',
  bots: 'filtered',
  cost: 1,
  body: z
    .object({
      userId: z.uuid(),
      identity: z.object({ channel: IdentityChannel, externalId: z.string().trim().min(1).max(320) }),
      email: z.email().max(320),
      label: z
        .string()
        .trim()
        .min(1)
        .max(200)
        .describe('A user name or an address, as an account elsewhere has told it.'),
    })
    .partial()
    .refine((wanted) => Object.values(wanted).filter((value) => value !== undefined).length === 1, {
      error: 'name one of userId, identity, email, label',
    }),
  answer: z.object({ people: z.array(Person) }),
});

const ofPerson = { params: z.object({ userId: z.uuid() }), bots: 'filtered' } as const;
const notFound = { 'gateway.user_not_found': 404 } as const;

export const ReadPerson = defineRoute({
  ...ofPerson,
  id: 'gateway.people.read',
  method: 'GET',
  path: '/people/{userId}',
  summary: 'A person: by what they are known, what they agree to, and how often they were restricted.',
  permission: 'people:read',
  answer: Person.extend({
    timeZone: z.string(),
    identities: z.array(Identity).describe('With their labels masked.'),
    consents: z.array(Consent),
    restrictions: z.array(Restriction).describe('The latest first.'),
  }).meta({ id: 'gateway.PersonDetails' }),
  problems: notFound,
});

export const RevealPerson = defineRoute({
  ...ofPerson,
  id: 'gateway.people.reveal',
  audit: 'with-change',
  method: 'GET',
  path: '/people/{userId}/revealed',
  summary: 'Who a person is: name, ids and addresses, in full.',
  permission: 'people:reveal',
  sensitive: true,
  answer: z
    .object({
      name: z.string().nullable(),
      identities: z.array(
        z.object({
          identityId: z.uuid(),
          channel: IdentityChannel,
          externalId: z.string().nullable().describe("The channel's own id of them, or the address."),
          label: z.string().nullable(),
        }),
      ),
    })
    .meta({ id: 'gateway.RevealedPerson' }),
  problems: notFound,
});

const PersonSession = MySession.omit({ isCurrent: true }).meta({ id: 'gateway.PersonSession' });

export const ListPersonSessions = defineRoute({
  ...ofPerson,
  id: 'gateway.person-sessions.list',
  method: 'GET',
  path: '/people/{userId}/sessions',
  summary: 'Where a person is signed in, the one that was used last first.',
  permission: 'people:read',
  answer: z.object({ data: z.array(PersonSession) }),
  problems: notFound,
});

export const EndPersonSession = defineRoute({
  ...ofPerson,
  id: 'gateway.person-sessions.end',
  method: 'DELETE',
  path: '/people/{userId}/sessions/{sessionId}',
  summary: 'Signs a person out in one browser or app. One that has ended already stays so.',
  permission: 'people:write',
  params: ofPerson.params.extend({ sessionId: z.uuid() }),
  problems: notFound,
});

export const EndPersonSessions = defineRoute({
  ...ofPerson,
  id: 'gateway.person-sessions.end-all',
  method: 'DELETE',
  path: '/people/{userId}/sessions',
  summary: 'Signs a person out everywhere.',
  permission: 'people:write',
  problems: notFound,
});

const Reason = z.string().trim().min(3).max(500);

export const RestrictPerson = defineRoute({
  ...ofPerson,
  id: 'gateway.restrictions.impose',
  audit: 'with-change',
  method: 'POST',
  path: '/people/{userId}/restrictions',
  summary:
    'Bots listen to a person no longer, for a week at most; for 30 days with `people:restrict-month`, for good with `people:ban`. The person is told so when they write.',
  permission: 'people:restrict',
  bots: 'body.botId',
  body: z.object({
    botId: BotId.nullable().default(null).describe('In this bot alone; null: in all of them.'),
    until: Instant.nullable(),
    reason: Reason,
  }),
  answer: Restriction,
  status: 201,
  idempotent: true,
  problems: { ...notFound, 'gateway.restriction_beyond_own': 403, 'gateway.restriction_over': 422 },
});

export const LiftRestriction = defineRoute({
  ...ofPerson,
  id: 'gateway.restrictions.lift',
  audit: 'with-change',
  method: 'POST',
  path: '/people/{userId}/restrictions/{restrictionId}/lift',
  summary: 'Bots listen to a person again. One that has ended already stays so.',
  permission: 'people:restrict',
  params: ofPerson.params.extend({ restrictionId: z.uuid() }),
  body: z.object({ reason: Reason }),
  answer: Restriction,
  problems: { ...notFound, 'gateway.restriction_not_found': 404, 'gateway.restriction_beyond_own': 403 },
});
