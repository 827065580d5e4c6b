import { Injectable } from '@nestjs/common';
import { defineJob, Scheduled, Slot } from '@switchboard/service-kit';
import { LedgerPartitions } from './ledger-partitions';

const MakeLedgerPartitions = defineJob('make-ledger-partitions', Slot);

@Injectable()
export class LedgerJobs {
  constructor(private readonly partitions: LedgerPartitions) {}

  @Scheduled('7 2 * * *', MakeLedgerPartitions, {
    purpose: 'Makes the partitions of the ledger for the months to come.',
    timeoutMs: 60_000,
  })
  makePartitions(): Promise<void> {
    return this.partitions.makeAhead();
  }
}
