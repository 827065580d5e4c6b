import { Injectable } from '@nestjs/common';
import { Outbox } from '@switchboard/bus';
import { type EventDraft, UsageRecorded } from '@switchboard/contracts';
import { Clock, DomainError } from '@switchboard/service-kit';
import { DataSource, type EntityManager, QueryFailedError } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import type { TokenUsage } from '../models/chat-model';
import { budgetPeriods, PAYER, type Spender } from './budgets.service';
import { costOf, type KnownPrice } from './prices.service';
import type { CallOutcome, CallPurpose } from './usage.entity';

/** A call that has ended. */
export interface EndedCall {
  readonly model: string;
  readonly tokens: TokenUsage;
  readonly estimated: boolean;
  readonly price: KnownPrice;
  readonly outcome: CallOutcome;
  readonly durationMs: number;
  /** The one it was made under. */
  readonly reservationId: string;
}

export interface Costs {
  readonly purpose: CallPurpose;
  readonly turnId: string | null;
  readonly calls: readonly EndedCall[];
  /** All that were made, used or not. */
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

export interface UsagePoint extends UsageTotal {
  /** When the hour or the day begins. */
  at: Date;
}

export interface UsagePeriod {
  readonly from: Date;
  readonly to: Date;
  readonly step: 'hour' | 'day';
  /** IANA name. */
  readonly zone: string;
  readonly botId?: string | undefined;
  readonly model?: string | undefined;
  readonly purpose?: string | undefined;
  readonly userId?: string | undefined;
}

interface UsageRow extends TokenUsage {
  readonly id: string;
  readonly purpose: CallPurpose;
  readonly botId: string;
  readonly userId: string;
  readonly model: string;
  readonly costMicros: number;
  readonly estimated: boolean;
  readonly outcome: CallOutcome;
  readonly durationMs: number;
}

/** What calls of models used and cost. */
@Injectable()
export class UsageService {
  constructor(
    private readonly db: DataSource,
    private readonly clock: Clock,
    private readonly outbox: Outbox,
  ) {}

  /**
   * Records calls, pays for them from the budgets and frees what was reserved, in one statement. To be called late in a
   * transaction, because all turns of the bot wait for its budget.
   * @returns the events that tell of it, for the outbox
   */
  async record(tx: EntityManager, spender: Spender, costs: Costs): Promise<EventDraft[]> {
    const { purpose, turnId, calls, reservations } = costs;
    if (calls.length + reservations.length === 0) return [];
    const now = this.clock.now();
    const [person, bot] = budgetPeriods(spender, purpose, now);
    const rows = calls.map(({ tokens, price, ...call }) => {
      const micros = costOf(tokens, price.price);
      return {
        ...call,
        ...tokens,
        id: uuidv7(),
        micros,
        costMicros: price.isKnown ? micros : 0,
        priceKnown: price.isKnown,
      };
    });
    const counted = await tx.query<{ id: string }[]>(RECORD, [
      JSON.stringify(rows),
      reservations,
      ...[person.scope, bot.scope, person.start, bot.start],
      ...[purpose, turnId, spender.botId, spender.userId, now],
    ]);
    const ids = new Set(counted.map(({ id }) => id));
    const { botId, userId } = spender;
    return rows.filter(({ id }) => ids.has(id)).map((row) => said({ ...row, purpose, botId, userId }));
  }

  /**
   * Charges reservations whose call was never recorded, because its process died, as if the call had cost all that was
   * reserved. Should the process live after all, it finds its reservation gone and records nothing a second time.
   * @returns how many
   */
  async chargeLost(which: { turnId: string } | 'expired'): Promise<number> {
    const [condition, value] =
      which === 'expired' ? ['expires_at < $2', this.clock.now()] : ['turn_id = $2', which.turnId];
    // One by one: each locks the budgets of another person.
    for (let charged = 0; ; charged++) {
      const found = await this.db.transaction(async (tx) => {
        const lost = await tx.query<UsageRow[]>(chargeLostWhere(condition), [this.clock.now(), value]);
        await this.outbox.add(tx, ...lost.map((row) => said(row)));
        return lost.length;
      });
      if (found === 0) return charged;
    }
  }

  /**
   * Totals per bot and model of the calls from `from` on and before `to`.
   * @param bots of these alone; of all when undefined
   */
  async totals(from: Date, to: Date, bots?: readonly string[]): Promise<UsageTotal[]> {
    return this.db.query<UsageTotal[]>(
      `SELECT ${TOTALS} FROM usages WHERE created_at >= $1 AND created_at < $2 AND ($3::text[] IS NULL OR bot_id = ANY($3))
       GROUP BY bot_id, model ORDER BY bot_id, model`,
      [from, to, bots ?? null],
    );
  }

  /** The same by the hour or by the day, oldest first. @throws UnknownZone */
  async series({ from, to, step, zone, ...filter }: UsagePeriod, bots?: readonly string[]): Promise<UsagePoint[]> {
    const { botId, model, purpose, userId } = filter;
    try {
      return await this.db.query<UsagePoint[]>(
        `SELECT date_trunc($3, created_at, $4) AS at, ${TOTALS} FROM usages
         WHERE created_at >= $1 AND created_at < $2 AND ($5::text[] IS NULL OR bot_id = ANY($5))
           AND ($6::text IS NULL OR bot_id = $6) AND ($7::text IS NULL OR model = $7)
           AND ($8::text IS NULL OR purpose = $8) AND ($9::uuid IS NULL OR user_id = $9)
         GROUP BY 1, bot_id, model ORDER BY 1, bot_id, model`,
        [from, to, step, zone, bots ?? null, botId ?? null, model ?? null, purpose ?? null, userId ?? null],
      );
    } catch (error) {
      if (isUnknownZone(error)) throw new UnknownZone(zone);
      throw error;
    }
  }
}

/** Names that the database does not know are few: its list of zones and that of Node are of different years. */
class UnknownZone extends DomainError {
  constructor(zone: string) {
    super('chat-ai.unknown_zone', 'The time zone is not known here', 422, { zone });
  }
}

/** SQLSTATE `invalid_parameter_value`; whatever else may be invalid was checked before. */
const isUnknownZone = (error: unknown): boolean =>
  error instanceof QueryFailedError && (error.driverError as { code?: string }).code === '22023';

const TOTALS = `bot_id AS "botId", model, count(*)::int AS calls,
  sum(input_tokens)::float8 AS "inputTokens", sum(cached_input_tokens)::float8 AS "cachedInputTokens",
  sum(output_tokens)::float8 AS "outputTokens", sum(cost_micros)::float8 AS "costMicros",
  (count(*) FILTER (WHERE NOT price_known))::int AS "callsWithoutPrice"`;

/** Others need to know that a call broke off, not why. */
const said = ({ id, ...row }: UsageRow): EventDraft =>
  UsageRecorded({
    ...row,
    usageId: id,
    outcome: row.outcome === 'superseded' || row.outcome === 'lost' ? 'cut_off' : row.outcome,
  });

/**
 * The periods may differ: a call may begin before midnight and end after it. Persons before bots, as everywhere. A call
 * whose reservation is gone was charged as lost and is left out. The budget of a person who was erased in the meantime is a
 * new one, in which less may be reserved than is freed.
 */
const RECORD = `
  WITH call AS (
    SELECT * FROM jsonb_to_recordset($1::jsonb) AS c (id uuid, "reservationId" uuid, model text, "inputTokens" integer,
      "cachedInputTokens" integer, "outputTokens" integer, micros bigint, "costMicros" bigint, "priceKnown" boolean,
      estimated boolean, outcome text, "durationMs" integer)
  ), freed AS (
    DELETE FROM budget_reservations WHERE id = ANY ($2::uuid[]) RETURNING id, day, month, plan_scope, plan_start, micros
  ), counted AS (
    SELECT * FROM call WHERE "reservationId" IN (SELECT id FROM freed)
  ), recorded AS (
    INSERT INTO usages (id, purpose, turn_id, bot_id, user_id, model, input_tokens, cached_input_tokens, output_tokens,
      cost_micros, price_known, estimated, outcome, duration_ms, created_at)
    SELECT id, $7, $8, $9, $10, model, "inputTokens", "cachedInputTokens", "outputTokens",
      "costMicros", "priceKnown", estimated, outcome, "durationMs", $11 FROM counted
  ), change AS (
    SELECT scope, period_start, sum(spent) AS spent, sum(freed) AS freed FROM (
      SELECT $3 AS scope, $5::date AS period_start, micros AS spent, 0 AS freed FROM counted
      UNION ALL SELECT $4, $6::date, micros, 0 FROM counted
      UNION ALL SELECT $3, day, 0, micros FROM freed
      UNION ALL SELECT $4, month, 0, micros FROM freed
      UNION ALL SELECT plan_scope, plan_start, counted.micros, 0 FROM counted JOIN freed ON freed.id = "reservationId" WHERE plan_scope IS NOT NULL
      UNION ALL SELECT plan_scope, plan_start, 0, micros FROM freed WHERE plan_scope IS NOT NULL
    ) AS part GROUP BY scope, period_start
  ), settled AS (
    INSERT INTO budgets (scope, period_start, spent_micros)
    SELECT scope, period_start, spent FROM change ORDER BY scope DESC
    ON CONFLICT (scope, period_start) DO UPDATE SET
      spent_micros = budgets.spent_micros + excluded.spent_micros,
      reserved_micros = greatest(0, budgets.reserved_micros
        - (SELECT freed FROM change c WHERE c.scope = excluded.scope AND c.period_start = excluded.period_start))
  )
  SELECT id FROM counted`;

const chargeLostWhere = (condition: string) => `
  WITH lost AS (
    DELETE FROM budget_reservations WHERE id = (
      SELECT id FROM budget_reservations WHERE ${condition} LIMIT 1 FOR UPDATE SKIP LOCKED
    ) RETURNING *
  ), recorded AS (
    INSERT INTO usages (id, purpose, turn_id, bot_id, user_id, model, input_tokens, cached_input_tokens, output_tokens,
      cost_micros, price_known, estimated, outcome, duration_ms, created_at)
    SELECT id, purpose, turn_id, bot_id, user_id, model, input_tokens, 0, output_tokens,
      CASE WHEN price_known THEN micros ELSE 0 END, price_known, true, 'lost', 0, $1 FROM lost
    RETURNING *
  ), settled AS (
    INSERT INTO budgets (scope, period_start, spent_micros)
    SELECT * FROM (
      SELECT 'person:' || bot_id || ':' || user_id AS scope, day, micros FROM lost
      UNION ALL SELECT ${PAYER} || bot_id, month, micros FROM lost
      UNION ALL SELECT plan_scope, plan_start, micros FROM lost WHERE plan_scope IS NOT NULL
    ) AS part ORDER BY scope DESC
    ON CONFLICT (scope, period_start) DO UPDATE SET
      spent_micros = budgets.spent_micros + excluded.spent_micros,
      reserved_micros = greatest(0, budgets.reserved_micros - excluded.spent_micros)
  )
  SELECT id, purpose, bot_id AS "botId", user_id AS "userId", model, input_tokens AS "inputTokens",
    cached_input_tokens AS "cachedInputTokens", output_tokens AS "outputTokens", cost_micros::float8 AS "costMicros",
    estimated, outcome, duration_ms AS "durationMs" FROM recorded`;
