import {
  type CanActivate,
  type ExecutionContext,
  Inject,
  Injectable,
  SetMetadata,
  UnauthorizedException,
} from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { Request } from 'express';
import {
  createLocalJWKSet,
  exportJWK,
  generateKeyPair,
  importJWK,
  type JSONWebKeySet,
  type JWK,
  jwtVerify,
  SignJWT,
} from 'jose';
import { ConfigError } from './config';

const LIFETIME_SECONDS = 60;

export interface IdentityKeys {
  /** Private Ed25519 keys of the services that run in this process, by name. */
  private: ReadonlyMap<string, JWK>;
  public: JSONWebKeySet;
}

/** Fresh keys for services that share one process. */
export async function generateIdentityKeys(services: readonly string[]): Promise<IdentityKeys> {
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
    public: { keys: pairs.map((pair) => pair.public) },
  };
}

export function parseIdentityKeys(
  service: string,
  privateKey: string | undefined,
  publicKeys: string | undefined,
): IdentityKeys {
  if (!privateKey || !publicKeys)
    throw new ConfigError('SERVICE_PRIVATE_KEY and SERVICE_PUBLIC_KEYS are needed when services run apart');
  try {
    return {
      private: new Map([[service, JSON.parse(privateKey) as JWK]]),
      public: JSON.parse(publicKeys) as JSONWebKeySet,
    };
  } catch {
    throw new ConfigError('SERVICE_PRIVATE_KEY is a JWK and SERVICE_PUBLIC_KEYS a JWK set, both in JSON');
  }
}

/** Who a service is to the others: short-lived tokens (JWT, EdDSA), good for one audience. */
export class ServiceIdentity {
  private readonly publicKeys: ReturnType<typeof createLocalJWKSet>;

  constructor(
    readonly service: string,
    private readonly keys: IdentityKeys,
  ) {
    this.publicKeys = createLocalJWKSet(keys.public);
  }

  async tokenFor(audience: string): Promise<string> {
    const jwk = this.keys.private.get(this.service);
    if (!jwk) throw new ConfigError(`There is no private key of ${this.service}`);
    return new SignJWT()
      .setProtectedHeader({ alg: 'EdDSA', kid: this.service })
      .setIssuer(this.service)
      .setAudience(audience)
      .setIssuedAt()
      .setExpirationTime(`${LIFETIME_SECONDS}s`)
      .sign(await importJWK(jwk, 'EdDSA'));
  }

  /** Returns the service that asks; throws when the token is not for us, not in time, or not signed by who it says. */
  async verify(token: string): Promise<string> {
    const { payload, protectedHeader } = await jwtVerify(token, this.publicKeys, {
      audience: this.service,
      algorithms: ['EdDSA'],
      clockTolerance: 5,
    });
    if (!payload.iss || payload.iss !== protectedHeader.kid) throw new Error("the key is not the issuer's");
    return payload.iss;
  }
}

const CALLERS = 'switchboard:callers';

/** Opens an endpoint to the named services only. */
export const AllowServices = (...services: string[]) => SetMetadata(CALLERS, services);

/** Guards private endpoints: `@UseGuards(ServiceGuard) @AllowServices('bot-adapter')`. */
@Injectable()
export class ServiceGuard implements CanActivate {
  constructor(
    @Inject(ServiceIdentity) private readonly identity: ServiceIdentity,
    @Inject(Reflector) private readonly reflector: Reflector,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const [scheme, token] = (context.switchToHttp().getRequest<Request>().headers.authorization ?? '').split(' ');
    if (scheme !== 'Bearer' || !token) throw new UnauthorizedException('A service token is needed');
    let caller: string;
    try {
      caller = await this.identity.verify(token);
    } catch {
      throw new UnauthorizedException('The service token is not valid here');
    }
    const allowed = this.reflector.getAllAndOverride<string[] | undefined>(CALLERS, [
      context.getHandler(),
      context.getClass(),
    ]);
    return allowed?.includes(caller) ?? false;
  }
}
