import type { JsonWebKey } from 'node:crypto';
import {
  canonical,
  type ChainedRecord,
  hashOf,
  isRootSigned,
  MerkleTree,
  NOTHING,
  rootOf,
  type Segment,
  segmentLeaf,
  type SignedRoot,
  statementHash,
  STREAMS,
  unsigned,
} from './audit-chain';

export interface Finding {
  readonly kind:
    | 'entry_changed'
    | 'entry_missing'
    | 'segment_changed'
    | 'head_changed'
    | 'root_changed'
    | 'root_missing'
    | 'copy_missing'
    | 'not_verified';
  readonly stream?: number;
  readonly seq?: number;
  readonly root?: number;
  readonly message: string;
}

/** A segment and when it was signed. */
export type DatedSegment = Segment & { readonly at: string };

/**
 * Goes along one stream, entry by entry, and tells whatever does not fit: the numbers, the hashes, and what was signed of them. An
 * entry that was changed, removed, put in or exchanged breaks at least one of these, also when all hashes after it are made anew.
 */
export class StreamCheck {
  readonly findings: Finding[] = [];
  private expected: { seq: number; hash: string } | undefined;
  private segment: DatedSegment | undefined;
  private tree = new MerkleTree();

  /**
   * @param segments those of the stream, in their order
   * @param forgottenBefore entries that were signed later than that may not be missing at the beginning
   */
  constructor(
    private readonly stream: number,
    private readonly segments: AsyncIterator<DatedSegment> | Iterator<DatedSegment>,
    private readonly forgottenBefore: string,
  ) {}

  async entry({ record, prevHash, hash }: ChainedRecord): Promise<void> {
    const { seq } = record;
    if (!this.expected) await this.begin(seq);
    const { seq: next, hash: previous } = this.expected!;
    if (seq !== next) this.tell('entry_missing', next, `entry ${next} is missing, ${seq} follows`);
    else if (prevHash !== previous) this.tell('entry_changed', seq, `entry ${seq} does not follow the one before it`);
    if (record.stream !== this.stream || hashOf(prevHash, record) !== hash)
      this.tell('entry_changed', seq, `entry ${seq} is not what its hash was made of`);
    this.expected = { seq: seq + 1, hash };
    await this.passSegment(seq, hash);
  }

  /** @param head what the next entry would follow: the number and hash of the last one */
  async end(head: { readonly seq: number; readonly hash: string }): Promise<void> {
    if (!this.expected) await this.begin(head.seq + 1);
    const { seq, hash } = this.expected!;
    if (head.seq !== seq - 1 || head.hash !== hash)
      this.tell('head_changed', head.seq, `the stream ends with entry ${seq - 1}, its head says ${head.seq}`);
    for (; this.segment; await this.nextSegment())
      this.tell('entry_missing', this.segment.to, `entries up to ${this.segment.to} were signed, and are missing`);
  }

  /** The oldest entries are forgotten by whole segments: what is left follows the last of these. */
  private async begin(first: number): Promise<void> {
    await this.nextSegment();
    this.expected = { seq: 1, hash: NOTHING };
    if (first === 1) return;
    while (this.segment && this.segment.to < first) {
      if (this.segment.at >= this.forgottenBefore)
        this.tell('entry_missing', this.segment.to, `entries up to ${this.segment.to} are missing before their time`);
      this.expected = { seq: this.segment.to + 1, hash: this.segment.hash };
      await this.nextSegment();
    }
  }

  private async passSegment(seq: number, hash: string): Promise<void> {
    if (!this.segment) return;
    this.tree.add(Buffer.from(hash, 'hex'));
    const { to, rows, hash: signed } = this.segment;
    if (seq < to) return;
    if (seq > to || hash !== signed || this.tree.root !== rows)
      this.tell('segment_changed', to, `the entries up to ${to} are not those that were signed`);
    await this.nextSegment();
  }

  private async nextSegment(): Promise<void> {
    const { value, done } = await this.segments.next();
    this.segment = done ? undefined : (value as DatedSegment);
    this.tree = new MerkleTree();
  }

  private tell(kind: Finding['kind'], seq: number, message: string): void {
    this.findings.push({ kind, stream: this.stream, seq, message: `stream ${this.stream}: ${message}` });
  }
}

/** Goes along roots, one after the other, with the segments that each of them has signed and the copy that is kept of it elsewhere. */
export class RootCheck {
  readonly findings: Finding[] = [];
  private last: SignedRoot | undefined;
  private readonly newest: Segment[];

  /** @param start the root before the first one, with the newest segments as of it; without it the first is that of the whole log */
  constructor(
    private readonly keyOf: (keyId: string) => JsonWebKey | undefined,
    start?: { readonly root: SignedRoot; readonly newest: readonly Segment[] },
  ) {
    this.last = start?.root;
    this.newest = start ? [...start.newest] : Array.from({ length: STREAMS }, (_, stream) => unsigned(stream));
  }

  root(root: SignedRoot, segments: readonly Segment[]): void {
    const { number } = root;
    const expected = (this.last?.number ?? 0) + 1;
    if (number !== expected) this.tell('root_missing', expected, `root ${expected} is missing`);
    else if (root.previous !== (this.last ? statementHash(this.last) : NOTHING))
      this.tell('root_changed', number, `root ${number} does not follow the one before it`);
    for (const segment of segments) {
      const { stream, from } = segment;
      const { to } = this.newest[stream]!;
      if (from !== to + 1)
        this.tell('root_changed', number, `root ${number}: in stream ${stream} the segment from ${from} follows ${to}`);
      this.newest[stream] = segment;
    }
    if (rootOf(this.newest.map(segmentLeaf)) !== root.root)
      this.tell('root_changed', number, `root ${number} does not stand for its segments`);
    const publicKey = this.keyOf(root.keyId);
    if (!publicKey)
      this.tell(
        'root_changed',
        number,
        `root ${number} is signed by ${root.keyId}, which no configuration or copy has`,
      );
    else if (!isRootSigned(root, publicKey))
      this.tell('root_changed', number, `root ${number}: the signature does not fit`);
    this.last = root;
  }

  /** @param copy undefined when there is none, which is a fault once it is due; without a root when it cannot be read */
  copy(root: SignedRoot, copy: { readonly root?: SignedRoot } | undefined, isDue: boolean): void {
    const { number } = root;
    if (!copy) {
      if (isDue) this.tell('copy_missing', number, `root ${number} has no copy elsewhere`);
    } else if (!copy.root) this.tell('root_changed', number, `the copy of root ${number} cannot be read`);
    else if (canonical(copy.root) !== canonical(root))
      this.tell('root_changed', number, `root ${number} differs from its copy elsewhere`);
  }

  /** @param lastCopy its number */
  end(lastCopy: number): void {
    for (let number = (this.last?.number ?? 0) + 1; number <= lastCopy; number++)
      this.tell('root_missing', number, `root ${number} has a copy elsewhere and is missing`);
  }

  private tell(kind: Finding['kind'], root: number, message: string): void {
    this.findings.push({ kind, root, message });
  }
}
