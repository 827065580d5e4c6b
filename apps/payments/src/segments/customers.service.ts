import { Injectable } from '@nestjs/common';
import type { CustomerCriteria, FindCustomers } from '@switchboard/contracts';
import { type AnswerOf, Clock } from '@switchboard/service-kit';
import { DataSource, type EntityManager } from 'typeorm';

type Asked = { readonly botId: string; readonly criteria: CustomerCriteria };

const DAY_MS = 86_400_000;

/** People by what they have of a bot and have paid to it. */
@Injectable()
export class CustomersService {
  constructor(
    private readonly db: DataSource,
    private readonly clock: Clock,
  ) {}

  /**
   * In the order of their ids; so many are looked at, by indexes alone, whether or not the criteria hold for them: a question takes
   * as long as it may, however rare it is what is asked for.
   */
  async find(asked: Asked, after: string | null, limit: number): Promise<AnswerOf<typeof FindCustomers>> {
    const { sql, values } = this.search(asked, after, limit);
    const rows = await this.db.query<{ id: string; fits: boolean }[]>(sql, values);
    return {
      userIds: rows.filter(({ fits }) => fits).map(({ id }) => id),
      next: rows.length < limit ? null : rows.at(-1)!.id,
    };
  }

  /** The statement by which they are found. */
  search(asked: Asked, after: string | null, limit: number): { sql: string; values: unknown[] } {
    const values: unknown[] = [asked.botId, after, limit];
    const fits = this.conditions(asked.criteria, values).join(' AND ') || 'true';
    const sql = `
      WITH u AS MATERIALIZED (
        SELECT DISTINCT user_id FROM ${sourceOf(asked.criteria)} AND ($2::uuid IS NULL OR user_id > $2)
        ORDER BY user_id LIMIT $3)
      SELECT user_id AS id, ${fits} AS fits FROM u ORDER BY user_id`;
    return { sql, values };
  }

  /** Whether the criteria hold for one person. */
  async fits(tx: EntityManager, { botId, criteria }: Asked, userId: string): Promise<boolean> {
    const values: unknown[] = [botId, userId];
    const fits = this.conditions(criteria, values).join(' AND ') || 'true';
    const [row] = await tx.query<[{ fits: boolean }]>(
      `SELECT $1::text IS NOT NULL AND ${fits} AS fits FROM (SELECT $2::uuid AS user_id) u`,
      values,
    );
    return row.fits;
  }

  /** Of `u.user_id` and the bot in `$1`. */
  private conditions(criteria: CustomerCriteria, values: unknown[]): string[] {
    const given = (value: unknown, type: string) => `$${values.push(value)}::${type}`;
    const now = this.clock.now().getTime();
    const days = (count: number) => given(new Date(now + count * DAY_MS), 'timestamptz');
    const { states, levels, planIds, endsWithinDays, endedDaysAgo, neverBought, boughtWithinDays, spentAtLeast } =
      criteria;
    return [
      states && `(${states.map((state) => STATES[state]).join(' OR ')})`,
      levels &&
        subscribed(
          `${SERVED} AND EXISTS (SELECT FROM plans p WHERE p.id = s.plan_id AND p.level = ANY(${given(levels, 'text[]')}))`,
        ),
      planIds && subscribed(`${SERVED} AND s.plan_id = ANY(${given(planIds, 'uuid[]')})`),
      endsWithinDays !== undefined &&
        subscribed(`s.status IN ('trial', 'active') AND s.valid_until BETWEEN ${days(0)} AND ${days(endsWithinDays)}`),
      endedDaysAgo &&
        `${subscribed(`s.status IN ('expired', 'ended') AND s.valid_until BETWEEN ${days(-endedDaysAgo.to)} AND ${days(-endedDaysAgo.from)}`)}
         AND NOT ${subscribed(SERVED)}`,
      neverBought && `NOT EXISTS (SELECT ${BOUGHT})`,
      boughtWithinDays !== undefined && `EXISTS (SELECT ${BOUGHT} AND o.paid_at >= ${days(-boughtWithinDays)})`,
      spentAtLeast &&
        `(SELECT coalesce(sum(o.total_minor - o.refunded_minor), 0) ${BOUGHT} AND o.currency = ${given(spentAtLeast.currency, 'text')})
         >= ${given(spentAtLeast.amountMinor, 'bigint')}`,
    ].filter((condition) => typeof condition === 'string');
  }
}

const subscribed = (condition: string) =>
  `EXISTS (SELECT FROM subscriptions s WHERE s.user_id = u.user_id AND s.bot_id = $1 AND ${condition})`;

const SERVED = `s.status IN ('trial', 'active', 'grace', 'paused')`;

/** A top-up is spent once something is bought for it. */
const BOUGHT = `FROM orders o WHERE o.user_id = u.user_id AND o.bot_id = $1 AND o.paid_at IS NOT NULL AND o.kind <> 'top-up'`;

const STATES: Readonly<Record<NonNullable<CustomerCriteria['states']>[number], string>> = {
  none: `NOT ${subscribed('true')}`,
  trial: subscribed(`s.status = 'trial'`),
  // Paid for, though it rests.
  active: subscribed(`s.status IN ('active', 'paused')`),
  grace: subscribed(`s.status = 'grace'`),
  expired: `(${subscribed(`s.status IN ('expired', 'ended')`)} AND NOT ${subscribed(SERVED)})`,
};

/** The fewest people among whom all are that can be meant: who has or had something, who has paid, or else all who were met. */
function sourceOf({ states, levels, planIds, endsWithinDays, endedDaysAgo, ...rest }: CustomerCriteria): string {
  const had = (states && !states.includes('none')) || levels || planIds || endsWithinDays !== undefined || endedDaysAgo;
  if (had) return 'subscriptions WHERE bot_id = $1';
  if (rest.boughtWithinDays !== undefined || rest.spentAtLeast)
    return 'orders WHERE bot_id = $1 AND paid_at IS NOT NULL';
  return 'referrals WHERE bot_id = $1';
}
