import { Inject, Injectable } from '@nestjs/common';
import { BlindIndex, Clock, CONFIG, LOG, type Log } from '@switchboard/service-kit';
import { createPrivateKey, createPublicKey, type JsonWebKey } from 'node:crypto';
import { DataSource, type EntityManager } from 'typeorm';
import type { AuditConfig } from './audit.config';
import {
  keyIdOf,
  MerkleTree,
  NOTHING,
  rootOf,
  type Segment,
  segmentLeaf,
  type Signature,
  signatureOf,
  type SignedRoot,
  type SigningKey,
  signRoot,
  statementHash,
  STREAMS,
  unsigned,
} from './audit-chain';
import type { DatedSegment } from './audit-checks';

const BATCH = 200;

const ROOT_FIELDS = `number::float8 AS number, at, encode(previous, 'hex') AS previous, encode(root, 'hex') AS root, key_id AS "keyId",
  translate(rtrim(encode(signature, 'base64'), '='), E'+/\\n', '-_') AS signature`;
const SEGMENT_FIELDS = `stream, from_seq::float8 AS "from", to_seq::float8 AS "to", encode(hash, 'hex') AS hash, encode(rows, 'hex') AS rows`;

type RootRow = Omit<SignedRoot, 'at' | 'signature'> & { at: Date; signature: Buffer };

const rootOfRow = ({ at, signature, ...row }: RootRow): SignedRoot => ({
  ...row,
  at: at.toISOString(),
  signature: signature.toString('base64url'),
});

/** The beginning of a private Ed25519 key as PKCS #8, before its 32 bytes. Source: RFC 8410 §7. */
const PKCS8 = Buffer.from('302e020100300506032b657004220420', 'hex');

function signingKeyOf({ GATEWAY_AUDIT_SIGNING_KEY: jwk }: AuditConfig, index: BlindIndex): SigningKey {
  const derived = () => Buffer.concat([PKCS8, Buffer.from(index.hash('audit signing key'), 'hex')]);
  const privateKey = jwk
    ? createPrivateKey({ key: JSON.parse(jwk) as JsonWebKey, format: 'jwk' })
    : createPrivateKey({ key: derived(), format: 'der', type: 'pkcs8' });
  const publicKey = createPublicKey(privateKey).export({ format: 'jwk' });
  return { private: privateKey, public: publicKey, id: keyIdOf(publicKey) };
}

/** A root, and what it has signed. */
export interface RootWithSegments {
  readonly root: SignedRoot;
  readonly segments: readonly Segment[];
}

/**
 * Signs the log: one hash that stands for all of it, in a chain of its own. It lies in the database, and whoever owns that can put
 * another in its place: what is believed of it, AuditCopiesService says.
 */
@Injectable()
export class AuditRootsService {
  readonly key: SigningKey;

  constructor(
    private readonly db: DataSource,
    private readonly clock: Clock,
    index: BlindIndex,
    @Inject(CONFIG) config: AuditConfig,
    @Inject(LOG) private readonly log: Log,
  ) {
    this.key = signingKeyOf(config, index);
  }

  /** Signs what has been written since the last time. @returns the number of the new root; undefined when there is nothing new */
  async sign(): Promise<number | undefined> {
    const number = await this.db.transaction(async (tx) => {
      await tx.query(`SELECT pg_advisory_xact_lock(hashtext('audit roots'), hashtext(current_schema()))`);
      const newest = await this.newestSegments(tx);
      const heads = await tx.query<{ stream: number; seq: number; hash: string }[]>(
        `SELECT stream, seq::float8 AS seq, encode(hash, 'hex') AS hash FROM audit_streams ORDER BY stream`,
      );
      const segments: Segment[] = [];
      for (const { stream, seq: to, hash } of heads) {
        const from = newest[stream]!.to + 1;
        if (to >= from) segments.push({ stream, from, to, hash, rows: await this.rowsRoot(tx, stream, from, to) });
      }
      if (segments.length === 0) return undefined;
      for (const segment of segments) newest[segment.stream] = segment;
      const last = await this.last(tx);
      const root = {
        number: (last?.number ?? 0) + 1,
        at: this.clock.now().toISOString(),
        previous: last ? statementHash(last) : NOTHING,
        root: rootOf(newest.map(segmentLeaf)),
      };
      await this.save(tx, signRoot(root, this.key), segments);
      return root.number;
    });
    if (number !== undefined) this.log.info({ root: number }, 'the audit log was signed');
    return number;
  }

  /** Whether any root has been copied elsewhere. */
  async hasCopies(): Promise<boolean> {
    const rows = await this.db.query<unknown[]>('SELECT FROM audit_copies');
    return rows.length > 0;
  }

  async noteCopy(): Promise<void> {
    await this.db.query('INSERT INTO audit_copies VALUES (true) ON CONFLICT DO NOTHING');
  }

  signStatement(content: object): Signature {
    return { keyId: this.key.id, signature: signatureOf(content, this.key) };
  }

  /** By which keys there are roots, when each has signed first, and the first and the last of its roots. */
  async signers(): Promise<{ keyId: string; since: Date; first: number; last: number }[]> {
    return this.db.query(
      `SELECT key_id AS "keyId", min(at) AS since, min(number)::float8 AS first, max(number)::float8 AS last
       FROM audit_roots GROUP BY key_id ORDER BY min(number)`,
    );
  }

  async read(number: number): Promise<RootWithSegments | undefined> {
    const [found] = await this.rootsFrom(number, 1);
    return found?.root.number === number ? found : undefined;
  }

  /** 0 when nothing has been signed. */
  async lastNumber(): Promise<number> {
    return (await this.last(this.db.manager))?.number ?? 0;
  }

  /** All roots in order, from one on. */
  async *all(from = 1): AsyncGenerator<RootWithSegments> {
    for (;;) {
      const roots = await this.rootsFrom(from, BATCH);
      yield* roots;
      if (roots.length < BATCH) return;
      from = roots.at(-1)!.root.number + 1;
    }
  }

  /** The segments of a stream in order, with the time at which they were signed, up to those of a root. */
  async *segmentsOf(stream: number, number: number): AsyncGenerator<DatedSegment> {
    for (let after = 0; ;) {
      const segments = await this.db.query<(Segment & { at: Date })[]>(
        `SELECT ${SEGMENT_FIELDS}, signed.at FROM audit_segments JOIN (SELECT number, at FROM audit_roots) signed ON number = root
         WHERE stream = $1 AND to_seq > $2 AND number <= $3 ORDER BY to_seq LIMIT ${BATCH}`,
        [stream, after, number],
      );
      for (const { at, ...segment } of segments) yield { ...segment, at: at.toISOString() };
      if (segments.length < BATCH) return;
      after = segments.at(-1)!.to;
    }
  }

  /** The segment that holds an entry, its root, and what that root stands for; undefined as long as it is not signed. */
  async signatureOf(
    stream: number,
    seq: number,
  ): Promise<{ segment: Segment; root: SignedRoot; newest: Segment[] } | undefined> {
    const [found] = await this.db.query<(Segment & { number: number })[]>(
      `SELECT ${SEGMENT_FIELDS}, root::float8 AS number FROM audit_segments WHERE stream = $1 AND to_seq >= $2 ORDER BY to_seq LIMIT 1`,
      [stream, seq],
    );
    if (!found || found.from > seq) return undefined;
    const { number, ...segment } = found;
    const [signed] = await this.rootsFrom(number, 1);
    return { segment, root: signed!.root, newest: await this.newestSegments(this.db.manager, number) };
  }

  private async rootsFrom(number: number, limit: number): Promise<RootWithSegments[]> {
    const rows = await this.db.query<RootRow[]>(
      `SELECT ${ROOT_FIELDS} FROM audit_roots WHERE number >= $1 ORDER BY number LIMIT $2`,
      [number, limit],
    );
    const segments = await this.db.query<(Segment & { number: number })[]>(
      `SELECT ${SEGMENT_FIELDS}, root::float8 AS number FROM audit_segments WHERE root = ANY($1) ORDER BY root, stream, to_seq`,
      [rows.map((row) => row.number)],
    );
    const byRoot = Map.groupBy(segments, (segment) => segment.number);
    return rows.map((row) => ({
      root: rootOfRow(row),
      segments: (byRoot.get(row.number) ?? []).map(({ number: _, ...segment }) => segment),
    }));
  }

  /** Of each stream, as of a root. */
  async newestSegments(tx: EntityManager = this.db.manager, number = Number.MAX_SAFE_INTEGER): Promise<Segment[]> {
    const found = await tx.query<Segment[]>(
      `SELECT s.* FROM generate_series(0, ${STREAMS - 1}) AS one, LATERAL (
         SELECT ${SEGMENT_FIELDS} FROM audit_segments WHERE stream = one AND root <= $1 ORDER BY root DESC LIMIT 1) s`,
      [number],
    );
    return Array.from({ length: STREAMS }, (_, stream) => found.find((s) => s.stream === stream) ?? unsigned(stream));
  }

  private async last(tx: EntityManager): Promise<SignedRoot | undefined> {
    const [row] = await tx.query<RootRow[]>(`SELECT ${ROOT_FIELDS} FROM audit_roots ORDER BY number DESC LIMIT 1`);
    return row && rootOfRow(row);
  }

  private async rowsRoot(tx: EntityManager, stream: number, from: number, to: number): Promise<string> {
    const tree = new MerkleTree();
    for (let after = from - 1; after < to;) {
      const rows = await tx.query<{ seq: number; hash: Buffer }[]>(
        `SELECT seq::float8 AS seq, hash FROM audit_entries WHERE stream = $1 AND seq > $2 AND seq <= $3 ORDER BY seq LIMIT 5000`,
        [stream, after, to],
      );
      // Somebody has removed entries that were not signed yet: what is signed is what is there, and the check finds the gap.
      if (rows.length === 0) break;
      for (const { hash } of rows) tree.add(hash);
      after = rows.at(-1)!.seq;
    }
    return tree.root;
  }

  private async save(tx: EntityManager, root: SignedRoot, segments: readonly Segment[]): Promise<void> {
    const { number, at, previous, root: hash, keyId, signature } = root;
    await tx.query(
      `INSERT INTO audit_roots (number, at, previous, root, key_id, signature)
       VALUES ($1, $2, decode($3, 'hex'), decode($4, 'hex'), $5, $6)`,
      [number, at, previous, hash, keyId, Buffer.from(signature, 'base64url')],
    );
    await tx.query(
      `INSERT INTO audit_segments (root, stream, from_seq, to_seq, hash, rows)
       SELECT $1, stream, "from", "to", decode(hash, 'hex'), decode(rows, 'hex')
       FROM jsonb_to_recordset($2) AS s (stream smallint, "from" bigint, "to" bigint, hash text, rows text)`,
      [number, JSON.stringify(segments)],
    );
  }
}
