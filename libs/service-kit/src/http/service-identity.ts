import { Actor } from '@switchboard/contracts';
import {
  createLocalJWKSet,
  errors,
  exportJWK,
  generateKeyPair,
  importJWK,
  type JSONWebKeySet,
  type JWK,
  jwtVerify,
  SignJWT,
} from 'jose';
import { z } from 'zod';
import { ConfigError } from '../config';

const LIFETIME_SECONDS = 60;
/** A clock this far ahead is borne, one behind by the lifetime more. Beyond half of it ClockSkewed alarms. */
const CLOCK_SKEW_SECONDS = 30;

/** Who has authenticated the people it speaks for: the gateway persons, staff and keys, an operator's own key staff alone. */
export const AUTHENTICATORS: readonly string[] = ['gateway', 'operator'];

/** Who asks, by a token that was verified. */
export interface Caller {
  /** The service whose key signed it. */
  readonly service: string;
  readonly actor: Actor;
  readonly requestId?: string;
  /** The id of the only route for which the gateway has let the actor in. */
  readonly route?: string;
}

/** Why a token was refused, as a label to count by. */
export const REFUSAL_REASONS = ['clock', 'key', 'audience', 'other'] as const;
export type RefusalReason = (typeof REFUSAL_REASONS)[number];

/** @param error what `ServiceIdentity.verify` threw */
export function refusalReasonOf(error: unknown): RefusalReason {
  if (error instanceof errors.JWTExpired) return 'clock';
  if (error instanceof errors.JWTClaimValidationFailed) {
    if (error.claim === 'iat') return 'clock';
    return error.claim === 'aud' ? 'audience' : 'other';
  }
  if (error instanceof errors.JWSSignatureVerificationFailed || error instanceof errors.JWKSNoMatchingKey) return 'key';
  return 'other';
}

const Claims = z.object({ act: Actor, rid: z.uuid().optional(), rte: z.string().optional() });

export interface IdentityKeys {
  /** Private Ed25519 keys of the services that run in this process, by name. */
  private: ReadonlyMap<string, JWK>;
  public: JSONWebKeySet;
}

/**
 * Fresh keys for services that share one process.
 * @param others a JWK set of those who come from outside, as an operator does
 */
export async function generateIdentityKeys(services: readonly string[], others?: string): Promise<IdentityKeys> {
  const pairs = await Promise.all(
    services.map(async (service) => {
      const { privateKey, publicKey } = await generateKeyPair('EdDSA', { crv: 'Ed25519', extractable: true });
      return {
        service,
        private: await exportJWK(privateKey),
        public: { ...(await exportJWK(publicKey)), kid: service, alg: 'EdDSA' },
      };
    }),
  );
  return {
    private: new Map(pairs.map((pair) => [pair.service, pair.private])),
    public: { keys: [...pairs.map((pair) => pair.public), ...keysOfOthers(others, services)] },
  };
}

function keysOfOthers(others: string | undefined, services: readonly string[]): JWK[] {
  const { keys } = others ? parseKeySet(others) : { keys: [] };
  return keys.filter(({ kid }) => !services.includes(kid!));
}

function parseKeySet(text: string): JSONWebKeySet {
  try {
    return z.object({ keys: z.array(z.looseObject({ kty: z.string(), kid: z.string() })) }).parse(JSON.parse(text));
  } catch {
    throw new ConfigError('SERVICE_PUBLIC_KEYS is a JWK set in JSON, each key with its `kid`');
  }
}

export function parseIdentityKeys(
  service: string,
  privateKey: string | undefined,
  publicKeys: string | undefined,
): IdentityKeys {
  if (!privateKey || !publicKeys)
    throw new ConfigError('SERVICE_PRIVATE_KEY and SERVICE_PUBLIC_KEYS are needed when services run apart');
  try {
    return { private: new Map([[service, JSON.parse(privateKey) as JWK]]), public: parseKeySet(publicKeys) };
  } catch (error) {
    if (error instanceof ConfigError) throw error;
    throw new ConfigError('SERVICE_PRIVATE_KEY is a JWK in JSON');
  }
}

/** Who a service is to the others: short-lived tokens (JWT, EdDSA), good for one audience. */
export class ServiceIdentity {
  private readonly publicKeys: ReturnType<typeof createLocalJWKSet>;
  private privateKey: ReturnType<typeof importJWK> | undefined;

  constructor(
    readonly service: string,
    private readonly keys: IdentityKeys,
  ) {
    this.publicKeys = createLocalJWKSet(keys.public);
  }

  /**
   * @param audience the service that is asked
   * @param actor for whom; the service itself without one
   * @param route the id of the only route it shall be good for
   */
  async tokenFor(
    audience: string,
    { actor, requestId, route }: { actor?: Actor; requestId?: string; route?: string } = {},
  ): Promise<string> {
    const jwk = this.keys.private.get(this.service);
    if (!jwk) throw new ConfigError(`There is no private key of ${this.service}`);
    this.privateKey ??= importJWK(jwk, 'EdDSA');
    const act: z.input<typeof Actor> = actor ?? { kind: 'service', id: this.service };
    return new SignJWT({ act, ...(requestId && { rid: requestId }), ...(route && { rte: route }) })
      .setProtectedHeader({ alg: 'EdDSA', kid: this.service })
      .setIssuer(this.service)
      .setAudience(audience)
      .setIssuedAt()
      .setExpirationTime(`${LIFETIME_SECONDS}s`)
      .sign(await this.privateKey);
  }

  /** Who asks; throws when the token is not for us, not in time, not signed by who it says, or says more than that one may. */
  async verify(token: string): Promise<Caller> {
    const { payload, protectedHeader } = await jwtVerify(token, this.publicKeys, {
      audience: this.service,
      algorithms: ['EdDSA'],
      clockTolerance: CLOCK_SKEW_SECONDS,
      maxTokenAge: LIFETIME_SECONDS,
    });
    const service = payload.iss;
    if (!service || service !== protectedHeader.kid) throw new Error("the key is not the issuer's");
    const { act: actor, rid, rte } = Claims.parse(payload);
    if (actor.kind === 'service' && actor.id !== service) throw new Error('a service speaks in its own name');
    if (service === 'operator' && actor.kind !== 'staff') throw new Error('an operator speaks for staff');
    return { service, actor, ...(rid && { requestId: rid }), ...(rte && { route: rte }) };
  }
}
