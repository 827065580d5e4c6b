import { Injectable } from '@nestjs/common';
import { FEATURES } from '@switchboard/contracts';
import { Clock, type Entitled, Entitlements } from '@switchboard/service-kit';
import { DateTime } from 'luxon';
import { DataSource, type EntityManager } from 'typeorm';
import { NIL, v7 as uuidv7 } from 'uuid';
import { costOf, type KnownPrice, type PricedModel, PricesService } from './prices.service';
import type { CallPurpose } from './usage.entity';

/** Longer than any turn with its retries: what is still reserved then belongs to a process that died. */
const RESERVATION_LIFETIME_MS = 15 * 60_000;

/** Micros (millionths of a US dollar); null is no limit. */
export interface BudgetLimits {
  readonly personPerDay: number | null;
  readonly botPerMonth: number | null;
}

/**
 * Pays for what no person has asked for: embeddings of the knowledge and what staff try out from monthly budgets of their own, answers
 * that are suggested to staff from the one of the bot's answers.
 */
export const NOBODY = NIL;

/** Whose budgets pay. */
export interface Spender {
  readonly botId: string;
  /** NOBODY for what no person has asked for. */
  readonly userId: string;
  readonly limits: BudgetLimits;
  /** IANA name; in it days and months begin. */
  readonly timeZone: string;
}

/** A call as it is planned. */
export interface PlannedCall {
  readonly purpose: CallPurpose;
  readonly turnId: string | null;
  readonly model: PricedModel;
  readonly inputTokens: number;
  /** At most. */
  readonly outputTokens: number;
}

/** What was set aside for a call, and what it costs by. */
export interface Reservation {
  readonly id: string;
  readonly micros: number;
  readonly price: KnownPrice;
}

export class BudgetExhausted extends Error {
  override readonly name = 'BudgetExhausted';

  /** @param renewsAt when there is money again; undefined where that takes a payment */
  constructor(readonly renewsAt: Date | undefined) {
    super(`the budget is used up until ${renewsAt?.toISOString() ?? 'it is paid'}`);
  }
}

/** A budget in one of its periods. */
export interface BudgetPeriod {
  readonly scope: string;
  /** First day of the period in the bot's time zone: `2026-11-01`. */
  readonly start: string;
  readonly limit: number | null;
}

/**
 * Of a person with a bot (by the day), and of the bot, its knowledge or its try-outs (by the month). Rows are locked in this order,
 * everywhere, after that of the person's plan. `PAYER` says the same in SQL.
 */
export function budgetPeriods(
  { botId, userId, limits, timeZone }: Spender,
  purpose: CallPurpose,
  now: Date,
): readonly [day: BudgetPeriod, month: BudgetPeriod] {
  const today = DateTime.fromJSDate(now, { zone: timeZone });
  const payer = userId !== NOBODY || purpose === 'suggestion' ? 'bot' : purpose === 'try-out' ? 'try-out' : 'knowledge';
  return [
    { scope: `person:${botId}:${userId}`, start: today.toFormat('yyyy-MM-dd'), limit: limits.personPerDay },
    { scope: `${payer}:${botId}`, start: today.toFormat('yyyy-MM-01'), limit: limits.botPerMonth },
  ];
}

interface EntitledSpender extends Spender {
  readonly modelUse?: Entitled['modelUse'];
}

/** Of a plan that is paid by use, until it is paid: what the person wants to pay for and no more. */
function planPeriods({ userId, modelUse }: EntitledSpender): BudgetPeriod[] {
  if (!modelUse) return [];
  const { period, since, micros } = modelUse;
  return [{ scope: `plan:${period}:${userId}`, start: since.toISOString().slice(0, 10), limit: micros }];
}

/** The beginning of the scope of a month, for a row with `user_id` and `purpose`. */
export const PAYER = `CASE WHEN user_id <> '${NOBODY}' OR purpose = 'suggestion' THEN 'bot:' WHEN purpose = 'try-out' THEN 'try-out:' ELSE 'knowledge:' END`;

/**
 * Money is reserved before a model is called and settled afterwards (`UsageService.record`), so that calls side by side
 * cannot together spend more than there is. A reservation also is the only trace of a call whose process died.
 */
@Injectable()
export class BudgetsService {
  constructor(
    private readonly db: DataSource,
    private readonly clock: Clock,
    private readonly prices: PricesService,
    private readonly entitlements: Entitlements,
  ) {}

  /**
   * Reserves the most a call can cost in all of its budgets, or throws BudgetExhausted. One statement.
   * @param unused of a call that cost nothing: it pays for this one, if it is enough
   */
  async reserve(spender: Spender, call: PlannedCall, unused?: Reservation): Promise<Reservation> {
    const price = await this.prices.get(call.model);
    const micros = costOf({ ...call, cachedInputTokens: 0 }, price.price);
    if (unused && unused.micros >= micros) return { ...unused, price };
    const now = this.clock.now();
    const entitled = await this.asEntitled(spender);
    const periods = [...budgetPeriods(entitled, call.purpose, now), ...planPeriods(entitled)];
    const reservation = { id: uuidv7(), micros, price };
    let refused = await this.tryReserve(reservation, spender, call, periods, now);
    if (refused.some(({ opened }) => !opened)) {
      // The first call of the period: there is no row yet that could be locked.
      await this.open(periods);
      refused = await this.tryReserve(reservation, spender, call, periods, now);
    }
    if (refused.length === 0) return reservation;
    const isRefused = (period: BudgetPeriod | undefined) => refused.some(({ scope }) => scope === period?.scope);
    const [day, month, plan] = periods;
    if (isRefused(plan)) throw new BudgetExhausted(undefined);
    const isMonth = isRefused(month);
    throw new BudgetExhausted(renewalOf(isMonth ? month! : day!, isMonth, spender.timeZone));
  }

  /** What a person pays for, or has for free, takes the place of what the bot gives everybody. */
  private async asEntitled(spender: Spender): Promise<EntitledSpender> {
    const { userId, botId, limits } = spender;
    if (userId === NOBODY) return spender;
    const { features, modelUse } = await this.entitlements.of(userId, botId);
    const perDay = features[FEATURES.chatBudget];
    if (perDay === undefined || perDay === true) return { ...spender, modelUse };
    return { ...spender, modelUse, limits: { ...limits, personPerDay: perDay === false ? 0 : perDay } };
  }

  /** The budgets of a person who is erased. */
  async forget(tx: EntityManager, userId: string): Promise<void> {
    await tx.query(`DELETE FROM budgets WHERE scope LIKE 'person:%:' || $1 OR scope LIKE 'plan:%:' || $1`, [userId]);
  }

  /** The budgets that have not enough; empty when the reservation was made. */
  private tryReserve(
    { id, micros, price }: Reservation,
    { botId, userId }: Spender,
    { purpose, turnId, model, inputTokens, outputTokens }: PlannedCall,
    periods: readonly BudgetPeriod[],
    now: Date,
  ) {
    return this.db.query<{ scope: string; opened: boolean }[]>(RESERVE, [
      periods.map(({ scope }) => scope),
      periods.map(({ start }) => start),
      periods.map(({ limit }) => limit),
      ...[micros, id, purpose, turnId, botId, userId, model.model, inputTokens, outputTokens, price.isKnown],
      new Date(now.getTime() + RESERVATION_LIFETIME_MS),
      now,
    ]);
  }

  private open(periods: readonly BudgetPeriod[]) {
    return this.db.query(
      `INSERT INTO budgets (scope, period_start) SELECT * FROM unnest($1::text[], $2::date[]) ON CONFLICT DO NOTHING`,
      [periods.map(({ scope }) => scope), periods.map(({ start }) => start)],
    );
  }
}

/** When the next period begins. */
const renewalOf = ({ start }: BudgetPeriod, isMonth: boolean, zone: string): Date =>
  DateTime.fromISO(start, { zone })
    .plus(isMonth ? { months: 1 } : { days: 1 })
    .toJSDate();

/**
 * All budgets or none; the first is the person's, who may be allowed less than it for a while. The commit is not waited for: what a crash of the database could lose is a reservation of the
 * last moments, and a call that outlives it is recorded all the same.
 */
const RESERVE = `
  WITH period AS MATERIALIZED (
    SELECT scope, period_start, least(limit_micros, micros_per_day) AS limit_micros, set_config('synchronous_commit', 'off', true)
    FROM unnest($1::text[], $2::date[], $3::bigint[]) AS p (scope, period_start, limit_micros)
    LEFT JOIN allowances ON scope = ($1::text[])[1] AND user_id = $9 AND bot_id = $8 AND ends_at > $15
  ), locked AS (
    SELECT b.scope, b.period_start, b.spent_micros + b.reserved_micros AS used
    FROM budgets b JOIN period USING (scope, period_start) ORDER BY b.scope DESC FOR UPDATE OF b
  ), refused AS (
    SELECT period.scope, used IS NOT NULL AS opened
    FROM period LEFT JOIN locked USING (scope, period_start) WHERE used IS NULL OR used + $4 > limit_micros
  ), reserved AS (
    UPDATE budgets b SET reserved_micros = b.reserved_micros + $4 FROM locked
    WHERE b.scope = locked.scope AND b.period_start = locked.period_start AND NOT EXISTS (SELECT FROM refused)
  ), reservation AS (
    INSERT INTO budget_reservations (id, micros, purpose, turn_id, bot_id, user_id, model, input_tokens, output_tokens,
      price_known, day, month, plan_scope, plan_start, expires_at)
    SELECT $5, $4, $6, $7, $8, $9, $10, $11, $12, $13, ($2::date[])[1], ($2::date[])[2], ($1::text[])[3], ($2::date[])[3], $14
    WHERE NOT EXISTS (SELECT FROM refused)
  )
  SELECT scope, opened FROM refused`;
