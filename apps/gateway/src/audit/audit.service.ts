import { Injectable } from '@nestjs/common';
import {
  type Actor,
  ExportAuditEntries,
  type ListAuditEntries,
  type ProveAuditEntry,
  ProveAuditExport,
  type ReadAuditEntry,
} from '@switchboard/contracts';
import { type AnswerOf, Clock, DomainError, type Position, type RequestOf } from '@switchboard/service-kit';
import { createHash } from 'node:crypto';
import { DataSource, type SelectQueryBuilder } from 'typeorm';
import {
  canonical,
  KEPT_YEARS,
  merklePaths,
  ORDINARY_STREAMS,
  type PathStep,
  type Segment,
  segmentLeaf,
  STREAMS,
} from './audit-chain';
import type { AuditedRoute } from './audit-entry';
import { AuditEntryRow, chained } from './audit-entry.entity';
import { CSV_HEAD, csvLine } from './audit-csv';
import { AuditLog } from './audit-log';
import { AuditNames, type NameOf } from './audit-names';
import { AuditCopiesService } from './audit-copies.service';
import { AuditRootsService } from './audit-roots.service';
import { asPersonId } from './person-ids';

export class AuditEntryNotFound extends DomainError {
  constructor(entryId: string) {
    super('gateway.audit_entry_not_found', 'There is no such entry, or no longer', 404, { entryId });
  }
}

class AuditEntryUnsigned extends DomainError {
  constructor(entryId: string) {
    super('gateway.audit_entry_unsigned', 'The log is signed every ten minutes, and has not been since', 409, {
      entryId,
    });
  }
}

class AuditPeriodNotOver extends DomainError {
  constructor(to: Date) {
    super('gateway.audit_period_not_over', 'The period of an export has to be over', 400, { to });
  }
}

type Entry = AnswerOf<typeof ReadAuditEntry>;
type Proof = AnswerOf<typeof ProveAuditEntry>;
export type AuditFilter = Partial<Omit<RequestOf<typeof ListAuditEntries>['query'], 'after' | 'limit'>> & {
  /** Entries of these bots only. */
  readonly bots?: readonly string[] | undefined;
};
export type AuditExport = Omit<RequestOf<typeof ExportAuditEntries>['query'], 'format'>;

const BATCH = 500;

/** Reads the audit log: for people page by page, and as files that can be checked elsewhere. */
@Injectable()
export class AuditService {
  constructor(
    private readonly db: DataSource,
    private readonly log: AuditLog,
    private readonly roots: AuditRootsService,
    private readonly copies: AuditCopiesService,
    private readonly names: AuditNames,
    private readonly clock: Clock,
  ) {}

  /** The newest first. */
  async list(filter: AuditFilter, position: Position | undefined, limit: number): Promise<AuditEntryRow[]> {
    const query = await this.filtered(filter);
    const backwards = position?.direction === 'prev';
    if (position) {
      const [at, stream, seq] = position.key;
      query.andWhere(`(e.at, e.stream, e.seq) ${backwards ? '>' : '<'} (:pageAt, :pageStream, :pageSeq)`, {
        pageAt: at,
        pageStream: stream,
        pageSeq: seq,
      });
    }
    const direction = backwards ? 'ASC' : 'DESC';
    return query.orderBy({ 'e.at': direction, 'e.stream': direction, 'e.seq': direction }).limit(limit).getMany();
  }

  async read(entryId: string, bots?: readonly string[]): Promise<Entry> {
    const row = await this.find(entryId);
    if (bots && !(row.bot && bots.includes(row.bot))) throw new AuditEntryNotFound(entryId);
    return entryOf(row, await this.names.of([row]));
  }

  /** With the names that those in them have now. */
  async entriesOf(rows: readonly AuditEntryRow[]): Promise<Entry[]> {
    const nameOf = await this.names.of(rows);
    return rows.map((row) => entryOf(row, nameOf));
  }

  async prove(entryId: string): Promise<Proof> {
    const { record, prevHash } = chained(await this.find(entryId));
    const signature = await this.roots.signatureOf(record.stream, record.seq);
    if (!signature) throw new AuditEntryUnsigned(entryId);
    const { segment, root, newest } = signature;
    const publicKey = (await this.copies.keys()).get(root.keyId);
    if (!publicKey) throw new AuditEntryUnsigned(entryId);
    const pathOf = await this.pathsIn(segment);
    return {
      record: { ...record },
      prevHash,
      path: pathOf(record.seq),
      segment,
      segmentPath: merklePaths(newest.map(segmentLeaf))(segment.stream),
      root: { ...root, at: new Date(root.at) },
      publicKey: publicKey as Proof['publicKey'],
    };
  }

  /** Signs the log, and gives the entries that fit as lines, in the order of their streams. @throws AuditPeriodNotOver */
  async exportAs(actor: Actor, format: 'jsonl' | 'csv', filter: AuditExport): Promise<AsyncGenerator<string>> {
    await this.prepare(actor, ExportAuditEntries, filter);
    return this.lines(format, filter);
  }

  /**
   * What proves each line of an export, as lines: a root before its segments, a segment before its entries, these in their order. The
   * last line is signed and says how many there were, so that none can be left out. @throws AuditPeriodNotOver
   */
  async proofOf(actor: Actor, filter: AuditExport): Promise<AsyncGenerator<string>> {
    await this.prepare(actor, ProveAuditExport, filter);
    return this.proofLines(filter);
  }

  /** Whoever takes the log along is in it, before they have anything. */
  private async prepare(actor: Actor, route: AuditedRoute, { ...filter }: AuditExport): Promise<void> {
    const { to } = filter;
    // What is written between the export and its proof, such as that somebody exports, would be in one of them only.
    if (to > this.clock.now()) throw new AuditPeriodNotOver(to);
    const resource = { type: 'audit-export', id: '' };
    await this.log.done(this.db.manager, actor, route, { resource, details: { filter } });
    await this.copies.sign();
  }

  private async *lines(format: 'jsonl' | 'csv', filter: AuditExport): AsyncGenerator<string> {
    if (format === 'csv') yield CSV_HEAD;
    for await (const row of this.inOrder(filter)) {
      const { record } = chained(row);
      yield format === 'csv' ? csvLine(record) : `${canonical(record)}\n`;
    }
  }

  private async *proofLines(filter: AuditExport): AsyncGenerator<string> {
    const line = (kind: string, content: object) => `${canonical({ kind, ...content })}\n`;
    for (const [keyId, publicKey] of await this.copies.keys()) yield line('key', { keyId, publicKey });
    const records = createHash('sha256');
    let entries = 0;
    const told = new Set<number>();
    let signed: { segment: Segment; pathOf: (seq: number) => PathStep[] } | undefined;
    for await (const row of this.inOrder(filter)) {
      const { stream, seq, prevHash } = row;
      if (signed?.segment.stream !== stream || seq > signed.segment.to) {
        const found = await this.roots.signatureOf(stream, seq);
        signed = found && { segment: found.segment, pathOf: await this.pathsIn(found.segment) };
        if (found) {
          const { root, segment, newest } = found;
          if (!told.has(root.number)) yield line('root', root);
          told.add(root.number);
          yield line('segment', { root: root.number, ...segment, path: merklePaths(newest.map(segmentLeaf))(stream) });
        }
      }
      yield line('entry', { stream, seq, prevHash, ...(signed && { path: signed.pathOf(seq) }) });
      records.update(`${canonical(chained(row).record)}\n`);
      entries++;
    }
    const content = { ...filter, entries, sha256: records.digest('hex') };
    const end = JSON.parse(JSON.stringify({ kind: 'end', v: 1, ...content })) as object;
    yield `${canonical({ ...end, ...this.roots.signStatement(end) })}\n`;
  }

  /** Removes what has been kept long enough, by whole segments, so that what is left still follows what was signed. */
  async forgetOld(signal: AbortSignal): Promise<void> {
    const failures: unknown[] = [];
    for (let stream = 0; stream < STREAMS && !signal.aborted; stream++) {
      await this.forgetOldOf(stream).catch((error: unknown) => failures.push(error));
    }
    signal.throwIfAborted();
    if (failures.length > 0) throw new AggregateError(failures, 'old entries of the audit log were not deleted');
  }

  private async forgetOldOf(stream: number): Promise<void> {
    const years = stream < ORDINARY_STREAMS ? KEPT_YEARS.ordinary : KEPT_YEARS.money;
    await this.db.transaction(async (tx) => {
      // An entry may be younger than its signature: whoever wrote it had a clock that was ahead.
      const [{ last }] = (await tx.query(
        `SELECT max(to_seq) AS last FROM audit_segments s JOIN audit_roots r ON r.number = s.root
         WHERE s.stream = $1 AND r.at < now() - make_interval(years => $2, days => 1) 
           AND s.to_seq < coalesce((SELECT min(seq) FROM audit_entries WHERE stream = $1
             AND at >= now() - make_interval(years => $2)), 'infinity'::float8)`,
        [stream, years],
      )) as [{ last: string | null }];
      if (last === null) return;
      // Only for as long as this takes; the trigger lets go of nothing younger anyway.
      await tx.query('GRANT DELETE ON audit_entries TO CURRENT_USER');
      await tx.query('DELETE FROM audit_entries WHERE stream = $1 AND seq <= $2', [stream, last]);
      await tx.query('REVOKE DELETE ON audit_entries FROM CURRENT_USER');
    });
  }

  private async *inOrder(filter: AuditExport): AsyncGenerator<AuditEntryRow> {
    const query = await this.filtered(filter);
    for (let after = { stream: -1, seq: 0 }; ;) {
      const rows = await query
        .clone()
        .andWhere('(e.stream, e.seq) > (:afterStream, :afterSeq)', { afterStream: after.stream, afterSeq: after.seq })
        .orderBy({ 'e.stream': 'ASC', 'e.seq': 'ASC' })
        .limit(BATCH)
        .getMany();
      yield* rows;
      if (rows.length < BATCH) return;
      after = rows.at(-1)!;
    }
  }

  private async filtered(filter: AuditFilter): Promise<SelectQueryBuilder<AuditEntryRow>> {
    const { bots, from, to, actorKind, actorId, action, resourceType, resourceId, userId, botId, result } = filter;
    const query = this.db.createQueryBuilder(AuditEntryRow, 'e');
    const where = (condition: string, values: Record<string, unknown>) => {
      if (Object.values(values).every((value) => value !== undefined)) query.andWhere(condition, values);
    };
    where('e.at >= :from', { from });
    where('e.at < :to', { to });
    where('e.actorKind = :actorKind', { actorKind });
    where('e.resourceType = :resourceType', { resourceType });
    where('e.bot = :botId', { botId });
    where('e.bot IN (:...bots)', { bots: bots && [...bots, ''] });
    where('e.result = :result', { result });
    if (action?.endsWith('*')) where('starts_with(e.action, :prefix)', { prefix: action.slice(0, -1) });
    else where('e.action = :action', { action });
    where('e.actorId IN (:...actors)', {
      actors: actorId === undefined ? undefined : [actorId, ...(await this.namesOf(actorId))],
    });
    where('e.resourceId IN (:...resources)', {
      resources: resourceId === undefined ? undefined : [resourceId, ...(await this.namesOf(resourceId))],
    });
    if (userId) {
      const names = [...(await this.namesOf(userId)), 'nobody'];
      query.andWhere('(e.actorId IN (:...names) OR e.person IN (:...names))', { names });
    }
    return query;
  }

  /** What may be the id of a person stands in the log under another name. */
  private namesOf(id: string): Promise<string[]> {
    const personId = asPersonId(id);
    return personId === undefined ? Promise.resolve([]) : this.log.namesOf(this.db.manager, personId);
  }

  private async find(entryId: string): Promise<AuditEntryRow> {
    const [stream, seq] = entryId.split('.').map(Number);
    const row = await this.db.manager.findOneBy(AuditEntryRow, { stream: stream!, seq: seq! });
    if (!row) throw new AuditEntryNotFound(entryId);
    return row;
  }

  private async pathsIn({ stream, from, to }: Segment): Promise<(seq: number) => PathStep[]> {
    const rows = await this.db.query<{ hash: Buffer }[]>(
      'SELECT hash FROM audit_entries WHERE stream = $1 AND seq BETWEEN $2 AND $3 ORDER BY seq',
      [stream, from, to],
    );
    const pathOf = merklePaths(rows.map(({ hash }) => hash));
    return (seq) => pathOf(seq - from);
  }
}

function entryOf(row: AuditEntryRow, nameOf: NameOf): Entry {
  const { actor, actorKind, actorId, bot, approval, request, resourceType, resourceId, stream, seq, ...rest } = row;
  const [actorLabel, resourceLabel] = [nameOf(actorKind, actorId), nameOf(resourceType, resourceId)];
  return {
    ...rest,
    id: `${stream}.${seq}`,
    actor: { ...actor, kind: actorKind, id: actorId, ...(actorLabel && { label: actorLabel }) },
    onBehalfOf: row.onBehalfOf ?? null,
    resource: { type: resourceType, id: resourceId, ...(resourceLabel && { label: resourceLabel }) },
    botId: bot,
    approvalId: approval,
    requestId: request,
  };
}
