import { Inject, Injectable } from '@nestjs/common';
import { Clock, CONFIG, LOG, type Log, MEDIA_STORAGE, type MediaStorage } from '@switchboard/service-kit';
import type { JsonWebKey } from 'node:crypto';
import { text } from 'node:stream/consumers';
import type { AuditConfig } from './audit.config';
import { canonical, isRootSigned, keyIdOf, type SignedRoot } from './audit-chain';
import { type Finding, RootCheck } from './audit-checks';
import { AuditRootsService, type RootWithSegments } from './audit-roots.service';

/** What is kept of a root elsewhere. */
interface RootCopy extends RootWithSegments {
  readonly publicKey: JsonWebKey;
}

const placeOf = (number: number) => `audit/roots/${String(number).padStart(9, '0')}.json`;

/** Roots are copied every ten minutes; a storage may be away for a while. */
const COPIED_WITHIN_MS = 60 * 60_000;
const READ_AT_ONCE = 16;

/** The log in the database is not the one whose signatures were copied, or the copies are not all there. */
export class AuditCopiesDiffer extends Error {
  override readonly name = 'AuditCopiesDiffer';
}

/**
 * Copies of the signed roots, one after the other, where the role of the database can change nothing. They decide what is believed:
 * of the keys only those of the configuration and of the copies, and of the roots only those that the copies agree with. So the last
 * copy is compared before anything more is signed or copied; otherwise the gateway itself would certify a log that was rewritten.
 */
@Injectable()
export class AuditCopiesService {
  constructor(
    private readonly roots: AuditRootsService,
    private readonly clock: Clock,
    @Inject(CONFIG) private readonly config: AuditConfig,
    @Inject(MEDIA_STORAGE) private readonly storage: MediaStorage,
    @Inject(LOG) private readonly log: Log,
  ) {}

  /**
   * Signs what has been written since the last time, unless the log differs from its last copy. While the storage is away it is signed
   * all the same. @returns the number of the new root, if there is one
   */
  async sign(): Promise<number | undefined> {
    try {
      await this.lastCopy();
    } catch (err) {
      if (err instanceof AuditCopiesDiffer) {
        this.log.error({ err }, 'the audit log is not signed: it differs from the copies of its signatures');
        return undefined;
      }
      this.log.warn({ err }, 'the audit log is signed without verifying it against the copies of its signatures');
    }
    return this.roots.sign();
  }

  /**
   * Copies the roots after the last copy, the oldest first.
   * @param all also looks for gaps before it, and begins anew where no copy is left: for somebody who has found out why
   * @throws AuditCopiesDiffer
   */
  async write(signal?: AbortSignal, { all = false } = {}): Promise<void> {
    const last = await this.lastCopy();
    if (!last && !all) {
      const first = await this.roots.read(1);
      // The storage may have been away, or the gateway stopped, since the very first one.
      if (first && this.isDue(first.root) && (await this.roots.hasCopies()))
        throw new AuditCopiesDiffer('no copy is left');
    }
    const start = last && !all ? last.root : undefined;
    const keys = await this.keys();
    const check = new RootCheck(
      (keyId) => keys.get(keyId),
      start && { root: start, newest: await this.roots.newestSegments(undefined, start.number) },
    );
    for await (const { root, segments } of this.roots.all((start?.number ?? 0) + 1)) {
      signal?.throwIfAborted();
      const { number, keyId } = root;
      const copy = await this.read(number);
      check.root(root, segments);
      check.copy(root, copy, false);
      const [finding] = check.findings;
      if (finding) throw new AuditCopiesDiffer(finding.message);
      if (copy) continue;
      const content: RootCopy = { root, segments, publicKey: keys.get(keyId)! };
      await this.storage.put(placeOf(number), Buffer.from(JSON.stringify(content)), {
        contentType: 'application/json',
      });
      await this.roots.noteCopy();
      if (this.isDue(root)) this.log.warn({ root: number }, 'a signature of the audit log was copied late');
    }
  }

  /**
   * The public keys that are believed, by their ids. A key that comes from the database may be anybody's, so former ones are taken from
   * copies of what they have signed.
   */
  async keys(): Promise<Map<string, JsonWebKey>> {
    const { key } = this.roots;
    const configured = this.config.GATEWAY_AUDIT_FORMER_KEYS.map((x) => ({ kty: 'OKP', crv: 'Ed25519', x }));
    const keys = new Map<string, JsonWebKey>([key.public, ...configured].map((jwk) => [keyIdOf(jwk), jwk]));
    for (const { keyId, first, last } of await this.roots.signers()) {
      for (const number of [first, last]) {
        if (keys.has(keyId)) break;
        const { root, publicKey } = (await this.read(number)) ?? {};
        if (root?.keyId === keyId && isRootSigned(root, publicKey)) keys.set(keyId, publicKey!);
      }
    }
    return keys;
  }

  /** Of those that are believed, the ones that have signed, and since when. */
  async keyList(): Promise<
    { keyId: string; publicKey: JsonWebKey & { kty: string; crv: string; x: string }; since: Date }[]
  > {
    const keys = await this.keys();
    const signers = (await this.roots.signers()).filter(({ keyId }) => keys.has(keyId));
    return signers.map(({ keyId, since }) => ({ keyId, publicKey: keys.get(keyId) as never, since }));
  }

  /** Compares all roots with all copies. @returns how many roots there are, and the number of the last one */
  async verify(signal: AbortSignal): Promise<{ findings: Finding[]; count: number; last: number }> {
    // Looked for before the roots are read: one that is made meanwhile may have a copy already.
    const lastCopy = await this.lastNumber();
    const keys = await this.keys();
    const check = new RootCheck((keyId) => keys.get(keyId));
    let [count, last] = [0, 0];
    for await (const batch of inBatches(this.roots.all(), READ_AT_ONCE)) {
      signal.throwIfAborted();
      const copies = await Promise.all(batch.map(({ root }) => this.read(root.number)));
      for (const [i, { root, segments }] of batch.entries()) {
        check.root(root, segments);
        check.copy(root, copies[i], root.number <= lastCopy || this.isDue(root));
        last = root.number;
      }
      count += batch.length;
    }
    check.end(lastCopy);
    return { findings: check.findings, count, last };
  }

  /** The number of the last copy, 0 without any. They are made one after the other, so between one that is there and one that is not lies the end. */
  async lastNumber(): Promise<number> {
    let [present, absent] = [0, Infinity];
    let probe = Math.max(1, await this.roots.lastNumber());
    for (let step = 1; absent - present > 1; step *= 2) {
      if (await this.storage.exists(placeOf(probe))) present = probe;
      else absent = probe;
      if (absent === Infinity) probe = present + step;
      else if (present === 0) probe = Math.max(1, absent - step);
      else probe = Math.floor((present + absent) / 2);
    }
    return present;
  }

  /** @throws AuditCopiesDiffer when the root that it is of is another one in the database, or gone */
  private async lastCopy(): Promise<RootCopy | undefined> {
    const number = await this.lastNumber();
    if (number === 0) return undefined;
    const [copy, own] = [await this.read(number), await this.roots.read(number)];
    if (!copy?.root || !own || canonical(copy.root) !== canonical(own.root))
      throw new AuditCopiesDiffer(`root ${number} differs from its copy`);
    return copy as RootCopy;
  }

  /** Nothing is in it when the file is no copy. */
  private async read(number: number): Promise<Partial<RootCopy> | undefined> {
    const file = await this.storage.open(placeOf(number));
    if (!file) return undefined;
    const content = await text(file.body);
    try {
      const copy = JSON.parse(content) as Partial<RootCopy>;
      return typeof copy.root === 'object' && typeof copy.publicKey === 'object' ? copy : {};
    } catch {
      return {};
    }
  }

  private isDue({ at }: SignedRoot): boolean {
    return Date.parse(at) < this.clock.now().getTime() - COPIED_WITHIN_MS;
  }
}

async function* inBatches<T>(all: AsyncIterable<T>, size: number): AsyncGenerator<T[]> {
  let batch: T[] = [];
  for await (const one of all) {
    batch.push(one);
    if (batch.length < size) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}
