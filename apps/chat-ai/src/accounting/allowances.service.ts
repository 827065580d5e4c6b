import { Injectable } from '@nestjs/common';
import type { AllowanceChangeRequested, EventOf } from '@switchboard/contracts';
import { PersonalData } from '@switchboard/service-kit';
import type { EntityManager } from 'typeorm';

/** How much less than their budget allows some people may use for a while; `BudgetsService.reserve` goes by it. */
@Injectable()
export class AllowancesService {
  constructor(private readonly personal: PersonalData) {}

  /** What was asked for last counts, in whichever order it comes. */
  async change(tx: EntityManager, { time, data }: EventOf<typeof AllowanceChangeRequested>): Promise<void> {
    const { userId, botId, microsPerDay, until, reason } = data;
    if (await this.personal.isErased(tx, userId)) return;
    await tx.query(
      `INSERT INTO allowances AS known (user_id, bot_id, micros_per_day, ends_at, reason, asked_at)
       VALUES ($1, $2, $3, $4, $5, $6)
       ON CONFLICT (user_id, bot_id) DO UPDATE SET micros_per_day = excluded.micros_per_day, ends_at = excluded.ends_at,
         reason = excluded.reason, asked_at = excluded.asked_at
       WHERE known.asked_at <= excluded.asked_at`,
      [userId, botId, microsPerDay, until, reason, time],
    );
  }
}
