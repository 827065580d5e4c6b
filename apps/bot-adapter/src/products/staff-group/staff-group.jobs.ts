import { Injectable } from '@nestjs/common';
import { Clock, defineJob, Scheduled, Slot } from '@switchboard/service-kit';
import { DataSource, LessThan } from 'typeorm';
import { daysAfter, KEPT_DAYS } from '../../kept-days';
import { StaffGroupTicket } from './staff-group-ticket.entity';

const ForgetStaffTickets = defineJob('forget-staff-tickets', Slot);

@Injectable()
export class StaffGroupJobs {
  constructor(
    private readonly db: DataSource,
    private readonly clock: Clock,
  ) {}

  @Scheduled('48 3 * * *', ForgetStaffTickets, {
    purpose: 'Forgets whom staff have answered out of their group.',
    timeoutMs: 60_000,
  })
  async forgetTickets(): Promise<void> {
    const before = daysAfter(this.clock.now(), -KEPT_DAYS.content);
    await this.db.manager.delete(StaffGroupTicket, { closedAt: LessThan(before) });
  }
}
