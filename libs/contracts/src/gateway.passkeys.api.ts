import { z } from 'zod';
import { Instant } from './api.shapes';
import { defineRoute } from './define-route';

// Passkeys of staff. What browsers take and give is JSON as in WebAuthn Level 3, §5.1.8 to §5.1.10.

const Ticket = z.string().max(4000);
const Base64Url = z
  .string()
  .max(100_000)
  .regex(/^[A-Za-z0-9_-]+$/, 'is no base64url');
const CredentialId = Base64Url.max(1400);

const credential = {
  id: CredentialId,
  rawId: CredentialId,
  type: z.literal('public-key'),
  authenticatorAttachment: z.enum(['platform', 'cross-platform']).optional().catch(undefined),
  clientExtensionResults: z.record(z.string(), z.unknown()).default({}),
};

/** For a sign-in, and what it is good for. */
const Challenge = z
  .object({
    ticket: Ticket.describe('For the answer, within five minutes. It counts once.'),
    options: z.record(z.string(), z.unknown()).describe('For `navigator.credentials`, as JSON.'),
  })
  .meta({ id: 'gateway.PasskeyChallenge' });

const Assertion = z
  .object({
    ...credential,
    response: z.object({
      clientDataJSON: Base64Url,
      authenticatorData: Base64Url,
      signature: Base64Url,
      userHandle: Base64Url.optional(),
    }),
  })
  .meta({ id: 'gateway.PasskeyAssertion', description: '`PublicKeyCredential.toJSON()` of `credentials.get()`.' });

const Answer = z.object({ ticket: Ticket, response: Assertion });
const refused = { 'gateway.sign_in_expired': 401, 'gateway.passkey_refused': 401 } as const;

export const BeginPasskeySignIn = defineRoute({
  id: 'gateway.staff-sign-in.begin-passkey',
  method: 'POST',
  path: '/staff-sign-in/passkey/options',
  summary:
    'What a passkey of staff has to sign: alone it signs in; with the ticket of a password it is the second step.',
  permission: 'public',
  rate: 'sign-in',
  body: z.object({ ticket: Ticket.optional().describe('Of the step before.') }),
  answer: Challenge,
  problems: { 'gateway.sign_in_expired': 401 },
});

export const SignInWithPasskey = defineRoute({
  id: 'gateway.staff-sign-in.passkey',
  method: 'POST',
  path: '/staff-sign-in/passkey',
  summary: 'Signs staff in with a passkey: what they have, and by its lock what they know or are.',
  permission: 'public',
  rate: 'sign-in',
  body: Answer,
  problems: { ...refused, 'gateway.sso_required': 403 },
});

export const BeginPasskeyProof = defineRoute({
  id: 'gateway.staff-sign-in.begin-passkey-proof',
  method: 'POST',
  path: '/account/prove/passkey/options',
  summary: 'What a passkey has to sign to prove once more who is signed in.',
  permission: 'account:write',
  rate: 'sign-in',
  answer: Challenge,
});

export const ProveWithPasskey = defineRoute({
  id: 'gateway.staff-sign-in.prove-with-passkey',
  method: 'POST',
  path: '/account/prove/passkey',
  summary: 'Proves once more who is signed in, with a passkey, before something dangerous.',
  permission: 'account:write',
  rate: 'sign-in',
  body: Answer,
  problems: refused,
});

const Passkey = z
  .object({
    id: z.uuid(),
    name: z.string(),
    isSynced: z.boolean().describe('It may be on several devices of its owner.'),
    isCloned: z.boolean().describe('It was used by a copy of itself and counts no more.'),
    createdAt: Instant,
    usedAt: Instant.nullable(),
  })
  .meta({ id: 'gateway.Passkey' });

export const ListPasskeys = defineRoute({
  id: 'gateway.passkeys.list',
  method: 'GET',
  path: '/account/passkeys',
  summary: 'One’s own passkeys, in the order in which they were added.',
  permission: 'account:read',
  answer: z.object({ data: z.array(Passkey) }),
});

export const BeginPasskey = defineRoute({
  id: 'gateway.passkeys.begin',
  method: 'POST',
  path: '/account/passkeys/options',
  summary: 'How a new passkey has to be made.',
  permission: 'account:write',
  stepUp: true,
  answer: Challenge,
});

const Name = z.string().trim().min(1).max(60);

export const AddPasskey = defineRoute({
  id: 'gateway.passkeys.add',
  audit: 'with-change',
  method: 'POST',
  path: '/account/passkeys',
  summary: 'A new passkey. From now on it signs in without a password.',
  permission: 'account:write',
  stepUp: true,
  body: z.object({
    ticket: Ticket,
    name: Name,
    response: z
      .object({
        ...credential,
        response: z.object({
          clientDataJSON: Base64Url,
          attestationObject: Base64Url,
          transports: z.array(z.string().max(40)).max(10).optional(),
        }),
      })
      .meta({ id: 'gateway.NewPasskey', description: '`PublicKeyCredential.toJSON()` of `credentials.create()`.' }),
  }),
  answer: Passkey,
  status: 201,
  problems: { 'gateway.sign_in_expired': 401, 'gateway.passkey_unusable': 422, 'gateway.too_many_passkeys': 409 },
});

const ofPasskey = {
  params: z.object({ passkeyId: z.uuid() }),
  permission: 'account:write',
} as const;

export const RenamePasskey = defineRoute({
  ...ofPasskey,
  id: 'gateway.passkeys.rename',
  audit: 'with-change',
  method: 'PATCH',
  path: '/account/passkeys/{passkeyId}',
  summary: 'Calls a passkey something else.',
  body: z.object({ name: Name }),
  answer: Passkey,
  problems: { 'gateway.passkey_not_found': 404 },
});

export const RemovePasskey = defineRoute({
  ...ofPasskey,
  id: 'gateway.passkeys.remove',
  audit: 'with-change',
  method: 'DELETE',
  path: '/account/passkeys/{passkeyId}',
  summary: 'A passkey counts no more. The last way to sign in stays.',
  stepUp: true,
  problems: { 'gateway.passkey_not_found': 404, 'gateway.last_way_in': 409 },
});
