import { Injectable } from '@nestjs/common';
import { Clock, FieldCipher } from '@switchboard/service-kit';
import { calculateJwkThumbprint, createLocalJWKSet, exportJWK, generateKeyPair, importJWK, type JWK } from 'jose';
import { DataSource, type EntityManager } from 'typeorm';
import { SigningKey } from './signing-key.entity';

/** What Supabase takes of issuers beside its own, too. */
export const ALGORITHM = 'ES256';
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const SIGNS_FOR_MS = 90 * DAY_MS;
/** Who checks tokens asks for the keys now and then only; a token lives for a quarter of an hour after its key has signed. */
const TOLD_BEFORE_MS = DAY_MS;
const TOLD_AFTER_MS = DAY_MS;
/** What another process has changed is seen after so long at most. */
const READ_EVERY_MS = 60_000;
const PLACE = 'signing_keys.private_key';

type Key = Awaited<ReturnType<typeof importJWK>>;

interface Known {
  readonly at: number;
  readonly keys: Promise<readonly SigningKey[]>;
  verification: Promise<ReturnType<typeof createLocalJWKSet>> | undefined;
}

/** The keys by which access tokens are signed: one signs, and the one before it and the one after it are told of as well. */
@Injectable()
export class SigningKeys {
  private known: Known | undefined;
  private readonly imported = new Map<string, Key>();

  constructor(
    private readonly db: DataSource,
    private readonly cipher: FieldCipher,
    private readonly clock: Clock,
  ) {}

  /** The one that signs now. */
  async current(): Promise<{ kid: string; key: Key }> {
    const key = signing(await this.all(), this.clock.now());
    if (!key) {
      await this.renew();
      return this.current();
    }
    const { kid } = key;
    const known = this.imported.get(kid);
    if (known) return { kid, key: known };
    const jwk = JSON.parse(this.cipher.decrypt(key.privateKey!, PLACE, kid)) as JWK;
    const imported = await importJWK(jwk, ALGORITHM);
    this.imported.set(kid, imported);
    return { kid, key: imported };
  }

  /** All by which a token can be signed that is good still, or soon. Source: RFC 7517, §5. */
  async publicKeys(): Promise<{ keys: JWK[] }> {
    return jwkSet(await this.all());
  }

  /** By which tokens are verified. A key is imported once, not for each token. */
  async verificationKeys(): Promise<ReturnType<typeof createLocalJWKSet>> {
    const known = this.read();
    return (known.verification ??= known.keys.then((keys) => createLocalJWKSet(jwkSet(keys))));
  }

  /** Makes the next key in time, and forgets those that nobody needs any more. */
  async renew(): Promise<void> {
    await this.db.transaction(async (tx) => {
      await tx.query(`SELECT pg_advisory_xact_lock(hashtext('signing keys'))`);
      const now = this.clock.now();
      const keys = await tx.find(SigningKey, { order: { signsFrom: 'ASC' } });
      const newest = keys.at(-1);
      if (!newest) await this.add(tx, now);
      else if (now.getTime() >= newest.signsFrom.getTime() + SIGNS_FOR_MS) {
        await this.add(tx, new Date(now.getTime() + TOLD_BEFORE_MS));
      }
      for (const [i, { kid }] of keys.entries()) {
        const next = keys[i + 1]?.signsFrom.getTime();
        if (next === undefined || next > now.getTime()) continue;
        if (next + TOLD_AFTER_MS <= now.getTime()) await tx.delete(SigningKey, { kid });
        else await tx.update(SigningKey, { kid }, { privateKey: null });
      }
    });
    this.known = undefined;
  }

  private async add(tx: EntityManager, signsFrom: Date): Promise<void> {
    const pair = await generateKeyPair(ALGORITHM, { extractable: true });
    const [publicKey, privateKey] = [await exportJWK(pair.publicKey), await exportJWK(pair.privateKey)];
    const kid = await calculateJwkThumbprint(publicKey);
    await tx.insert(SigningKey, {
      ...{ kid, publicKey: publicKey as object, createdAt: this.clock.now(), signsFrom },
      privateKey: this.cipher.encrypt(JSON.stringify(privateKey), PLACE, kid),
    });
  }

  private all(): Promise<readonly SigningKey[]> {
    return this.read().keys;
  }

  private read(): Known {
    const now = this.clock.now().getTime();
    if (!this.known || Math.abs(now - this.known.at) >= READ_EVERY_MS) {
      const keys = this.db.manager.find(SigningKey, { order: { signsFrom: 'ASC' } });
      this.known = { at: now, keys, verification: undefined };
      keys.catch(() => (this.known = undefined));
    }
    return this.known;
  }
}

const jwkSet = (keys: readonly SigningKey[]): { keys: JWK[] } => ({
  keys: keys.map(({ kid, publicKey }) => ({ ...publicKey, kid, alg: ALGORITHM, use: 'sig' })),
});

/** Where the clock is behind that of whoever has made the first one, none is due: then that one signs all the same. */
function signing(keys: readonly SigningKey[], now: Date): SigningKey | undefined {
  const able = keys.filter(({ privateKey }) => privateKey !== null);
  return able.findLast(({ signsFrom }) => signsFrom <= now) ?? able[0];
}
