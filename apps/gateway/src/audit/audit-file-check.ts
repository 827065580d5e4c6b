import { createHash, type JsonWebKey } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { parse } from 'csv-parse';
import {
  type AuditProof,
  type AuditRecord,
  canonical,
  follow,
  hashOf,
  isRootSigned,
  isSigned,
  keyIdOf,
  mistakeInProof,
  type PathStep,
  type Segment,
  segmentLeaf,
  type SignedRoot,
} from './audit-chain';
import { csvCells } from './audit-csv';

/** What came of the check of a file. */
export interface FileCheck {
  readonly entries: number;
  /** Entries that were younger than the last signature of the log. */
  readonly unsigned: number;
  readonly mistakes: string[];
  /** Whether these are the gateway's, whoever reads this has to know from elsewhere. */
  readonly keyIds: string[];
}

type ProofLine =
  | { kind: 'key'; keyId: string; publicKey: JsonWebKey }
  | ({ kind: 'root' } & SignedRoot)
  | ({ kind: 'segment'; root: number; path: PathStep[] } & Segment)
  | { kind: 'entry'; stream: number; seq: number; prevHash: string; path?: PathStep[] }
  | { kind: 'end'; entries: number; sha256: string; keyId: string; signature: string };

/** Checks the proof of a single entry. */
export function checkProof(proof: AuditProof): FileCheck {
  const mistake = mistakeInProof(proof);
  return { entries: 1, unsigned: 0, mistakes: mistake ? [mistake] : [], keyIds: [keyIdOf(proof.publicKey)] };
}

/**
 * Checks an export, JSON lines or CSV, against its proof file, with nothing else at hand: each entry is one that was signed, and none
 * is missing or exchanged. It stops counting mistakes at a hundred.
 */
export async function checkExport(file: string, proofFile: string): Promise<FileCheck> {
  const check = new ExportCheck();
  const records = file.endsWith('.csv') ? csvRecords(file, check) : jsonRecords(file);
  for await (const text of createInterface({ input: createReadStream(proofFile), crlfDelay: Infinity })) {
    const line = JSON.parse(text) as ProofLine;
    if (line.kind !== 'entry') check.line(line);
    else check.entry(line, (await records.next()).value);
  }
  for (let { done } = await records.next(); !done; { done } = await records.next()) check.tell('an entry has no proof');
  return check.result();
}

class ExportCheck {
  private readonly mistakes: string[] = [];
  private readonly keys = new Map<string, JsonWebKey>();
  private readonly roots = new Map<number, SignedRoot>();
  private segment: Segment | undefined;
  private last: { stream: number; seq: number; hash: string } | undefined;
  private readonly records = createHash('sha256');
  private readonly signers = new Set<string>();
  private entries = 0;
  private unsigned = 0;
  private isEnded = false;

  tell(mistake: string): void {
    if (this.mistakes.length < 100) this.mistakes.push(mistake);
  }

  line(line: Exclude<ProofLine, { kind: 'entry' }>): void {
    const { kind, ...content } = line;
    if (kind === 'key') {
      const { keyId, publicKey } = line;
      if (keyIdOf(publicKey) === keyId) this.keys.set(keyId, publicKey);
      else this.tell(`the key ${keyId} is another one`);
    } else if (kind === 'root') {
      if (!isRootSigned(line, this.keys.get(line.keyId))) this.tell(`root ${line.number}: the signature does not fit`);
      this.signers.add(line.keyId);
      this.roots.set(line.number, line);
    } else if (kind === 'segment') {
      const { root, path, kind: _, ...segment } = line;
      if (follow(segmentLeaf(segment), path) !== this.roots.get(root)?.root)
        this.tell(`root ${root} does not stand for the entries of stream ${segment.stream} up to ${segment.to}`);
      this.segment = segment;
    } else {
      const { keyId, signature, ...signed } = content as ProofLine & { kind: 'end' };
      this.end({ ...signed, kind }, { keyId, signature });
    }
  }

  entry({ stream, seq, prevHash, path }: ProofLine & { kind: 'entry' }, record: AuditRecord | undefined): void {
    const name = `${stream}.${seq}`;
    if (record?.stream !== stream || record.seq !== seq) return this.tell(`${name} is missing, or not in its place`);
    const hash = hashOf(prevHash, record);
    if (this.last?.stream === stream && this.last.seq === seq - 1 && this.last.hash !== prevHash)
      this.tell(`${name} does not follow the entry before it`);
    if (!path) this.unsigned++;
    else if (!this.segment || this.segment.stream !== stream || seq < this.segment.from || seq > this.segment.to)
      this.tell(`${name} is in no segment that was signed`);
    else if (follow(Buffer.from(hash, 'hex'), path) !== this.segment.rows) this.tell(`${name} is not as it was signed`);
    this.last = { stream, seq, hash };
    this.records.update(`${canonical(record)}\n`);
    this.entries++;
  }

  result(): FileCheck {
    if (!this.isEnded) this.tell('the proof has no end');
    const { entries, unsigned, mistakes } = this;
    return { entries, unsigned, mistakes, keyIds: [...this.signers] };
  }

  private end(
    signed: { kind: string; entries: number; sha256: string },
    signature: { keyId: string; signature: string },
  ) {
    this.isEnded = true;
    this.signers.add(signature.keyId);
    if (!isSigned(signed, signature, this.keys.get(signature.keyId)))
      this.tell('the signature of the export does not fit');
    if (signed.entries !== this.entries || signed.sha256 !== this.records.digest('hex'))
      this.tell(`the export had ${signed.entries} entries, and these are not the same`);
  }
}

async function* jsonRecords(file: string): AsyncGenerator<AuditRecord, undefined> {
  for await (const text of createInterface({ input: createReadStream(file), crlfDelay: Infinity }))
    yield JSON.parse(text) as AuditRecord;
}

/** The readable columns say what the entry says, or somebody has changed them. */
async function* csvRecords(file: string, check: ExportCheck): AsyncGenerator<AuditRecord, undefined> {
  const rows = createReadStream(file).pipe(parse({ from: 2 })) as AsyncIterable<string[]>;
  for await (const cells of rows) {
    const record = JSON.parse(cells.at(-1)!) as AuditRecord;
    if (csvCells(record).join('\0') !== cells.join('\0'))
      check.tell(`${record.stream}.${record.seq}: the columns differ from the entry`);
    yield record;
  }
}
