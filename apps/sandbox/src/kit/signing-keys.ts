import { generateKeyPairSync, randomUUID } from 'node:crypto';
import { exportJWK, importJWK, type JWK, type JWTPayload, SignJWT } from 'jose';

export type Algorithm = 'RS256' | 'ES256' | 'EdDSA' | 'ES256K';

const MAKE: Readonly<Record<Algorithm, () => ReturnType<typeof generateKeyPairSync>>> = {
  RS256: () => generateKeyPairSync('rsa', { modulusLength: 2048 }),
  ES256: () => generateKeyPairSync('ec', { namedCurve: 'P-256' }),
  EdDSA: () => generateKeyPairSync('ed25519'),
  ES256K: () => generateKeyPairSync('ec', { namedCurve: 'secp256k1' }),
};

export interface KeyKind {
  readonly alg: Algorithm;
  /** Its keys are `<name>-1`, `<name>-2`; without one they are called by chance. */
  readonly name?: string;
  /** What is told of each beside the key itself. */
  readonly told?: JWK;
}

interface SigningKey {
  kid: string;
  alg: Algorithm;
  private: JWK;
  public: JWK;
}

/** What a third party signs tokens with: a key for each algorithm, made when it is first asked for. The newest signs. */
export class SigningKeys {
  private keys: SigningKey[] = [];

  constructor(private readonly kinds: readonly KeyKind[]) {}

  async sign(claims: JWTPayload, alg: Algorithm, header: { kid?: string } = {}): Promise<string> {
    const key = (await this.ofEach()).findLast((one) => one.alg === alg)!;
    return signed(claims, key, header.kid ?? key.kid);
  }

  /** As somebody would who has not got the key, and says that they have. */
  async forge(claims: JWTPayload, alg: Algorithm): Promise<string> {
    const key = (await this.ofEach()).findLast((one) => one.alg === alg)!;
    return signed(claims, await made({ alg }, 0), key.kid);
  }

  async publicKeys(): Promise<{ keys: JWK[] }> {
    const toldOf = (alg: Algorithm) => this.kinds.find((kind) => kind.alg === alg)?.told ?? { use: 'sig' };
    return { keys: (await this.ofEach()).map(({ kid, alg, public: jwk }) => ({ ...jwk, kid, alg, ...toldOf(alg) })) };
  }

  /** New keys sign from now on; those before them are still told of, as a provider does while tokens of theirs are about. */
  async rotate(): Promise<void> {
    const newest = this.kinds.map(({ alg }) => this.keys.findLast((one) => one.alg === alg));
    const next = await Promise.all(this.kinds.map((kind, i) => made(kind, numberOf(newest[i]) + 1)));
    this.keys = [...newest.filter((key) => key !== undefined), ...next];
  }

  save(): object {
    return this.keys;
  }

  restore(keys: unknown): void {
    this.keys = (keys ?? []) as SigningKey[];
  }

  private async ofEach(): Promise<SigningKey[]> {
    for (const kind of this.kinds) {
      if (!this.keys.some(({ alg }) => alg === kind.alg)) this.keys.push(await made(kind, 1));
    }
    return this.keys;
  }
}

const numberOf = (key: SigningKey | undefined): number => Number(key?.kid.split('-').at(-1)) || 0;

async function made({ alg, name }: KeyKind, number: number): Promise<SigningKey> {
  const { privateKey, publicKey } = MAKE[alg]();
  const kid = name === undefined ? randomUUID() : `${name}-${number}`;
  return { kid, alg, private: await exportJWK(privateKey), public: await exportJWK(publicKey) };
}

async function signed(claims: JWTPayload, key: SigningKey, kid: string): Promise<string> {
  return new SignJWT(claims)
    .setProtectedHeader({ alg: key.alg, kid, typ: 'JWT' })
    .sign(await importJWK(key.private, key.alg));
}
