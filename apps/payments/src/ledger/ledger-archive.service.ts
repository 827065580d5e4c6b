import { Inject, Injectable } from '@nestjs/common';
import { Outbox } from '@switchboard/bus';
import { AuditEntryAppendRequested, ImportLedgerMonth, type ListLedgerMonths } from '@switchboard/contracts';
import {
  type AnswerOf,
  auditEntry,
  Clock,
  CONFIG,
  Cursors,
  DomainError,
  FileDamaged,
  MEDIA_STORAGE,
  type MediaStorage,
  PersonalData,
  putFile,
  readFile,
  type RequestOf,
  startOfMonth,
} from '@switchboard/service-kit';
import { gunzipSync, gzipSync } from 'node:zlib';
import { DataSource, type EntityManager } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import { z } from 'zod';
import type { PaymentsConfig } from '../payments.config';
import { LedgerMonth } from './ledger-month.entity';
import { LedgerPartitions } from './ledger-partitions';

export class LedgerMonthNotFound extends DomainError {
  constructor(month: string) {
    super('payments.ledger_month_not_found', `${month.slice(0, 7)} is not closed, or nothing was booked in it`, 404);
  }
}

type Files = LedgerMonth['files'];

/** An entry as a line of a file: with its person encrypted, so that it is nobody's once the person is erased. */
const Line = z.looseObject({ id: z.uuid(), person: z.string().nullable() });
type Line = z.output<typeof Line>;
/** A row of `ledger_entries` as JSON. */
interface Row {
  readonly id: string;
  readonly booked_at: string;
  readonly user_id: string | null;
}

const DAY_MS = 86_400_000;
/** No transaction lasts longer, and no clock is further behind. */
const CLOSED_AFTER_MS = DAY_MS;
const ENTRIES_IN_FILE = 50_000;
/** No writing takes longer: what lies about for that long is nobody's. */
const ABANDONED_MS = DAY_MS / 12;

const placeOf = (id: string, userId: string) => ({ table: 'ledger_archive', id, userId });
const dayOf = (time: Date) => time.toISOString().slice(0, 10);

/** Sums up the months that are over, writes old ones to storage, and brings them back when somebody asks. */
@Injectable()
export class LedgerArchive {
  constructor(
    private readonly db: DataSource,
    private readonly partitions: LedgerPartitions,
    private readonly personal: PersonalData,
    private readonly cursors: Cursors,
    private readonly outbox: Outbox,
    private readonly clock: Clock,
    @Inject(MEDIA_STORAGE) private readonly storage: MediaStorage,
    @Inject(CONFIG) private readonly config: PaymentsConfig,
  ) {}

  /** The latest first. */
  async list(request: RequestOf<typeof ListLedgerMonths>): Promise<AnswerOf<typeof ListLedgerMonths>> {
    const months = this.db.manager.createQueryBuilder(LedgerMonth, 'month');
    const { data, page } = await this.cursors.select(request, months, ['month']);
    return { data: data.map(shown), page };
  }

  /** Keeps the sums of each month that is over: the first with entries, and all after it, in their order. */
  async close(): Promise<void> {
    const [{ first }] = await this.db.query<[{ first: Date | null }]>(
      `SELECT coalesce((SELECT (max(month) + interval '1 month') AT TIME ZONE 'UTC' FROM ledger_months),
         (SELECT min(booked_at) FROM ledger_entries)) AS first`,
    );
    if (!first) return;
    const open = startOfMonth(new Date(this.clock.now().getTime() - CLOSED_AFTER_MS));
    for (let month = startOfMonth(first); month < open; month = startOfMonth(month, 1))
      await this.partitions.alone((tx) => this.closeOne(tx, month));
  }

  private async closeOne(tx: EntityManager, month: Date): Promise<void> {
    const bounds = [dayOf(month), month, startOfMonth(month, 1)];
    const [closed] = await tx.query<unknown[]>(
      `INSERT INTO ledger_months (month, entries, state, closed_at, revision)
       SELECT $1, count(*), 'stored', $4, 1 FROM ledger_entries WHERE booked_at >= $2 AND booked_at < $3
       ON CONFLICT DO NOTHING RETURNING month`,
      [...bounds, this.clock.now()],
    );
    // Another process was faster.
    if (!closed) return;
    await tx.query(
      `INSERT INTO ledger_closings (month, account, currency, change_minor) ${sumsOf('ledger_entries', '$1::date', 'booked_at >= $2 AND booked_at < $3')}`,
      bounds,
    );
  }

  /** Writes the months to storage that are too old for the database, and takes them out of it. */
  async archiveDue(signal: AbortSignal): Promise<void> {
    const now = this.clock.now();
    const due = await this.db.manager
      .createQueryBuilder(LedgerMonth, 'month')
      .where(`month.state = 'stored' AND month.month < :kept AND coalesce(month.held_until < :today, true)`, {
        kept: dayOf(startOfMonth(now, -this.config.PAYMENTS_LEDGER_MONTHS_KEPT)),
        today: dayOf(now),
      })
      .orderBy('month.month')
      .getMany();
    const failures: unknown[] = [];
    for (const { month } of due) {
      signal.throwIfAborted();
      await this.archive(month, signal).catch((error: unknown) => failures.push(error));
    }
    const left = await this.db.query<{ month: string }[]>(
      `SELECT month::text FROM ledger_months WHERE leftovers <> '{}' ORDER BY month`,
    );
    for (const { month } of left) await this.discard(month).catch((error: unknown) => failures.push(error));
    if (failures.length > 0)
      throw new AggregateError(failures, `${failures.length} of ${due.length} months: ${said(failures)}`);
  }

  /** Each writing has files of its own: nobody changes those of another one that is, or was, under way beside it. */
  private async archive(month: string, signal: AbortSignal): Promise<void> {
    const id = uuidv7({ msecs: this.clock.now().getTime() });
    const folder = `ledger/${month.slice(0, 4)}/${month.slice(5, 7)}/${id}`;
    try {
      const files = await this.db.transaction('REPEATABLE READ', (tx) => this.write(tx, month, { folder, signal }));
      for (const file of files) {
        signal.throwIfAborted();
        await this.read(file);
      }
      await this.db.transaction((tx) => this.takeOut(tx, month, files, signal));
    } finally {
      await this.discard(month, folder);
    }
  }

  /** Out of the database: unless somebody else has done that meanwhile, or wants to have it there. */
  private async takeOut(tx: EntityManager, month: string, files: Files, signal: AbortSignal): Promise<void> {
    const start = new Date(month);
    const known = await this.lock(tx, month);
    if (!this.isDue(known)) return;
    if (await this.partitions.exists(tx, start)) {
      await tx.query(`LOCK TABLE ${this.partitions.nameOf(start)} IN SHARE MODE`);
      await this.compare(tx, month, files);
      signal.throwIfAborted();
      await this.partitions.lock(tx);
      await this.partitions.drop(tx, start);
    } else if (known.entries > 0) throw new Error(`the entries of ${month} are neither in the database nor in storage`);
    // What it lay in before it was brought back it lies in no more.
    await this.leave(tx, month, ...known.files.map(({ key }) => key));
    await tx.update(
      LedgerMonth,
      { month },
      { files, state: 'archived', archivedAt: this.clock.now(), heldUntil: null },
    );
  }

  private isDue({ state, heldUntil }: LedgerMonth): boolean {
    return state === 'stored' && (heldUntil === null || heldUntil < dayOf(this.clock.now()));
  }

  private lock(tx: EntityManager, month: string): Promise<LedgerMonth> {
    return tx.findOneOrFail(LedgerMonth, { where: { month }, lock: { mode: 'pessimistic_write' } });
  }

  /** Kept before a file is there, so that it is known whatever becomes of whoever writes it. */
  private async leave(tx: EntityManager, month: string, ...keys: string[]): Promise<void> {
    await tx.query('UPDATE ledger_months SET leftovers = leftovers || $2::text[] WHERE month = $1', [month, keys]);
  }

  /**
   * Deletes what was written, in this folder or long ago, and is not what the month lies in. Whoever may have noted it has ended by
   * then: the month is locked.
   */
  private async discard(month: string, folder?: string): Promise<void> {
    await this.db.transaction(async (tx) => {
      const { files } = await this.lock(tx, month);
      const [{ leftovers }] = await tx.query<[{ leftovers: string[] }]>(
        'SELECT leftovers FROM ledger_months WHERE month = $1',
        [month],
      );
      const abandoned = this.clock.now().getTime() - ABANDONED_MS;
      const isOver = (key: string) => key.startsWith(`${folder}/`) || writtenAt(key) < abandoned;
      const over = leftovers.filter(isOver);
      for (const key of over) if (!files.some((file) => file.key === key)) await this.storage.delete(key);
      const rest = leftovers.filter((key) => !over.includes(key));
      await tx.query('UPDATE ledger_months SET leftovers = $2 WHERE month = $1', [month, rest]);
    });
  }

  /** @throws where the files, the entries and their sums are not of the same: something was written past the ledger. */
  private async compare(tx: EntityManager, month: string, files: Files): Promise<void> {
    const table = this.partitions.nameOf(new Date(month));
    const [{ differs }] = await tx.query<[{ differs: boolean }]>(
      `WITH sums (month, account, currency, change_minor) AS (${sumsOf(table, '$1::date', 'true')}),
       closed AS (SELECT * FROM ledger_closings WHERE month = $1)
       SELECT (SELECT count(*) <> $2 FROM ${table})
         OR EXISTS (TABLE sums EXCEPT TABLE closed) OR EXISTS (TABLE closed EXCEPT TABLE sums) AS differs`,
      [month, files.reduce((sum, { entries }) => sum + entries, 0)],
    );
    if (differs) throw new Error(`the entries of ${month} are not those that were summed up`);
  }

  private async write(
    tx: EntityManager,
    month: string,
    { folder, signal }: { folder: string; signal: AbortSignal },
  ): Promise<Files> {
    const table = this.partitions.nameOf(new Date(month));
    const files: Files = [];
    // Nothing was booked in that month, or it is out of the database already.
    if (!(await this.partitions.exists(tx, new Date(month)))) return files;
    let after: Pick<Row, 'booked_at' | 'id'> | undefined;
    for (;;) {
      signal.throwIfAborted();
      const rows = await tx.query<{ row: Row }[]>(
        `SELECT to_jsonb(e) AS row FROM ${table} e WHERE $1::timestamptz IS NULL OR (booked_at, id) > ($1, $2::uuid)
         ORDER BY booked_at, id LIMIT ${ENTRIES_IN_FILE}`,
        [after?.booked_at ?? null, after?.id ?? null],
      );
      if (rows.length === 0) return files;
      let text = '';
      for (const { row } of rows) text += `${JSON.stringify(await this.lineOf(tx, row))}\n`;
      const key = `${folder}/${String(files.length + 1).padStart(4, '0')}.jsonl.gz`;
      await this.leave(this.db.manager, month, key);
      const file = await putFile(this.storage, key, gzipSync(text), 'application/gzip');
      files.push({ ...file, entries: rows.length });
      after = rows.at(-1)!.row;
    }
  }

  private async lineOf(tx: EntityManager, { user_id, ...entry }: Row): Promise<Line> {
    if (user_id === null) return { ...entry, person: null };
    return { ...entry, ...(await this.personal.encrypt(tx, placeOf(entry.id, user_id), { person: user_id })) };
  }

  /**
   * Has the entries of a month brought back.
   * @returns the month as it is from now on, and whether they have yet to come
   */
  async ask(
    tx: EntityManager,
    { actor, params, query }: RequestOf<typeof ImportLedgerMonth>,
  ): Promise<AnswerOf<typeof ImportLedgerMonth>> {
    const month = `${params.month}-01`;
    const known = await tx.findOne(LedgerMonth, { where: { month }, lock: { mode: 'pessimistic_write' } });
    if (!known) throw new LedgerMonthNotFound(month);
    const before = { state: known.state, heldUntil: known.heldUntil };
    const heldUntil = dayOf(new Date(this.clock.now().getTime() + query.heldDays * DAY_MS));
    if (known.heldUntil === null || known.heldUntil < heldUntil) known.heldUntil = heldUntil;
    if (known.state === 'archived') known.state = 'importing';
    const after = { state: known.state, heldUntil: known.heldUntil };
    const change = { resourceType: 'ledger-month', resourceId: params.month, before, after };
    await this.outbox.add(tx, AuditEntryAppendRequested(auditEntry(actor, ImportLedgerMonth, change)));
    return shown(await tx.save(known));
  }

  /** Brings them back, unless that is done. @throws FileDamaged, and then nothing has changed */
  async import(month: string, signal: AbortSignal): Promise<void> {
    await this.db.transaction(async (tx) => {
      const start = new Date(month);
      const { state, files, entries } = await tx.findOneByOrFail(LedgerMonth, { month });
      if (state !== 'importing') return;
      // Nobody waits while the files are read: the table is none of the ledger's yet.
      const table = await this.partitions.create(tx, start);
      for (const file of files) {
        signal.throwIfAborted();
        const rows = await this.rowsOf(tx, await this.read(file));
        await tx.query(`INSERT INTO ${table} SELECT * FROM jsonb_populate_recordset(NULL::${table}, $1)`, [
          JSON.stringify(rows),
        ]);
      }
      await this.compare(tx, month, files);
      if (files.reduce((sum, file) => sum + file.entries, 0) !== entries)
        throw new Error(`the files of ${month} do not hold its ${entries} entries`);
      if ((await this.lock(tx, month)).state !== 'importing') throw new Error(`${month} was brought back meanwhile`);
      await this.partitions.lock(tx);
      await this.partitions.attach(tx, start);
      await tx.update(LedgerMonth, { month }, { state: 'stored' });
    });
  }

  private async rowsOf(tx: EntityManager, lines: readonly Line[]): Promise<object[]> {
    const owners = await this.personal.ownersOf(
      tx,
      lines.flatMap(({ person }) => person ?? []),
    );
    return lines.map(({ person, ...entry }) => ({ ...entry, user_id: (person && owners.get(person)) ?? null }));
  }

  private async read(file: Files[number]): Promise<Line[]> {
    const content = await readFile(this.storage, file);
    const lines = gunzipSync(content).toString().split('\n').slice(0, -1);
    if (lines.length !== file.entries) throw new FileDamaged(file.key, `has ${lines.length} entries`);
    return lines.map((line) => Line.parse(JSON.parse(line)));
  }
}

/** Folders are named by when they were made. */
const writtenAt = (key: string) => Number.parseInt(key.split('/')[3]!.replace('-', '').slice(0, 12), 16);

const said = (failures: readonly unknown[]) =>
  failures.map((error) => (error instanceof Error ? error.message : String(error))).join('; ');

const shown = ({ month, files, ...rest }: LedgerMonth) => ({
  month: month.slice(0, 7),
  entries: rest.entries,
  state: rest.state,
  bytes: files.reduce((sum, { bytes }) => sum + bytes, 0),
  closedAt: rest.closedAt,
  archivedAt: rest.archivedAt,
  heldUntil: rest.heldUntil,
});

/** By account and currency, with the month in front. */
const sumsOf = (table: string, month: string, where: string) => `
  SELECT ${month}, account, currency, sum(change)::bigint FROM (
    SELECT to_account AS account, currency, amount_minor AS change FROM ${table} WHERE ${where}
    UNION ALL SELECT from_account, currency, -amount_minor FROM ${table} WHERE ${where}) moved
  GROUP BY account, currency`;
