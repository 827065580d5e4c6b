import { createHash } from 'node:crypto';
import type { JWTPayload } from 'jose';
import type { Grant } from '../kit/authorization-server';
import { CALL_FAULTS, type Fault, type FaultKinds } from '../kit/faults';
import type { SigningKeys } from '../kit/signing-keys';
import type { SandboxPerson } from '../kit/third-party';

/** Seconds. */
const LIVES = 3600;

/** What can be wrong with an id_token, besides what any call can suffer. */
export const ID_TOKEN_FAULTS = {
  /** Of another client. */
  'wrong-aud': null,
  /** As a JSON number, or in a list: both are legal. */
  'aud-number': null,
  'aud-list': null,
  'wrong-iss': null,
  'wrong-nonce': null,
  'no-nonce': null,
  /** Over since a minute; given out half an hour ago and not over yet. */
  expired: null,
  old: null,
  /** Signed by somebody else, or by a key that nobody tells of. */
  foreign: null,
  'unknown-kid': null,
  /** Not signed at all. */
  unsigned: null,
  'no-id-token': null,
} as const satisfies FaultKinds;

export const TOKEN_FAULTS = {
  ...CALL_FAULTS,
  ...ID_TOKEN_FAULTS,
  /** Without the number of the person, as without the scope `profile`; and with a text in place of the number. */
  'no-id': null,
  'id-text': null,
} as const satisfies FaultKinds;

/** Undefined when there shall be none. */
export async function idToken(
  { keys, issuer, fault }: { keys: SigningKeys; issuer: string; fault: Fault | undefined },
  { request }: Pick<Grant, 'request'>,
  about: JWTPayload,
): Promise<string | undefined> {
  const now = Math.floor(Date.now() / 1000);
  const { client, nonce, scope } = request;
  if (!scope.includes('openid')) return undefined;
  const claims: JWTPayload & Record<string, unknown> = {
    iss: issuer,
    aud: client,
    iat: now,
    exp: now + LIVES,
    ...(nonce !== undefined && { nonce }),
    ...about,
  };
  switch (fault?.kind) {
    case 'wrong-aud':
      return keys.sign({ ...claims, aud: '7999999999' }, 'RS256');
    case 'aud-number':
      return keys.sign({ ...claims, aud: Number(client) as unknown as string }, 'RS256');
    case 'aud-list':
      return keys.sign({ ...claims, aud: [client] }, 'RS256');
    case 'wrong-iss':
      return keys.sign({ ...claims, iss: 'https://oauth.evil.example' }, 'RS256');
    case 'wrong-nonce':
      return keys.sign({ ...claims, nonce: 'of-somebody-else' }, 'RS256');
    case 'no-nonce':
      return keys.sign({ ...claims, nonce: undefined }, 'RS256');
    case 'expired':
      return keys.sign({ ...claims, iat: now - LIVES, exp: now - 60 }, 'RS256');
    case 'old':
      return keys.sign({ ...claims, iat: now - LIVES / 2, exp: now + LIVES / 2 }, 'RS256');
    case 'foreign':
      return keys.forge(claims, 'RS256');
    case 'unknown-kid':
      return keys.sign(claims, 'RS256', { kid: 'nobody-told-of-it' });
    case 'unsigned':
      return `${encoded({ alg: 'none', typ: 'JWT' })}.${encoded(claims)}.`;
    case 'no-id-token':
      return undefined;
    case 'no-id':
      return keys.sign({ ...claims, id: undefined }, 'RS256');
    case 'id-text':
      return keys.sign({ ...claims, id: String(claims['id']) }, 'RS256');
    default:
      return keys.sign(claims, 'RS256');
  }
}

const encoded = (part: object) => Buffer.from(JSON.stringify(part)).toString('base64url');

/** What Telegram says of a person, by what was asked for. */
export function telegramClaims(person: SandboxPerson, { client, scope, extra }: Grant['request']): JWTPayload {
  const { id, firstName, lastName, username } = person;
  const phone = scope.includes('phone') && extra['phone'] !== 'declined';
  return {
    sub: subjectOf(client, id),
    ...(scope.includes('profile') && {
      id,
      name: [firstName, lastName].filter(Boolean).join(' '),
      given_name: firstName,
      ...(lastName && { family_name: lastName }),
      ...(username && { preferred_username: username }),
    }),
    ...(phone && { phone_number: `7999${String(id).slice(-7)}`, phone_number_verified: true }),
  };
}

/** Nineteen digits that are another person's number nowhere, and others at each client. */
function subjectOf(client: string, person: number): string {
  const bits = createHash('sha256').update(`${client} ${person}`).digest().readBigUInt64BE();
  return String(10n ** 18n + (bits % (9n * 10n ** 18n)));
}
