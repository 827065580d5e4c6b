import fc from 'fast-check';
import { createHash, generateKeyPairSync } from 'node:crypto';
import {
  aroundSeq,
  type AuditRecord,
  canonical,
  type ChainedRecord,
  follow,
  hashOf,
  keyIdOf,
  merklePaths,
  MerkleTree,
  NOTHING,
  rootOf,
  type Segment,
  segmentLeaf,
  type SignedRoot,
  type SigningKey,
  signRoot,
  statementHash,
  STREAMS,
  unsigned,
} from './audit-chain';
import { type DatedSegment, RootCheck, StreamCheck } from './audit-checks';

const AT = '2026-11-27T10:00:00.000Z';
const LONG_AGO = '2020-01-01T00:00:00.000Z';

function aKey(): SigningKey {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const jwk = publicKey.export({ format: 'jwk' });
  return { private: privateKey, public: jwk, id: keyIdOf(jwk) };
}
const key = aKey();

const aRecord = (stream: number, seq: number): AuditRecord => ({
  stream,
  seq,
  at: AT,
  actor: { kind: 'staff', id: `staff-${seq % 3}`, roles: ['admin'], address: 'digest:1' },
  onBehalfOf: { kind: 'person', id: 'person:1' },
  action: 'things.change',
  resource: { type: 'thing', id: `thing-${seq}` },
  bot: 'lumen',
  person: 'person:2',
  changes: [{ op: 'replace', path: '/name', value: `name ${seq}` }],
  details: { params: { id: seq } },
  reason: 'because',
  approval: 'a',
  request: `r-${seq}`,
  result: 'done',
});

function chainOf(records: readonly AuditRecord[]): ChainedRecord[] {
  let prevHash = NOTHING;
  return records.map((record) => {
    const chained = { record, prevHash, hash: hashOf(prevHash, record) };
    prevHash = chained.hash;
    return chained;
  });
}

const bytes = (hex: string) => Buffer.from(hex, 'hex');

/** A stream of so many entries, of which some are signed in segments. */
function aStream(count: number, ends: readonly number[], stream = 3) {
  const rows = chainOf(Array.from({ length: count }, (_, i) => aRecord(stream, i + 1)));
  const segments: DatedSegment[] = [...new Set(ends)]
    .filter((end) => end <= count)
    .sort((a, b) => a - b)
    .map((to, i, all) => {
      const from = (all[i - 1] ?? 0) + 1;
      const hashes = rows.slice(from - 1, to).map(({ hash }) => hash);
      return { stream, from, to, hash: hashes.at(-1)!, rows: rootOf(hashes.map(bytes)), at: AT };
    });
  return { rows, segments, head: { seq: count, hash: rows.at(-1)?.hash ?? NOTHING } };
}

async function findings({ rows, segments, head }: ReturnType<typeof aStream>, forgottenBefore = LONG_AGO) {
  const check = new StreamCheck(3, segments[Symbol.iterator](), forgottenBefore);
  for (const row of rows) await check.entry(row);
  await check.end(head);
  return check.findings;
}

/** What an attacker does who owns the database, and makes all hashes after it anew. */
const rechained = (rows: readonly ChainedRecord[]) => {
  const chain = chainOf(rows.map(({ record }, i) => ({ ...record, seq: i + 1 })));
  return { rows: chain, head: { seq: chain.length, hash: chain.at(-1)?.hash ?? NOTHING } };
};

const streams = fc
  .record({ count: fc.integer({ min: 1, max: 30 }), ends: fc.array(fc.integer({ min: 1, max: 30 }), { maxLength: 4 }) })
  .map(({ count, ends }) => aStream(count, ends));

describe('a stream of the audit log', () => {
  it('fits as it was written', async () => {
    await fc.assert(fc.asyncProperty(streams, async (stream) => expect(await findings(stream)).toEqual([])));
  });

  it('is hashed with the number that the database gives, as if it had been known before', () => {
    const { seq, ...record } = aRecord(5, 17);
    const [before, behind] = aroundSeq(record);
    expect(`${before}${seq}${behind}`).toBe(canonical({ ...record, seq }));
  });

  const fields = Object.keys(aRecord(0, 1)) as (keyof AuditRecord)[];
  it.each(fields)('shows that the %s of an entry was changed', async (field) => {
    await fc.assert(
      fc.asyncProperty(streams, fc.nat(), fc.boolean(), async (stream, at, remove) => {
        const i = at % stream.rows.length;
        const { record, ...rest } = stream.rows[i]!;
        const changed = { ...record, [field]: typeof record[field] === 'number' ? record[field] + 1 : 'another' };
        if (remove) delete changed[field];
        const rows = stream.rows.with(i, { ...rest, record: changed as AuditRecord });
        expect(await findings({ ...stream, rows })).not.toEqual([]);
      }),
      { numRuns: 25 },
    );
  });

  it.each(['hash', 'prevHash'] as const)('shows that the %s of an entry was changed', async (field) => {
    await fc.assert(
      fc.asyncProperty(streams, fc.nat(), async (stream, at) => {
        const i = at % stream.rows.length;
        const rows = stream.rows.with(i, { ...stream.rows[i]!, [field]: 'f'.repeat(64) });
        expect(await findings({ ...stream, rows })).not.toEqual([]);
      }),
    );
  });

  it('shows that an entry was changed also when its own hash was made anew', async () => {
    await fc.assert(
      fc.asyncProperty(streams, fc.nat(), async (stream, at) => {
        const i = at % stream.rows.length;
        const { record, prevHash } = stream.rows[i]!;
        const another = { ...record, reason: 'another' };
        const rows = stream.rows.with(i, { record: another, prevHash, hash: hashOf(prevHash, another) });
        expect(await findings({ ...stream, rows })).not.toEqual([]);
        expect(await findings({ ...stream, rows, segments: [] })).not.toEqual([]);
      }),
    );
  });

  it('shows that entries were removed, put in, exchanged or doubled', async () => {
    const acts: Record<string, (rows: ChainedRecord[], i: number, j: number) => ChainedRecord[]> = {
      remove: (rows, i) => rows.toSpliced(i, 1),
      insert: (rows, i) => rows.toSpliced(i, 0, { ...rows[i]!, record: { ...rows[i]!.record, reason: 'put in' } }),
      exchange: (rows, i, j) => rows.with(i, rows[j]!).with(j, rows[i]!),
      double: (rows, i) => rows.toSpliced(i, 0, rows[i]!),
    };
    await fc.assert(
      fc.asyncProperty(
        streams,
        fc.constantFrom(...Object.keys(acts)),
        fc.nat(),
        fc.nat(),
        async (stream, act, a, b) => {
          const { length } = stream.rows;
          const [i, j] = [a % length, b % length];
          fc.pre(act !== 'exchange' || i !== j);
          expect(await findings({ ...stream, rows: acts[act]!(stream.rows, i, j) })).not.toEqual([]);
        },
      ),
      { numRuns: 300 },
    );
  });

  it('shows it also when all hashes after it were made anew, as far as it was signed', async () => {
    await fc.assert(
      fc.asyncProperty(streams, fc.nat(), fc.constantFrom('change', 'remove', 'insert'), async (stream, at, act) => {
        const signed = stream.segments.at(-1)?.to ?? 0;
        fc.pre(signed > 0);
        const i = at % signed;
        const row = stream.rows[i]!;
        const another = { ...row, record: { ...row.record, reason: 'another' } };
        const rows =
          act === 'change'
            ? stream.rows.with(i, another)
            : act === 'remove'
              ? stream.rows.toSpliced(i, 1)
              : stream.rows.toSpliced(i, 0, another);
        expect(await findings({ ...stream, ...rechained(rows) })).not.toEqual([]);
      }),
    );
  });

  it('shows that what was signed was changed', async () => {
    await fc.assert(
      fc.asyncProperty(streams, fc.nat(), fc.constantFrom('hash', 'rows', 'to'), async (stream, at, field) => {
        fc.pre(stream.segments.length > 0);
        const i = at % stream.segments.length;
        const segment = stream.segments[i]!;
        const changed = { ...segment, [field]: field === 'to' ? segment.to + 1 : 'f'.repeat(64) };
        expect(await findings({ ...stream, segments: stream.segments.with(i, changed) })).not.toEqual([]);
      }),
    );
  });

  it('fits without its oldest segments once they are old enough, and not before', async () => {
    await fc.assert(
      fc.asyncProperty(streams, fc.nat(), async (stream, at) => {
        fc.pre(stream.segments.length > 0);
        const { to } = stream.segments[at % stream.segments.length]!;
        const shortened = { ...stream, rows: stream.rows.slice(to) };
        expect(await findings(shortened, '2030-01-01T00:00:00.000Z')).toEqual([]);
        expect(await findings(shortened, LONG_AGO)).not.toEqual([]);
        // Within a segment nothing is ever forgotten.
        if (to < stream.rows.length && !stream.segments.some((other) => other.to === to + 1))
          expect(
            await findings({ ...stream, rows: stream.rows.slice(to + 1) }, '2030-01-01T00:00:00.000Z'),
          ).not.toEqual([]);
      }),
    );
  });
});

describe('a Merkle tree', () => {
  const leaves = fc.array(fc.uint8Array({ maxLength: 8 }), { minLength: 1, maxLength: 40 });

  it('leads from every leaf to its root, and from no other', () => {
    fc.assert(
      fc.property(leaves, fc.nat(), (content, at) => {
        const all = content.map((leaf) => Buffer.from(leaf));
        const i = at % all.length;
        const path = merklePaths(all)(i);
        expect(follow(all[i]!, path)).toBe(rootOf(all));
        expect(follow(Buffer.concat([all[i]!, Buffer.of(0)]), path)).not.toBe(rootOf(all));
      }),
    );
  });

  it('is that of RFC 9162', () => {
    const sha256 = (...parts: Buffer[]) => createHash('sha256').update(Buffer.concat(parts)).digest();
    const mth = (list: readonly Buffer[]): Buffer => {
      if (list.length === 1) return sha256(Buffer.of(0), list[0]!);
      let k = 1;
      while (k * 2 < list.length) k *= 2;
      return sha256(Buffer.of(1), mth(list.slice(0, k)), mth(list.slice(k)));
    };
    fc.assert(
      fc.property(leaves, (content) => {
        const all = content.map((leaf) => Buffer.from(leaf));
        expect(rootOf(all)).toBe(mth(all).toString('hex'));
      }),
    );
    expect(new MerkleTree().root).toBe(sha256().toString('hex'));
  });
});

describe('the roots of the audit log', () => {
  /** Two streams, of which one or both go on from root to root. */
  const roots = fc.array(fc.subarray([2, 9], { minLength: 1 }), { minLength: 1, maxLength: 8 }).map((plan) => {
    const newest = Array.from({ length: STREAMS }, (_, stream) => unsigned(stream));
    const all: { root: SignedRoot; segments: Segment[] }[] = [];
    for (const [i, streams] of plan.entries()) {
      const segments = streams.map((stream) => {
        const from = newest[stream]!.to + 1;
        const hash = createHash('sha256').update(`${stream} ${i}`).digest('hex');
        return (newest[stream] = { stream, from, to: from + i, hash, rows: hash });
      });
      const last = all.at(-1)?.root;
      const previous = last ? statementHash(last) : NOTHING;
      all.push({
        root: signRoot({ number: i + 1, at: AT, previous, root: rootOf(newest.map(segmentLeaf)) }, key),
        segments,
      });
    }
    return all;
  });

  function rootFindings(all: readonly { root: SignedRoot; segments: readonly Segment[] }[], copy?: SignedRoot) {
    const check = new RootCheck((keyId) => (keyId === key.id ? key.public : undefined));
    for (const { root, segments } of all) {
      check.root(root, segments);
      if (root.number === copy?.number) check.copy(root, { root: copy }, true);
    }
    check.end(copy?.number ?? 0);
    return check.findings;
  }

  it('fit as they were signed, and their newest copy', () => {
    fc.assert(fc.property(roots, (all) => expect(rootFindings(all, all.at(-1)!.root)).toEqual([])));
  });

  it('show that one of them or what it stands for was changed, removed or exchanged', () => {
    const acts: Record<string, (all: Parameters<typeof rootFindings>[0][number][], i: number) => typeof all> = {
      remove: (all, i) => all.toSpliced(i, 1),
      double: (all, i) => all.toSpliced(i, 0, all[i]!),
      at: (all, i) => all.with(i, { ...all[i]!, root: { ...all[i]!.root, at: LONG_AGO } }),
      root: (all, i) => all.with(i, { ...all[i]!, root: { ...all[i]!.root, root: NOTHING } }),
      previous: (all, i) => all.with(i, { ...all[i]!, root: { ...all[i]!.root, previous: 'f'.repeat(64) } }),
      signature: (all, i) => all.with(i, { ...all[i]!, root: { ...all[i]!.root, signature: 'AAAA' } }),
      key: (all, i) => all.with(i, { ...all[i]!, root: signRoot(all[i]!.root, aKey()) }),
      segments: (all, i) => all.with(i, { ...all[i]!, segments: [] }),
      segment: (all, i) => {
        const { root, segments } = all[i]!;
        return all.with(i, { root, segments: segments.with(0, { ...segments[0]!, rows: NOTHING }) });
      },
    };
    fc.assert(
      fc.property(roots, fc.constantFrom(...Object.keys(acts)), fc.nat(), (all, act, at) => {
        const changed = acts[act]!(all, at % all.length);
        expect(rootFindings(changed, all.at(-1)!.root)).not.toEqual([]);
      }),
      { numRuns: 300 },
    );
  });

  it('show that the whole chain was signed anew, by what was copied elsewhere', () => {
    fc.assert(
      fc.property(roots, (all) => {
        const { root, segments } = all.at(-1)!;
        const anew = all.with(-1, { root: signRoot({ ...root, at: LONG_AGO }, key), segments });
        expect(rootFindings(anew)).toEqual([]);
        expect(rootFindings(anew, root)).not.toEqual([]);
        expect(rootFindings(all.slice(0, -1), root)).not.toEqual([]);
      }),
    );
  });
});
