import { Injectable } from '@nestjs/common';
import { Outbox } from '@switchboard/bus';
import {
  ApplyGoodsImport,
  AuditEntryAppendRequested,
  type OpenGoodsImport,
  type ReadGoodsImport,
} from '@switchboard/contracts';
import {
  type AnswerOf,
  auditEntry,
  BotsRegistry,
  Clock,
  DomainError,
  type RequestOf,
  seesBot,
} from '@switchboard/service-kit';
import { buffer } from 'node:stream/consumers';
import { DataSource, type EntityManager } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import { ChildFailed, runInChild } from '../child-process';
import { requireBrand } from '../goods/brands';
import { BotNotFound } from '../terms/terms.service';
import { GoodsImport, type SkippedRow } from './goods-import.entity';
import { type RefusedRow, ROW_PROBLEMS, type WantedRow, wantedRows } from './goods-table';
import { ImportPlanService, type PlannedRow } from './import-plan.service';
import { LIMITS, TableRead } from './table-read';

class GoodsImportNotFound extends DomainError {
  constructor() {
    super('payments.goods_import_not_found', { en: 'There is no such import.', ru: 'Такого импорта нет.' }, 404);
  }
}

class FileUnreadable extends DomainError {
  constructor() {
    const texts = {
      en: 'The file is no table that could be read, or has no column of SKUs.',
      ru: 'Файл не удалось прочитать как таблицу, или в нём нет столбца с артикулами.',
    };
    super('payments.file_unreadable', texts, 422);
  }
}

class FileTooManyRows extends DomainError {
  constructor() {
    const texts = { en: 'The table has too many rows or cells.', ru: 'В таблице слишком много строк или ячеек.' };
    super('payments.file_too_many_rows', texts, 422, { most: LIMITS.rows - 1, mostCells: LIMITS.cells });
  }
}

class ImportNotReady extends DomainError {
  constructor(state: string) {
    const texts = {
      en: 'The import was not checked yet, or was applied already.',
      ru: 'Импорт ещё не проверен или уже применён.',
    };
    super('payments.import_not_ready', texts, 409, { state });
  }
}

/** So many are told of, of thousands that have the same mistake. */
const TOLD = 200;
/** In one transaction, whoever orders something of them waits for it. */
const AT_ONCE = 200;

type Shown = AnswerOf<typeof ReadGoodsImport>;

/** Tables of goods that staff read in. Nothing is changed before they have seen what would be. */
@Injectable()
export class GoodsImportsService {
  constructor(
    private readonly db: DataSource,
    private readonly bots: BotsRegistry,
    private readonly plans: ImportPlanService,
    private readonly outbox: Outbox,
    private readonly clock: Clock,
  ) {}

  async open({ body, actor }: RequestOf<typeof OpenGoodsImport>): Promise<Shown> {
    const { brandId, stock } = body.fields;
    if (!seesBot(actor.bots, brandId)) throw new BotNotFound(brandId);
    requireBrand(this.bots, brandId);
    const rows = await this.read(await buffer(body.file.body));
    const setsStock = stock === 'set';
    const good = rows.filter((row): row is WantedRow => !('refused' in row));
    const refused = rows.filter((row): row is RefusedRow => 'refused' in row);
    const planned: PlannedRow[] = [];
    const made = new Set<string>();
    for (let at = 0; at < good.length; at += AT_ONCE) {
      const some = await this.plans.plan(this.db.manager, { brandId, setsStock }, good.slice(at, at + AT_ONCE), made);
      for (const row of some)
        if ('refused' in row) refused.push(row);
        else planned.push(row);
    }
    const one = this.db.manager.create(GoodsImport, {
      ...{
        id: uuidv7(),
        brandId,
        fileName: nameOf(body.file.fileName),
        setsStock,
        state: 'checked',
        read: rows.length,
      },
      ...{ made: planned.filter(({ seen }) => !seen).length, changed: planned.filter(({ seen }) => seen).length },
      ...{ skippedRows: refused.length, skipped: told(refused), applied: 0, by: `${actor.kind}:${actor.id}` },
      ...{ at: this.clock.now(), finishedAt: null, revision: 1 },
    });
    await this.db.transaction(async (tx) => {
      await tx.insert(GoodsImport, one as never);
      await tx.query(
        `INSERT INTO goods_import_rows (import_id, place, wanted)
         SELECT $1::uuid, place, wanted FROM jsonb_array_elements($2::jsonb) WITH ORDINALITY AS rows (wanted, place)`,
        [one.id, JSON.stringify(planned)],
      );
    });
    return shown(one);
  }

  async get({ params, actor }: Pick<RequestOf<typeof ReadGoodsImport>, 'params' | 'actor'>): Promise<Shown> {
    const one = await this.db.manager.findOneBy(GoodsImport, { id: params.importId });
    if (!one || !seesBot(actor.bots, one.brandId)) throw new GoodsImportNotFound();
    return shown(one);
  }

  /** @returns it, for which a job has to be begun */
  async begin(tx: EntityManager, request: RequestOf<typeof ApplyGoodsImport>): Promise<Shown> {
    const { params, actor, ifMatch } = request;
    const one = await this.lock(tx, params.importId);
    if (!one || !seesBot(actor.bots, one.brandId)) throw new GoodsImportNotFound();
    ifMatch.check(one.revision);
    if (one.state !== 'checked') throw new ImportNotReady(one.state);
    // What was planned is counted anew, as it is done.
    Object.assign(one, { state: 'running', by: `${actor.kind}:${actor.id}`, revision: one.revision + 1 });
    await this.save(tx, one);
    const { id: resourceId, brandId: botId, made, changed, skippedRows } = one;
    const about = { resourceType: 'goods-import', resourceId, botId, after: { made, changed, skippedRows } };
    await this.outbox.add(tx, AuditEntryAppendRequested(auditEntry(actor, ApplyGoodsImport, about)));
    return shown(one);
  }

  /** The next rows: done once, whoever is killed meanwhile. @returns whether there are more */
  async applySome(id: string): Promise<boolean> {
    return this.db.transaction(async (tx) => {
      const one = await this.lock(tx, id);
      if (one?.state !== 'running') return false;
      const rows = await tx.query<{ place: number; wanted: PlannedRow }[]>(
        `SELECT place, wanted FROM goods_import_rows WHERE import_id = $1 AND place > $2 ORDER BY place LIMIT $3`,
        [id, one.applied, AT_ONCE],
      );
      const planned = rows.map(({ wanted }) => wanted);
      const refused = await this.plans.apply(tx, one, planned);
      const isRefused = (row: PlannedRow) => refused.some((other) => other.row === row.row);
      one.made -= planned.filter((row) => !row.seen && isRefused(row)).length;
      one.changed -= planned.filter((row) => row.seen && isRefused(row)).length;
      one.skippedRows += refused.length;
      one.skipped = [...one.skipped, ...told(refused)].slice(0, TOLD);
      one.applied = rows.at(-1)?.place ?? one.applied;
      const isMore = rows.length === AT_ONCE;
      if (!isMore) {
        Object.assign(one, { state: 'done', finishedAt: this.clock.now(), revision: one.revision + 1 });
        await tx.query('DELETE FROM goods_import_rows WHERE import_id = $1', [id]);
      }
      await this.save(tx, one);
      return isMore;
    });
  }

  private async read(bytes: Buffer) {
    const answer = await runInChild(__dirname, 'table.process', { bytes }).catch((error: unknown) => {
      if (error instanceof ChildFailed) throw new FileTooManyRows();
      throw error;
    });
    const table = TableRead.parse(answer);
    if ('problem' in table) throw table.problem === 'too_many' ? new FileTooManyRows() : new FileUnreadable();
    const rows = wantedRows(table.rows, table.firstRow);
    if (!rows) throw new FileUnreadable();
    return rows;
  }

  private lock(tx: EntityManager, id: string): Promise<GoodsImport | null> {
    return tx.findOne(GoodsImport, { where: { id }, lock: { mode: 'pessimistic_write' } });
  }

  private async save(tx: EntityManager, { id, ...rest }: GoodsImport): Promise<void> {
    await tx.update(GoodsImport, { id }, rest as never);
  }
}

const told = (refused: readonly RefusedRow[]): SkippedRow[] =>
  refused
    .toSorted((a, b) => a.row - b.row)
    .slice(0, TOLD)
    .map(({ row, refused: { problem, column } }) => ({ row, column, code: problem, detail: ROW_PROBLEMS[problem] }));

/** A name is whatever somebody has called it: it is shown as text, and never opened. */
const nameOf = (given: string | undefined): string => given?.split(/[/\\]/).at(-1)?.slice(0, 200) || 'file';

const shown = (one: GoodsImport): Shown => one;
