import { hash } from 'node:crypto';
import { pipeline, Readable, Transform, type TransformCallback, Writable } from 'node:stream';
import { pipeline as piped } from 'node:stream/promises';
import { createGunzip, createGzip } from 'node:zlib';
import type { Client } from 'pg';
import { from as copyFrom, to as copyTo } from 'pg-copy-streams';
import type { EntityManager } from 'typeorm';
import { z } from 'zod';
import type { BackupStore } from './backup-store';

/** A table as it was copied. */
export const TableCopy = z.object({
  /** With its schema. */
  table: z.string(),
  /** As people see it, and as its file is called. */
  name: z.string(),
  columns: z.array(z.string()),
  /** With what rows belong to them, in words of Postgres. */
  partitions: z.array(z.object({ name: z.string(), bound: z.string() })),
  rows: z.int(),
  sum: z.string(),
  /** Of the file; there is none of a table without rows. */
  bytes: z.int(),
  sha256: z.string(),
});
export type TableCopy = z.output<typeof TableCopy>;

export const SequenceCopy = z.object({ name: z.string(), lastValue: z.string(), isCalled: z.boolean() });
export type SequenceCopy = z.output<typeof SequenceCopy>;

type Table = Pick<TableCopy, 'table' | 'name' | 'columns' | 'partitions'>;

/** What says how far a schema is; it is there before anything is restored into it. */
const OF_MIGRATIONS = 'migrations';

/** So that a value is the same text wherever it is copied. */
const AS_TEXT = `SET LOCAL TimeZone = 'UTC'; SET LOCAL DateStyle = 'ISO, YMD'; SET LOCAL IntervalStyle = 'postgres';
  SET LOCAL extra_float_digits = 1; SET LOCAL bytea_output = 'hex'; SET LOCAL client_encoding = 'UTF8'`;

export const clientOf = async (tx: EntityManager) => (await tx.queryRunner!.connect()) as Client;

/** To be called in each transaction that copies. Storage may take its time between two tables. */
export async function prepareToCopy(tx: EntityManager): Promise<void> {
  await tx.query(AS_TEXT);
  await tx.query(`SET LOCAL idle_in_transaction_session_timeout = '15min'`);
}

/** All tables of these schemas, those of jobs called `jobs.…`; partitions go with the table they are of. */
export async function tablesOf(tx: EntityManager, schema: string, jobsSchema: string): Promise<Table[]> {
  const rows = await tx.query<(Table & { schema: string; relation: string })[]>(
    `SELECT nspname AS schema, relname AS relation, format('%I.%I', nspname, relname) AS table,
       (SELECT coalesce(json_agg(quote_ident(attname) ORDER BY attnum), '[]') FROM pg_attribute
        WHERE attrelid = c.oid AND attnum > 0 AND NOT attisdropped AND attgenerated = '') AS columns,
       (SELECT coalesce(json_agg(json_build_object('name', p.relname, 'bound', pg_get_expr(p.relpartbound, p.oid)) ORDER BY p.relname), '[]')
        FROM pg_inherits JOIN pg_class p ON p.oid = inhrelid WHERE inhparent = c.oid AND c.relkind = 'p') AS partitions
     FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace
     WHERE nspname = ANY($1) AND relkind IN ('r', 'p') AND NOT relispartition AND relname <> $2 ORDER BY nspname, relname`,
    [[schema, jobsSchema], OF_MIGRATIONS],
  );
  return rows.map(({ schema: of, relation, ...table }) => ({
    ...table,
    name: of === jobsSchema ? `jobs.${relation}` : relation,
  }));
}

/** Copies a table to a place in storage. */
export async function copyOut(
  tx: EntityManager,
  { table, name, columns, partitions }: Table,
  store: BackupStore,
  place: string,
): Promise<TableCopy> {
  const about = { table, name, columns, partitions };
  const [{ filled }] = await tx.query<[{ filled: boolean }]>(`SELECT EXISTS (SELECT FROM ${table}) AS filled`);
  if (!filled) return { ...about, ...new RowSum().result, bytes: 0, sha256: '' };
  const sum = new RowSum();
  const client = await clientOf(tx);
  const rows = client.query(copyTo(`COPY (SELECT ${columns.join(', ')} FROM ${table}) TO STDOUT`));
  // It fails once more when its connection ends, and nobody waits for it then.
  rows.on('error', () => undefined);
  try {
    const packed = pipeline(rows, sum, createGzip(), () => undefined);
    const { bytes, sha256 } = await store.write(place, packed as AsyncIterable<Buffer>);
    return { ...about, ...sum.result, bytes, sha256 };
  } catch (error) {
    // The server would go on sending, and answer ROLLBACK after that.
    await client.end();
    throw error;
  }
}

/** Copies what lies in storage into a table that is empty. @throws when it holds something else than was said of it */
export async function copyIn(tx: EntityManager, copy: TableCopy, store: BackupStore, place: string): Promise<void> {
  if (copy.rows === 0) return;
  const sum = new RowSum();
  const client = await clientOf(tx);
  const target = client.query(copyFrom(`COPY ${copy.table} (${copy.columns.join(', ')}) FROM STDIN`));
  await piped(Readable.from(store.read(place)), createGunzip(), sum, target);
  requireSame(copy, sum.result);
}

/** Reads a table of the database as it would be copied. */
export async function sumOf(tx: EntityManager, { table, columns }: Pick<TableCopy, 'table' | 'columns'>) {
  const sum = new RowSum();
  const client = await clientOf(tx);
  const rows = client.query(copyTo(`COPY (SELECT ${columns.join(', ')} FROM ${table}) TO STDOUT`));
  await piped(rows, sum, new Writable({ write: (_chunk, _encoding, done) => done() }));
  return sum.result;
}

export class SumsDiffer extends Error {
  override readonly name = 'SumsDiffer';
}

function requireSame({ name, rows, sum }: TableCopy, found: { rows: number; sum: string }): void {
  if (rows !== found.rows || sum !== found.sum)
    throw new SumsDiffer(`${name} has ${found.rows} rows in place of ${rows}, or other ones`);
}

export async function sequencesOf(tx: EntityManager, schema: string, jobsSchema: string): Promise<SequenceCopy[]> {
  const names = await tx.query<{ name: string }[]>(
    `SELECT format('%I.%I', nspname, relname) AS name FROM pg_class JOIN pg_namespace n ON n.oid = relnamespace
     WHERE nspname = ANY($1) AND relkind = 'S' ORDER BY 1`,
    [[schema, jobsSchema]],
  );
  const copies: SequenceCopy[] = [];
  for (const { name } of names) {
    const [state] = await tx.query<[{ lastValue: string; isCalled: boolean }]>(
      `SELECT last_value::text AS "lastValue", is_called AS "isCalled" FROM ${name}`,
    );
    copies.push({ name, ...state });
  }
  return copies;
}

const LINE_END = 0x0a;

/** Counts the rows that pass, and adds up their hashes: in whatever order they come the sum is the same. */
class RowSum extends Transform {
  private rows = 0;
  private sum = 0n;
  /** Of a row that has not ended yet. */
  private begun: Buffer[] = [];

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    let from = 0;
    // A line end within a value is written as two characters, so each one ends a row.
    for (let end = chunk.indexOf(LINE_END); end >= 0; end = chunk.indexOf(LINE_END, from)) {
      const rest = chunk.subarray(from, end);
      const row = this.begun.length > 0 ? Buffer.concat([...this.begun.splice(0), rest]) : rest;
      this.rows++;
      this.sum = BigInt.asUintN(64, this.sum + hash('sha256', row, 'buffer').readBigUInt64BE());
      from = end + 1;
    }
    if (from < chunk.length) this.begun.push(Buffer.from(chunk.subarray(from)));
    done(null, chunk);
  }

  get result(): { rows: number; sum: string } {
    return { rows: this.rows, sum: this.sum.toString(16).padStart(16, '0') };
  }
}
