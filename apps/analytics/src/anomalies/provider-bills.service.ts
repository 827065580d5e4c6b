import { Injectable } from '@nestjs/common';
import type { RecordProviderBill } from '@switchboard/contracts';
import { type AnswerOf, Clock, DomainError } from '@switchboard/service-kit';
import type { EntityManager } from 'typeorm';
import { AlertsService } from '../alerts/alerts.service';
import { Kept } from '../retention/kept';
import { DAY_MS, sumOf } from './usage-history';
import { UsageHistoryService } from './usage-history.service';

class DayIsNotOver extends DomainError {
  constructor(day: string) {
    super('analytics.day_is_not_over', 'The day is not over (UTC)', 422, { day });
  }
}

/** Of that day there is nothing any more to compare a bill with. */
class DayNotKept extends DomainError {
  constructor(keptFrom: string) {
    super('analytics.days_not_kept', `Of days before ${keptFrom} this is no longer kept`, 422, { keptFrom });
  }
}

/** Rounding and late corrections are less. */
const TOLERANCE = 0.03;

/** What providers say a day has cost, beside what was counted here: a difference means that calls or prices are missing. */
@Injectable()
export class ProviderBillsService {
  constructor(
    private readonly history: UsageHistoryService,
    private readonly alerts: AlertsService,
    private readonly clock: Clock,
    private readonly kept: Kept,
  ) {}

  async record(tx: EntityManager, day: string, billedMicros: number): Promise<AnswerOf<typeof RecordProviderBill>> {
    const from = new Date(`${day}T00:00:00Z`);
    const to = new Date(from.getTime() + DAY_MS);
    if (to > this.clock.now()) throw new DayIsNotOver(day);
    const kept = this.kept.since('activity');
    if (from < kept) throw new DayNotKept(kept.toISOString().slice(0, 10));
    const countedMicros = sumOf(await this.history.hours(from, to), 'costMicros');
    const difference =
      billedMicros === 0 ? (countedMicros === 0 ? 0 : 1) : (countedMicros - billedMicros) / billedMicros;
    const alerts = Math.abs(difference) > TOLERANCE;
    const subject = `providers · ${day}`;
    await this.alerts.observe(tx, {
      rules: ['bill-mismatch'],
      subject,
      confirmation: { atOnce: true, cleanLooks: 1 },
      findings: alerts
        ? [
            {
              rule: 'bill-mismatch',
              severity: 'critical',
              subject,
              botId: null,
              measure: 'cost_micros',
              windowSeconds: DAY_MS / 1000,
              expected: billedMicros,
              seen: countedMicros,
              score: null,
              since: from,
              contributors: [],
            },
          ]
        : [],
    });
    return { day, billedMicros, countedMicros, difference, alerts };
  }
}
