import { Injectable, type OnModuleInit } from '@nestjs/common';
import { Clock, MonthlyPartitions, startOfMonth } from '@switchboard/service-kit';
import { DataSource } from 'typeorm';

/** People look back 92 days, and anomalies less. */
const MONTHS_KEPT = 4;

@Injectable()
export class TrafficPartitions extends MonthlyPartitions implements OnModuleInit {
  constructor(db: DataSource, clock: Clock) {
    super(db, clock, 'traffic_hours');
  }

  /** Nothing can be counted without. */
  onModuleInit(): Promise<void> {
    return this.makeAhead();
  }

  /** Makes those of the months to come, and drops those that nobody looks at any more. */
  async tend(): Promise<void> {
    await this.makeAhead();
    const oldest = startOfMonth(this.clock.now(), -MONTHS_KEPT);
    for (const { from } of await this.list()) if (from < oldest) await this.alone((tx) => this.drop(tx, from));
  }
}
