import { Injectable } from '@nestjs/common';
import { Outbox } from '@switchboard/bus';
import { UsageRecorded } from '@switchboard/contracts';
import { Clock } from '@switchboard/service-kit';
import { DataSource, type EntityManager } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import type { Assistant } from '../assistants/assistant';
import { BudgetsService } from '../budgets/budgets.service';
import type { TokenUsage } from '../models/chat-model';
import { costOf } from '../models/price';
import type { KnownPrice } from '../models/prices.service';
import { type CallOutcome, Usage } from './usage.entity';

/** A call that has ended. */
export interface EndedCall {
  readonly tokens: TokenUsage;
  readonly estimated: boolean;
  readonly price: KnownPrice;
  readonly outcome: CallOutcome;
  readonly durationMs: number;
}

export interface CallPurpose {
  readonly purpose: Usage['purpose'];
  readonly assistant: Assistant;
  readonly userId: string;
  readonly turnId: string | null;
  /** Money that was set aside for the calls. */
  readonly reservations: readonly string[];
}

export interface UsageTotal {
  botId: string;
  model: string;
  calls: number;
  inputTokens: number;
  cachedInputTokens: number;
  outputTokens: number;
  costMicros: number;
  /** Calls whose cost is not in the sum, because nobody knows the price. */
  callsWithoutPrice: number;
}

/** What calls of models used and cost. */
@Injectable()
export class UsageService {
  constructor(
    private readonly db: DataSource,
    private readonly clock: Clock,
    private readonly outbox: Outbox,
    private readonly budgets: BudgetsService,
  ) {}

  /** Records calls, pays for them from the budgets, and says so, all within `tx`. */
  async record(tx: EntityManager, calls: readonly EndedCall[], about: CallPurpose): Promise<void> {
    const { purpose, assistant, userId, turnId, reservations } = about;
    let micros = 0;
    for (const { tokens, price, ...call } of calls) {
      const cost = costOf(tokens, price.price);
      micros += cost;
      const usage = tx.create(Usage, {
        id: uuidv7(),
        purpose,
        turnId,
        botId: assistant.botId,
        userId,
        model: assistant.model,
        ...tokens,
        costMicros: price.isKnown ? cost : 0,
        priceKnown: price.isKnown,
        ...call,
        createdAt: this.clock.now(),
      });
      await tx.insert(Usage, usage);
      // Others need to know that the call broke off, not why we gave it up.
      const outcome = usage.outcome === 'superseded' ? 'cut_off' : usage.outcome;
      await this.outbox.add(tx, UsageRecorded({ ...usage, usageId: usage.id, outcome }));
    }
    await this.budgets.settle(tx, reservations, { assistant, userId, micros });
  }

  /** Totals per bot and model of the calls from `from` on and before `to`. */
  async totals(from: Date, to: Date): Promise<UsageTotal[]> {
    return this.db.query<UsageTotal[]>(
      `SELECT bot_id AS "botId", model, count(*)::int AS calls,
              sum(input_tokens)::float8 AS "inputTokens", sum(cached_input_tokens)::float8 AS "cachedInputTokens",
              sum(output_tokens)::float8 AS "outputTokens", sum(cost_micros)::float8 AS "costMicros",
              (count(*) FILTER (WHERE NOT price_known))::int AS "callsWithoutPrice"
       FROM usages WHERE created_at >= $1 AND created_at < $2 GROUP BY bot_id, model ORDER BY bot_id, model`,
      [from, to],
    );
  }
}
