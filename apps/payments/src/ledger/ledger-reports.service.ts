import { Injectable } from '@nestjs/common';
import type { ListLedgerEntries, ReadTrialBalance } from '@switchboard/contracts';
import { type AnswerOf, Cursors, type RequestOf } from '@switchboard/service-kit';
import type { EntityManager } from 'typeorm';

type Entry = AnswerOf<typeof ListLedgerEntries>['data'][number];

const COLUMNS = `id, booked_at AS at, reason, from_account AS "from", to_account AS "to", amount_minor::float8 AS "amountMinor", currency,
  user_id AS "userId", order_id AS "orderId"`;

/** What the ledger says, for staff. */
@Injectable()
export class LedgerReports {
  constructor(private readonly cursors: Cursors) {}

  /** Months that lie in storage are in it by their closing sums. */
  async trialBalance(tx: EntityManager): Promise<AnswerOf<typeof ReadTrialBalance>> {
    const accounts = await tx.query<{ account: string; currency: string; amountMinor: number }[]>(
      `SELECT account, currency, sum(change)::float8 AS "amountMinor" FROM (
         SELECT to_account AS account, currency, amount_minor AS change FROM ledger_entries
         UNION ALL SELECT from_account, currency, -amount_minor FROM ledger_entries) moved
       GROUP BY 1, 2 ORDER BY 2, 1`,
    );
    const sums = new Map<string, number>();
    for (const { currency, amountMinor } of accounts) sums.set(currency, (sums.get(currency) ?? 0) + amountMinor);
    return { accounts, unbalanced: [...sums].flatMap(([currency, sum]) => (sum === 0 ? [] : currency)) };
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
