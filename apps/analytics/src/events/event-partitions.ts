import { Injectable } from '@nestjs/common';
import { Clock, MonthlyPartitions } from '@switchboard/service-kit';
import { DataSource } from 'typeorm';

@Injectable()
export class EventPartitions extends MonthlyPartitions {
  constructor(db: DataSource, clock: Clock) {
    super(db, clock, 'events');
  }
}
