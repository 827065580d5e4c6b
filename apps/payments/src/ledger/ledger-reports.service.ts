import { Injectable } from '@nestjs/common';
import type { ListLedgerEntries, ReadTrialBalance } from '@switchboard/contracts';
import { type AnswerOf, Cursors, type RequestOf } from '@switchboard/service-kit';
import type { EntityManager } from 'typeorm';
import { PERSONAL_ACCOUNTS } from './ledger.service';

type Entry = AnswerOf<typeof ListLedgerEntries>['data'][number];

const COLUMNS = `id, booked_at AS at, reason, from_account AS "from", to_account AS "to", amount_minor::float8 AS "amountMinor", currency,
  user_id AS "userId", order_id AS "orderId"`;

/** What was booked on each account. */
const SUMS = `
  WITH open_entries AS (
    SELECT * FROM ledger_entries
    WHERE booked_at >= coalesce((SELECT (max(month) + interval '1 month') AT TIME ZONE 'UTC' FROM ledger_months), '-infinity')),
  sums AS (
    SELECT account, currency, sum(change) AS amount FROM (
      SELECT account, currency, change_minor AS change FROM ledger_closings
      UNION ALL SELECT to_account, currency, amount_minor FROM open_entries
      UNION ALL SELECT from_account, currency, -amount_minor FROM open_entries) moved
    GROUP BY 1, 2)`;

/** What the ledger says, for staff. */
@Injectable()
export class LedgerReports {
  constructor(private readonly cursors: Cursors) {}

  /** Months that are closed are in it by their sums: their entries may lie in storage. */
  async trialBalance(tx: EntityManager): Promise<AnswerOf<typeof ReadTrialBalance>> {
    const accounts = await tx.query<{ account: string; currency: string; amountMinor: number }[]>(
      `${SUMS} SELECT account, currency, amount::float8 AS "amountMinor" FROM sums ORDER BY 2, 1`,
    );
    const sums = new Map<string, number>();
    for (const { currency, amountMinor } of accounts) sums.set(currency, (sums.get(currency) ?? 0) + amountMinor);
    return { accounts, unbalanced: [...sums].flatMap(([currency, sum]) => (sum === 0 ? [] : currency)) };
  }

  /** How many accounts do not hold what was booked on them: of people, by their balances; and of currencies, whose sum is not zero. */
  async imbalances(tx: EntityManager): Promise<number> {
    // In one statement, which sees one moment: people go on paying.
    const [{ n }] = await tx.query<[{ n: number }]>(
      `${SUMS}, held AS (SELECT account, currency, sum(amount_minor) AS amount FROM balances GROUP BY 1, 2),
       booked AS (SELECT * FROM sums WHERE account = ANY($1))
       SELECT (SELECT count(*) FROM held FULL JOIN booked USING (account, currency)
           WHERE coalesce(held.amount, 0) <> coalesce(booked.amount, 0))::int
         + (SELECT count(*) FROM (SELECT FROM sums GROUP BY currency HAVING sum(amount) <> 0) unbalanced)::int AS n`,
      [PERSONAL_ACCOUNTS],
    );
    return n;
  }

  ofOrder(tx: EntityManager, orderId: string): Promise<Entry[]> {
    return tx.query<Entry[]>(`SELECT ${COLUMNS} FROM ledger_entries WHERE order_id = $1 ORDER BY booked_at, id`, [
      orderId,
    ]);
  }

  async list(
    tx: EntityManager,
    request: RequestOf<typeof ListLedgerEntries>,
  ): Promise<AnswerOf<typeof ListLedgerEntries>> {
    const { userId, orderId, limit } = request.query;
    const position = this.cursors.position(request);
    const [from, order] = position?.direction === 'prev' ? ['>', 'ASC'] : ['<', 'DESC'];
    const rows = await tx.query<Entry[]>(
      `SELECT ${COLUMNS} FROM ledger_entries
       WHERE ($1::uuid IS NULL OR user_id = $1) AND ($2::uuid IS NULL OR order_id = $2)
         AND ($3::timestamptz IS NULL OR (booked_at, id) ${from} ($3, $4::uuid))
       ORDER BY booked_at ${order}, id ${order} LIMIT $5`,
      [userId ?? null, orderId ?? null, position?.key[0] ?? null, position?.key[1] ?? null, limit + 1],
    );
    return this.cursors.page(request, rows, ({ at, id }) => [at.toISOString(), id]);
  }
}
