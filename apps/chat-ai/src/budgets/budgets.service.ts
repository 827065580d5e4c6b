import { Injectable } from '@nestjs/common';
import { Clock } from '@switchboard/service-kit';
import { DataSource, type EntityManager } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import type { Assistant } from '../assistants/assistant';
import { pursesOf } from './budget-periods';

/** Longer than any turn with its retries: what is still reserved then belongs to a process that died. */
const RESERVATION_LIFETIME_MS = 15 * 60_000;

export class BudgetExhausted extends Error {
  override readonly name = 'BudgetExhausted';

  /** @param renewsAt when there is money again */
  constructor(readonly renewsAt: Date) {
    super(`the budget is used up until ${renewsAt.toISOString()}`);
  }
}

export interface Spend {
  readonly assistant: Assistant;
  readonly userId: string;
  readonly micros: number;
}

/**
 * Money is set aside before a model is called and settled afterwards, so that calls side by side cannot together
 * spend more than there is. All sums are micros.
 */
@Injectable()
export class BudgetsService {
  constructor(
    private readonly db: DataSource,
    private readonly clock: Clock,
  ) {}

  /**
   * Sets the most a call can cost aside in every purse with a limit, or throws BudgetExhausted.
   * Returns the id of the reservation; undefined when nothing limits the call.
   */
  async reserve(spend: Spend): Promise<string | undefined> {
    try {
      return await this.setAside(spend);
    } catch (error) {
      // Looked for only now, because it is seldom so: the rest may be set aside by a process that died.
      if (!(error instanceof BudgetExhausted) || !(await this.releaseExpired())) throw error;
      return this.setAside(spend);
    }
  }

  private async setAside({ assistant, userId, micros }: Spend): Promise<string | undefined> {
    const now = this.clock.now();
    const purses = pursesOf(assistant, userId, now).filter(({ limit }) => limit > 0);
    if (purses.length === 0) return undefined;
    const id = uuidv7();
    const expiresAt = new Date(now.getTime() + RESERVATION_LIFETIME_MS);
    await this.db.transaction(async (tx) => {
      const reserved = await tx.query<{ scope: string }[]>(RESERVE, [
        purses.map(({ scope }) => scope),
        purses.map(({ periodStart }) => periodStart),
        purses.map(({ limit }) => limit),
        micros,
        id,
        expiresAt,
      ]);
      const short = purses.find(({ scope }) => !reserved.some((row) => row.scope === scope));
      if (short) throw new BudgetExhausted(short.renewsAt);
    });
    return id;
  }

  /** Notes what was really spent, in the transaction that records the calls, and frees what was set aside. */
  async settle(tx: EntityManager, reservations: readonly string[], spend: Spend): Promise<void> {
    const spent = spend.micros > 0 ? pursesOf(spend.assistant, spend.userId, this.clock.now()) : [];
    if (reservations.length + spent.length === 0) return;
    await tx.query(SETTLE, [
      reservations,
      spent.map(({ scope }) => scope),
      spent.map(({ periodStart }) => periodStart),
      spend.micros,
    ]);
  }

  /** True when anything came free. A transaction of its own, because it locks purses of other people. */
  private async releaseExpired(): Promise<boolean> {
    const freed = await this.db.transaction((tx) =>
      free(
        tx,
        // Rows that another process frees at this moment are left to it.
        `(id, scope) IN (SELECT id, scope FROM budget_reservations WHERE expires_at < $1 FOR UPDATE SKIP LOCKED)`,
        [this.clock.now()],
      ),
    );
    return freed > 0;
  }
}

/** Every purse that has enough is opened and charged; purses are locked in the order of `pursesOf`. */
const RESERVE = `
  WITH purse AS (
    SELECT * FROM unnest($1::text[], $2::date[], $3::bigint[]) AS p (scope, period_start, limit_micros)
  ), reserved AS (
    INSERT INTO budgets (scope, period_start, reserved_micros)
    SELECT scope, period_start, $4 FROM purse WHERE limit_micros >= $4
    ON CONFLICT (scope, period_start) DO UPDATE SET reserved_micros = budgets.reserved_micros + excluded.reserved_micros
      WHERE budgets.spent_micros + budgets.reserved_micros + excluded.reserved_micros
        <= (SELECT limit_micros FROM purse WHERE purse.scope = excluded.scope)
    RETURNING scope, period_start
  )
  INSERT INTO budget_reservations (id, scope, period_start, micros, expires_at)
  SELECT $5, scope, period_start, $4, $6 FROM reserved RETURNING scope`;

/** The periods may differ: a call may begin before midnight and end after it. Persons before bots, as everywhere. */
const SETTLE = `
  WITH freed AS (
    DELETE FROM budget_reservations WHERE id = ANY($1::uuid[]) RETURNING scope, period_start, micros
  ), change AS (
    SELECT scope, period_start, $4::bigint AS spent FROM unnest($2::text[], $3::date[]) AS s (scope, period_start)
    UNION ALL SELECT scope, period_start, 0 FROM freed
  )
  INSERT INTO budgets (scope, period_start, spent_micros)
  SELECT scope, period_start, sum(spent) FROM change GROUP BY scope, period_start ORDER BY scope DESC
  ON CONFLICT (scope, period_start) DO UPDATE SET
    spent_micros = budgets.spent_micros + excluded.spent_micros,
    reserved_micros = budgets.reserved_micros - coalesce(
      (SELECT sum(micros) FROM freed f WHERE f.scope = excluded.scope AND f.period_start = excluded.period_start), 0)`;

/**
 * Deletes reservations and gives their sums back; returns how many. Purses are locked in the order of `pursesOf`,
 * persons before bots, so that two transactions cannot wait for each other.
 */
async function free(tx: EntityManager, where: string, parameters: unknown[]): Promise<number> {
  const [freed] = await tx.query<[{ scope: string; period_start: string; micros: string }[], number]>(
    `DELETE FROM budget_reservations WHERE ${where} RETURNING scope, period_start::text, micros`,
    parameters,
  );
  for (const { scope, period_start, micros } of freed.sort((a, b) => (a.scope < b.scope ? 1 : -1))) {
    await tx.query('UPDATE budgets SET reserved_micros = reserved_micros - $3 WHERE scope = $1 AND period_start = $2', [
      scope,
      period_start,
      micros,
    ]);
  }
  return freed.length;
}
