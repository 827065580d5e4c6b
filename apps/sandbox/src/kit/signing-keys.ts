import { generateKeyPairSync, randomUUID } from 'node:crypto';
import { exportJWK, importJWK, type JWK, type JWTPayload, SignJWT } from 'jose';

export type Algorithm = 'RS256' | 'ES256' | 'EdDSA';

const MAKE: Readonly<Record<Algorithm, () => ReturnType<typeof generateKeyPairSync>>> = {
  RS256: () => generateKeyPairSync('rsa', { modulusLength: 2048 }),
  ES256: () => generateKeyPairSync('ec', { namedCurve: 'P-256' }),
  EdDSA: () => generateKeyPairSync('ed25519'),
};

interface SigningKey {
  kid: string;
  alg: Algorithm;
  private: JWK;
  public: JWK;
}

/** What a third party signs tokens with: a key for each algorithm, made when it is first asked for. The newest signs. */
export class SigningKeys {
  private keys: SigningKey[] = [];

  constructor(private readonly algorithms: readonly Algorithm[]) {}

  async sign(claims: JWTPayload, alg: Algorithm, header: { kid?: string } = {}): Promise<string> {
    const key = (await this.ofEach()).findLast((one) => one.alg === alg)!;
    return signed(claims, key, header.kid ?? key.kid);
  }

  /** As somebody would who has not got the key, and says that they have. */
  async forge(claims: JWTPayload, alg: Algorithm): Promise<string> {
    const key = (await this.ofEach()).findLast((one) => one.alg === alg)!;
    return signed(claims, await made(alg), key.kid);
  }

  async publicKeys(): Promise<{ keys: JWK[] }> {
    return { keys: (await this.ofEach()).map(({ kid, alg, public: jwk }) => ({ ...jwk, kid, alg, use: 'sig' })) };
  }

  /** New keys sign from now on; those before them are still told of, as a provider does while tokens of theirs are about. */
  async rotate(): Promise<void> {
    const newest = this.algorithms.map((alg) => this.keys.findLast((one) => one.alg === alg));
    this.keys = [...newest.filter((key) => key !== undefined), ...(await Promise.all(this.algorithms.map(made)))];
  }

  save(): object {
    return this.keys;
  }

  restore(keys: unknown): void {
    this.keys = (keys ?? []) as SigningKey[];
  }

  private async ofEach(): Promise<SigningKey[]> {
    for (const alg of this.algorithms) {
      if (!this.keys.some((key) => key.alg === alg)) this.keys.push(await made(alg));
    }
    return this.keys;
  }
}

async function made(alg: Algorithm): Promise<SigningKey> {
  const { privateKey, publicKey } = MAKE[alg]();
  return { kid: randomUUID(), alg, private: await exportJWK(privateKey), public: await exportJWK(publicKey) };
}

async function signed(claims: JWTPayload, key: SigningKey, kid: string): Promise<string> {
  return new SignJWT(claims)
    .setProtectedHeader({ alg: key.alg, kid, typ: 'JWT' })
    .sign(await importJWK(key.private, key.alg));
}
