import { Injectable } from '@nestjs/common';
import type { ImportLedgerMonth } from '@switchboard/contracts';
import {
  type AnswerOf,
  defineJob,
  type JobRun,
  Jobs,
  type PayloadOf,
  type RequestOf,
  Runs,
  Scheduled,
  Slot,
} from '@switchboard/service-kit';
import { DataSource } from 'typeorm';
import { z } from 'zod';
import { LedgerArchive } from './ledger-archive.service';
import { LedgerPartitions } from './ledger-partitions';

const MakeLedgerPartitions = defineJob('make-ledger-partitions', Slot);
const ArchiveLedger = defineJob('archive-ledger', Slot);
const ImportMonth = defineJob('import-ledger-month', z.object({ month: z.iso.date() }));

@Injectable()
export class LedgerJobs {
  constructor(
    private readonly db: DataSource,
    private readonly jobs: Jobs,
    private readonly partitions: LedgerPartitions,
    private readonly archive: LedgerArchive,
  ) {}

  @Scheduled('7 2 * * *', MakeLedgerPartitions, {
    purpose: 'Makes the partitions of the ledger for the months to come.',
    timeoutMs: 60_000,
  })
  makePartitions(): Promise<void> {
    return this.partitions.makeAhead();
  }

  @Scheduled('27 2 * * *', ArchiveLedger, {
    purpose: 'Sums up the months of the ledger that are over, and moves the entries of old ones to storage.',
    timeoutMs: 60 * 60_000,
  })
  async archiveDue(_slot: PayloadOf<typeof ArchiveLedger>, { signal }: JobRun): Promise<void> {
    await this.archive.close();
    await this.archive.archiveDue(signal);
  }

  import(request: RequestOf<typeof ImportLedgerMonth>): Promise<AnswerOf<typeof ImportLedgerMonth>> {
    return this.db.transaction(async (tx) => {
      const month = await this.archive.ask(tx, request);
      if (month.state === 'importing') await this.jobs.add(tx, ImportMonth, { month: `${month.month}-01` });
      return month;
    });
  }

  @Runs(ImportMonth)
  runImport({ month }: PayloadOf<typeof ImportMonth>, { signal }: JobRun): Promise<void> {
    return this.archive.import(month, signal);
  }
}
