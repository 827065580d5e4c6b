import { Injectable } from '@nestjs/common';
import { Clock, defineJob, type JobRun, Jobs, type PayloadOf, Runs, Scheduled, Slot } from '@switchboard/service-kit';
import { DataSource, type EntityManager, LessThan } from 'typeorm';
import { z } from 'zod';
import { GoodsImport } from './goods-import.entity';
import { GoodsImportsService } from './goods-imports.service';

const ImportGoods = defineJob('import-goods', z.object({ importId: z.uuid() }));
const ForgetGoodsImports = defineJob('forget-goods-imports', Slot);

const KEPT_MS = 30 * 86_400_000;

@Injectable()
export class GoodsImportsJobs {
  constructor(
    private readonly db: DataSource,
    private readonly jobs: Jobs,
    private readonly imports: GoodsImportsService,
    private readonly clock: Clock,
  ) {}

  async begin(tx: EntityManager, importId: string): Promise<void> {
    await this.jobs.add(tx, ImportGoods, { importId }, { key: `import-goods:${importId}` });
  }

  @Runs(ImportGoods)
  async run({ importId }: PayloadOf<typeof ImportGoods>, { signal }: JobRun): Promise<void> {
    while (!signal.aborted && (await this.imports.applySome(importId)));
    signal.throwIfAborted();
  }

  @Scheduled('37 4 * * *', ForgetGoodsImports, {
    purpose: 'Deletes what is kept of tables of goods that were read in more than thirty days ago.',
    timeoutMs: 5 * 60_000,
  })
  async forget(_: PayloadOf<typeof ForgetGoodsImports>): Promise<void> {
    await this.db.manager.delete(GoodsImport, { at: LessThan(new Date(this.clock.now().getTime() - KEPT_MS)) });
  }
}
