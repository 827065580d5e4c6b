import { Inject, Injectable } from '@nestjs/common';
import { ExportedReport, type Locale } from '@switchboard/contracts';
import {
  Clock,
  DomainError,
  type JobRun,
  Jobs,
  LOG,
  type Log,
  MEDIA_STORAGE,
  type MediaStorage,
} from '@switchboard/service-kit';
import { csvOf, type Notes, type Row, type Table, xlsxOf } from '@switchboard/tables';
import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { DataSource, In } from 'typeorm';
import { DaysNotKept } from '../boards/reports.service';
import { define } from '../metrics/definitions';
import { Export, type ExportRequest, type ExportState, fileKeyOf, jobKeyOf } from './export.entity';
import { type ReportTable, ReportTablesService } from './report-tables.service';

const LINK_LIFETIME_MS = 24 * 3_600_000;
const KEPT_DAYS = 30;
/** So often it is told how far one is. */
const TOLD_EACH_ROWS = 5000;
const UNFINISHED: readonly ExportState[] = ['waiting', 'running'];

/** Writes reports into files, and deletes them when their links have expired. */
@Injectable()
export class ExportWriterService {
  constructor(
    private readonly db: DataSource,
    private readonly tables: ReportTablesService,
    private readonly clock: Clock,
    private readonly jobs: Jobs,
    @Inject(MEDIA_STORAGE) private readonly media: MediaStorage,
    @Inject(LOG) private readonly log: Log,
  ) {}

  /** What can never be had is told of in the row. @throws whatever another attempt may not meet */
  async write(exportId: string, { signal, isLastAttempt }: JobRun): Promise<void> {
    const open = { id: exportId, state: In(UNFINISHED) };
    const row = await this.db.manager.findOneBy(Export, open);
    if (!row) return;
    try {
      const written = await this.writeFile(row, signal);
      const now = this.clock.now();
      const expiresAt = new Date(now.getTime() + LINK_LIFETIME_MS);
      const done = { ...written, state: 'done', finishedAt: now, expiresAt } as const;
      const { affected } = await this.db.manager.update(Export, open, done);
      if (affected === 0) await this.deleteUnlessDone(exportId);
    } catch (error) {
      const problem = error instanceof DomainError && error.status < 500 ? error.code : null;
      const isOver = problem !== null || (isLastAttempt && !signal.aborted);
      if (isOver) {
        const keptFrom = error instanceof DaysNotKept ? { keptFrom: error.keptFrom } : {};
        const failed = { ...keptFrom, state: 'failed', problem, finishedAt: this.clock.now() } as const;
        await this.db.manager.update(Export, open, failed);
        await this.deleteUnlessDone(exportId);
      }
      // What was asked for cannot be had, however often it is tried.
      if (problem === null) throw error;
    }
  }

  /** Those that nobody writes any more have failed. */
  async giveUp(): Promise<void> {
    const rows = await this.db.manager.find(Export, { where: { state: In(UNFINISHED) }, select: { id: true } });
    const alive = await this.jobs.alive(
      this.db.manager,
      rows.map(({ id }) => jobKeyOf(id)),
    );
    const lost = rows.filter(({ id }) => !alive.has(jobKeyOf(id))).map(({ id }) => id);
    const failed = { state: 'failed', finishedAt: this.clock.now() } as const;
    // One that has ended meanwhile stays as it is.
    await this.db.manager.update(Export, { id: In(lost), state: In(UNFINISHED) }, failed);
    for (const id of lost) await this.deleteUnlessDone(id);
  }

  /** Deletes files whose links have expired, and after `KEPT_DAYS` that there was an export. One that fails stays. @throws what the first failed with */
  async forgetOld(signal: AbortSignal): Promise<void> {
    const now = this.clock.now();
    const expired = await this.db.query<{ id: string }[]>(
      `SELECT id FROM exports WHERE state = 'done' AND expires_at < $1 ORDER BY expires_at`,
      [now],
    );
    const failures: unknown[] = [];
    const each = async (rows: readonly { id: string }[], forgetRow: (id: string) => Promise<unknown>) => {
      for (const { id } of rows) {
        signal.throwIfAborted();
        try {
          await this.media.delete(fileKeyOf({ id }));
          await forgetRow(id);
        } catch (error) {
          failures.push(error);
        }
      }
    };
    await each(expired, (id) => this.db.manager.update(Export, { id }, { state: 'expired' }));
    const old = await this.db.query<{ id: string }[]>(
      `SELECT id FROM exports WHERE state <> 'done' AND created_at < $1::timestamptz - make_interval(days => $2)`,
      [now, KEPT_DAYS],
    );
    await each(old, (id) => this.db.manager.delete(Export, { id }));
    if (failures.length > 0) throw failures[0];
  }

  /** The file of one that failed after it was written. Where this fails as well it goes with the row. */
  private async deleteUnlessDone(id: string): Promise<void> {
    if (await this.db.manager.existsBy(Export, { id, state: 'done' })) return;
    await this.media
      .delete(fileKeyOf({ id }))
      .catch((error: unknown) =>
        this.log.warn({ err: error, exportId: id }, 'the file of a failed export is still there'),
      );
  }

  private async writeFile(row: Export, signal: AbortSignal): Promise<{ rows: number; bytes: number }> {
    const { format, locale, delimiter, bom, of } = row.request;
    const report = ExportedReport.decode(of);
    const tell = (about: Partial<Export>) =>
      this.db.manager.update(Export, { id: row.id, state: In(UNFINISHED) }, about as object);
    await tell({ state: 'running', rows: 0 });
    return this.tables.read(report, { bots: row.bots ?? undefined }, locale, async (table) => {
      await tell({ totalRows: table.totalRows, keptFrom: table.keptFrom });
      const counted = counting(table, signal, (rows) => tell({ rows }));
      const notes = () => this.notes(table, of, counted, locale);
      const chunks =
        format === 'csv' ? csvOf(counted, { delimiter, bom }) : xlsxOf(counted, { name: report.report, notes });
      const contentType = format === 'csv' ? 'text/csv' : 'application/octet-stream';
      const { bytes } = await this.media.put(fileKeyOf(row), Readable.from(chunks, { objectMode: false }), {
        contentType,
      });
      return { rows: counted.count(), bytes };
    });
  }

  /** What the numbers mean, and of what they are. */
  private notes(table: ReportTable, { report, query }: ExportRequest['of'], counted: Counting, locale: Locale): Notes {
    const filters = Object.entries(query).map(([name, value]) => [name, String(value)]);
    return {
      name: 'Definitions',
      rows: [
        ['report', report],
        ...filters,
        ['generated', this.clock.now().toISOString()],
        ...(table.keptFrom ? [['kept from', table.keptFrom]] : []),
        ['rows', String(counted.count())],
        ['SHA-256 of the rows, each as JSON in a line', counted.checksum()],
        [],
        ...table.definitions.map((id) => define(id, locale)).map(({ name, text }) => [name, text]),
      ],
    };
  }
}

interface Counting extends Table {
  count(): number;
  checksum(): string;
}

/** The same table, of which it is told how many rows were read, and known afterwards what they were. */
export function counting(
  { columns, rows, zone }: Table,
  signal: AbortSignal,
  tell: (rows: number) => Promise<unknown>,
): Counting {
  const hash = createHash('sha256');
  let count = 0;
  async function* read(): AsyncGenerator<Row> {
    for await (const row of rows) {
      signal.throwIfAborted();
      count++;
      hash.update(`${JSON.stringify(row)}\n`);
      yield row;
      if (count % TOLD_EACH_ROWS === 0) await tell(count);
    }
  }
  return { columns, zone, rows: read(), count: () => count, checksum: () => hash.copy().digest('hex') };
}
