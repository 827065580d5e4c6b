import { Injectable, type OnModuleInit } from '@nestjs/common';
import { Clock, MonthlyPartitions } from '@switchboard/service-kit';
import { DataSource } from 'typeorm';

@Injectable()
export class LedgerPartitions extends MonthlyPartitions implements OnModuleInit {
  constructor(db: DataSource, clock: Clock) {
    super(db, clock, 'ledger_entries');
  }

  /** Nothing can be booked without. */
  onModuleInit(): Promise<void> {
    return this.makeAhead();
  }
}
