import { createHash, createPublicKey, type JsonWebKey, sign, type KeyObject, verify } from 'node:crypto';
import canonicalize from 'canonicalize';

/** How many chains there are: each is written by one transaction at a time. */
export const STREAMS = 16;
/** The others hold what concerns money, and are kept longer. */
export const ORDINARY_STREAMS = 8;

/** How long entries stay; as the trigger of their table has it. */
export const KEPT_YEARS = { ordinary: 2, money: 7 };

/** What the first entry of a stream and the first root follow. */
export const NOTHING = '0'.repeat(64);

interface Party {
  readonly kind: string;
  readonly id: string;
}

/** An entry as it is hashed: what is absent has no field. Hashes are 64 hexadecimal digits. */
export interface AuditRecord {
  readonly stream: number;
  /** 1 of the first entry of its stream. */
  readonly seq: number;
  /** RFC 3339, UTC, with milliseconds. */
  readonly at: string;
  readonly actor: Party & Readonly<Record<string, unknown>>;
  readonly onBehalfOf?: Party;
  readonly action: string;
  readonly resource: { readonly type: string; readonly id: string };
  readonly bot?: string;
  /** The person who is concerned. */
  readonly person?: string;
  readonly changes?: readonly unknown[];
  readonly details?: Readonly<Record<string, unknown>>;
  readonly reason?: string;
  readonly approval?: string;
  readonly request?: string;
  readonly result: string;
}

/** With its place in the chain. */
export interface ChainedRecord {
  readonly record: AuditRecord;
  readonly prevHash: string;
  readonly hash: string;
}

/** The entries of one stream from one signature of the log to the next. */
export interface Segment {
  readonly stream: number;
  readonly from: number;
  readonly to: number;
  /** Of the entry `to`. */
  readonly hash: string;
  /** Root of the Merkle tree over the hashes of these entries. */
  readonly rows: string;
}

/** What is signed: one hash that stands for the newest segment of each stream, and the statement before it. */
export interface RootStatement {
  readonly number: number;
  readonly at: string;
  readonly previous: string;
  readonly root: string;
}

export interface Signature {
  readonly keyId: string;
  /** Base64url. */
  readonly signature: string;
}

export type SignedRoot = RootStatement & Signature;

export interface PathStep {
  readonly left?: string;
  readonly right?: string;
}

export interface AuditProof {
  readonly record: AuditRecord;
  readonly prevHash: string;
  readonly path: readonly PathStep[];
  readonly segment: Segment;
  readonly segmentPath: readonly PathStep[];
  readonly root: SignedRoot;
  readonly publicKey: JsonWebKey;
}

/** RFC 8785. */
export const canonical = (value: object): string => canonicalize(value)!;

export const hashOf = (prevHash: string, record: AuditRecord): string =>
  sha256(Buffer.from(prevHash, 'hex'), Buffer.from(canonical(record)));

/** The text that is hashed before and behind the number of an entry, which only the database knows. */
export function aroundSeq(record: Omit<AuditRecord, 'seq'>): [before: string, behind: string] {
  const behind = `,"stream":${record.stream}}`;
  // No field comes after these two, by the order of RFC 8785.
  const text = canonical({ ...record, seq: 0 });
  return [text.slice(0, -`0${behind}`.length), behind];
}

/** A Merkle tree over leaves that come one after the other. Source: RFC 9162 §2.1.1. */
export class MerkleTree {
  /** Whole trees of sizes that are powers of two, the largest first. */
  private readonly whole: { size: number; hash: string }[] = [];

  add(leaf: Buffer): void {
    let tree = { size: 1, hash: sha256(Buffer.of(0), leaf) };
    for (let last = this.whole.at(-1); last?.size === tree.size; last = this.whole.at(-1)) {
      this.whole.pop();
      tree = { size: tree.size * 2, hash: nodeOf(last.hash, tree.hash) };
    }
    this.whole.push(tree);
  }

  get root(): string {
    if (this.whole.length === 0) return sha256();
    return this.whole.map(({ hash }) => hash).reduceRight((right, left) => nodeOf(left, right));
  }
}

/** The ways from each of these leaves to the root of the tree over all of them. */
export function merklePaths(leaves: readonly Buffer[]): (index: number) => PathStep[] {
  const levels = [leaves.map((leaf) => sha256(Buffer.of(0), leaf))];
  for (let level = levels[0]!; level.length > 1; levels.push(level)) {
    // The last one of an odd number has nothing beside it, and goes up as it is.
    level = Array.from({ length: Math.ceil(level.length / 2) }, (_, i) => {
      const [left, right] = [level[2 * i]!, level[2 * i + 1]];
      return right === undefined ? left : nodeOf(left, right);
    });
  }
  return (index) =>
    levels.flatMap((level, height) => {
      const at = index >> height;
      const beside = level[at ^ 1];
      if (beside === undefined) return [];
      return at % 2 === 1 ? { left: beside } : { right: beside };
    });
}

export function rootOf(leaves: readonly Buffer[]): string {
  const tree = new MerkleTree();
  for (const leaf of leaves) tree.add(leaf);
  return tree.root;
}

/** The root that a leaf and its path lead to. */
export const follow = (leaf: Buffer, path: readonly PathStep[]): string =>
  path.reduce(
    (hash, { left, right }) => (left === undefined ? nodeOf(hash, right ?? '') : nodeOf(left, hash)),
    sha256(Buffer.of(0), leaf),
  );

/** What stands for a stream in the tree of a root. */
export const segmentLeaf = (segment: Segment): Buffer => Buffer.from(canonical(segment));

/** Of a stream that has never been signed. */
export const unsigned = (stream: number): Segment => ({ stream, from: 0, to: 0, hash: NOTHING, rows: NOTHING });

const statement = ({ number, at, previous, root }: RootStatement) => ({ v: 1, number, at, previous, root });

/** What the next statement names as the one before it. */
export const statementHash = (root: RootStatement): string => sha256(Buffer.from(canonical(statement(root))));

/** The thumbprint of RFC 7638. */
export const keyIdOf = ({ crv, kty, x }: JsonWebKey): string =>
  createHash('sha256').update(canonical({ crv, kty, x })).digest('base64url');

export interface SigningKey {
  readonly id: string;
  readonly private: KeyObject;
  readonly public: JsonWebKey;
}

/** Ed25519 over the canonical JSON. */
export const signatureOf = (content: object, key: SigningKey): string =>
  sign(null, Buffer.from(canonical(content)), key.private).toString('base64url');

export function isSigned(content: object, { keyId, signature }: Signature, publicKey: JsonWebKey | undefined): boolean {
  if (!publicKey || keyIdOf(publicKey) !== keyId) return false;
  const key = createPublicKey({ key: publicKey, format: 'jwk' });
  return verify(null, Buffer.from(canonical(content)), key, Buffer.from(signature, 'base64url'));
}

export const signRoot = (root: RootStatement, key: SigningKey): SignedRoot => ({
  ...root,
  keyId: key.id,
  signature: signatureOf(statement(root), key),
});

export const isRootSigned = (root: SignedRoot, publicKey: JsonWebKey | undefined): boolean =>
  isSigned(statement(root), root, publicKey);

/** What is wrong with the proof of one entry, if anything. Whether its key is the gateway's, the caller knows. */
export function mistakeInProof({ record, prevHash, path, segment, segmentPath, root, publicKey }: AuditProof) {
  if (record.stream !== segment.stream || record.seq < segment.from || record.seq > segment.to)
    return 'the entry is not in the segment';
  if (follow(Buffer.from(hashOf(prevHash, record), 'hex'), path) !== segment.rows)
    return 'the entry is not as it was signed';
  if (follow(segmentLeaf(segment), segmentPath) !== root.root) return 'the segment is not as it was signed';
  if (!isRootSigned(root, publicKey)) return 'the signature does not fit';
  return undefined;
}

function sha256(...parts: Buffer[]): string {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest('hex');
}

const nodeOf = (left: string, right: string) =>
  sha256(Buffer.of(1), Buffer.from(left, 'hex'), Buffer.from(right, 'hex'));
