import { Injectable } from '@nestjs/common';
import { Clock, defineJob, Scheduled, Slot } from '@switchboard/service-kit';
import { DataSource, LessThan } from 'typeorm';
import { daysAfter, KEPT_DAYS } from '../../../kept-days';
import { SupportQuestion } from './support-question.entity';

const ForgetQuestions = defineJob('forget-shop-questions', Slot);

@Injectable()
export class SupportJobs {
  constructor(
    private readonly db: DataSource,
    private readonly clock: Clock,
  ) {}

  @Scheduled('46 3 * * *', ForgetQuestions, {
    purpose: 'Forgets who has asked the staff of a shop something, and who was answered by them.',
    timeoutMs: 60_000,
  })
  async forgetQuestions(): Promise<void> {
    const now = this.clock.now();
    await this.db.manager.delete(SupportQuestion, { askedAt: LessThan(daysAfter(now, -KEPT_DAYS.content)) });
    // Written by earlier versions alone.
    await this.db.query('DELETE FROM shop_handovers WHERE until < $1', [now]);
  }
}
