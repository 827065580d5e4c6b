import { Injectable } from '@nestjs/common';
import { Outbox } from '@switchboard/bus';
import { BalanceChanged, type BalanceCause, type Currency, type ReadMyBalance } from '@switchboard/contracts';
import { Clock, Cursors, DomainError, type Page, type RequestOf } from '@switchboard/service-kit';
import type { EntityManager } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import type { z } from 'zod';

/** Accounts of one person each. Their balances are kept, and never fall below zero. */
export const PERSONAL_ACCOUNTS = ['customer', 'held', 'rewards-held'] as const;
export type PersonalAccount = (typeof PERSONAL_ACCOUNTS)[number];

/**
 * Accounts of the company, the sums of their entries: what lies with a provider and what it keeps, what was sold by a bot and what its
 * referrals cost, what was paid out, what came and belongs to no order, and what staff have corrected.
 */
export type CompanyAccount =
  `${'provider' | 'fees' | 'suspense'}:${string}` | `${'sales' | 'rewards'}:${string}` | 'payouts' | 'corrections';
export type Account = PersonalAccount | CompanyAccount;

/** Money that goes from one account to another: what an entry takes from one it gives to the other, so the sum of all is zero. */
export interface Transfer {
  readonly from: Account;
  readonly to: Account;
  readonly amountMinor: number;
}

export interface Booking {
  /** Of what happened, for ever: `paid:yookassa:21b23365`. What was booked once is not booked again. */
  readonly key: string;
  readonly reason: string;
  readonly currency: Currency;
  /** Whose, where personal accounts are concerned. */
  readonly userId?: string;
  readonly orderId?: string;
  /** Told of as a change of the person's balance, for this cause. What only passes through the balance is not. */
  readonly says?: z.output<typeof BalanceCause>;
  readonly transfers: readonly Transfer[];
}

export interface BalanceChange {
  readonly id: string;
  readonly at: Date;
  readonly changeMinor: number;
  readonly balanceMinor: number;
  readonly currency: Currency;
  readonly cause: string;
  readonly orderId: string | null;
}

/** A person has less than was to be taken. */
export class BalanceTooLow extends DomainError {
  constructor() {
    super(
      'payments.balance_too_low',
      { en: 'There is not enough on the balance.', ru: 'На балансе недостаточно средств.' },
      409,
    );
  }
}

const isPersonal = (account: Account): account is PersonalAccount =>
  (PERSONAL_ACCOUNTS as readonly string[]).includes(account);

/** All money, in double entry and in integers. Nothing in it is ever changed or deleted: a mistake is booked back. */
@Injectable()
export class LedgerService {
  constructor(
    private readonly outbox: Outbox,
    private readonly clock: Clock,
    private readonly cursors: Cursors,
  ) {}

  /**
   * Books what happened, unless it is booked already.
   * @returns whether it was booked now
   * @throws BalanceTooLow, after which the transaction is to be given up
   */
  async book(
    tx: EntityManager,
    { key, reason, currency, userId, orderId, says, transfers }: Booking,
  ): Promise<boolean> {
    const moved = transfers.filter(({ amountMinor }) => amountMinor !== 0);
    if (moved.some(({ amountMinor }) => !Number.isSafeInteger(amountMinor) || amountMinor < 0))
      throw new Error(`${key}: an amount is no positive integer`);
    const now = this.clock.now();
    // Whoever books the same at the same time waits here.
    const [claimed] = await tx.query<unknown[]>(
      `INSERT INTO ledger_keys (key, booked_at) VALUES ($1, $2) ON CONFLICT DO NOTHING RETURNING 1`,
      [key, now],
    );
    if (!claimed) return false;
    const changes = changesOf(moved);
    await this.changeBalances(tx, userId, currency, changes);
    const transactionId = uuidv7();
    await tx.query(
      `INSERT INTO ledger_entries (id, transaction_id, booked_at, key, reason, from_account, to_account, amount_minor, currency, user_id, order_id)
       SELECT e.id, $1, $2, $3, $4, e.from, e.to, e.amount, $5, $6, $7
       FROM unnest($8::uuid[], $9::text[], $10::text[], $11::bigint[]) AS e (id, "from", "to", amount)`,
      [
        ...[transactionId, now, key, reason, currency, userId ?? null, orderId ?? null],
        moved.map(() => uuidv7()),
        moved.map(({ from }) => from),
        moved.map(({ to }) => to),
        moved.map(({ amountMinor }) => amountMinor),
      ],
    );
    const changeMinor = changes.get('customer') ?? 0;
    if (says !== undefined && changeMinor !== 0) await this.tell(tx, userId!, currency, changeMinor, says);
    return true;
  }

  /** Tells that a person has more, or less, to spend. */
  async tell(
    tx: EntityManager,
    userId: string,
    currency: Currency,
    changeMinor: number,
    cause: z.output<typeof BalanceCause>,
  ): Promise<void> {
    const [{ amount, revision }] = await tx.query<[{ amount: string; revision: number }]>(
      `SELECT amount_minor AS amount, revision FROM balances WHERE user_id = $1 AND account = 'customer' AND currency = $2`,
      [userId, currency],
    );
    await this.outbox.add(
      tx,
      BalanceChanged({ userId, currency, balanceMinor: Number(amount), changeMinor, cause, revision }),
    );
  }

  /** @param lock it stays that much until the transaction ends, but for what this one books */
  async balance(
    tx: EntityManager,
    userId: string,
    account: PersonalAccount,
    currency: Currency,
    lock?: 'lock',
  ): Promise<number> {
    const [row] = await tx.query<{ amount: string }[]>(
      `SELECT amount_minor AS amount FROM balances WHERE user_id = $1 AND account = $2 AND currency = $3 ${lock ? 'FOR UPDATE' : ''}`,
      [userId, account, currency],
    );
    return Number(row?.amount ?? 0);
  }

  /** What a person can spend, by currency. */
  async balances(tx: EntityManager, userId: string): Promise<{ currency: string; amountMinor: number }[]> {
    const rows = await tx.query<{ currency: string; amount: string }[]>(
      `SELECT currency, amount_minor AS amount FROM balances WHERE user_id = $1 AND account = 'customer' AND amount_minor > 0
       ORDER BY currency`,
      [userId],
    );
    return rows.map(({ currency, amount }) => ({ currency, amountMinor: Number(amount) }));
  }

  /** All accounts of a person that hold something. */
  async accounts(tx: EntityManager, userId: string) {
    const rows = await tx.query<{ account: PersonalAccount; currency: string; amount: string }[]>(
      `SELECT account, currency, amount_minor AS amount FROM balances WHERE user_id = $1 AND amount_minor > 0 ORDER BY currency, account`,
      [userId],
    );
    return rows.map(({ amount, ...row }) => ({ ...row, amountMinor: Number(amount) }));
  }

  /** How a balance came to be, the newest first; counted back from what it is, since old months may lie in storage. */
  async history(
    tx: EntityManager,
    userId: string,
    request: RequestOf<typeof ReadMyBalance>,
  ): Promise<Page<BalanceChange>> {
    const { currency, limit } = request.query;
    const position = this.cursors.position(request);
    const [from, order] = position?.direction === 'prev' ? ['>', 'ASC'] : ['<', 'DESC'];
    const rows = await tx.query<BalanceChange[]>(
      `SELECT id, booked_at AS at, change::float8 AS "changeMinor", balance::float8 AS "balanceMinor", currency, reason AS cause,
         order_id AS "orderId" FROM (
         SELECT *, coalesce((SELECT amount_minor FROM balances b
             WHERE b.user_id = $1 AND b.account = 'customer' AND b.currency = changes.currency), 0)
           - coalesce(sum(change) OVER (PARTITION BY currency ORDER BY booked_at DESC, id DESC
               ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0) AS balance FROM (
           SELECT id, booked_at, currency, reason, order_id,
             CASE WHEN to_account = 'customer' THEN amount_minor ELSE -amount_minor END AS change
           FROM ledger_entries
           WHERE user_id = $1 AND 'customer' IN (from_account, to_account) AND ($2::text IS NULL OR currency = $2)
         ) changes
       ) history WHERE $3::timestamptz IS NULL OR (booked_at, id) ${from} ($3, $4::uuid)
       ORDER BY booked_at ${order}, id ${order} LIMIT $5`,
      [userId, currency ?? null, position?.key[0] ?? null, position?.key[1] ?? null, limit + 1],
    );
    return this.cursors.page(request, rows, ({ at, id }) => [at.toISOString(), id]);
  }

  /** What was booked for one id is another's from now on: they are the same person. */
  async adopt(tx: EntityManager, former: string, userId: string): Promise<void> {
    await tx.query(`UPDATE ledger_entries SET user_id = $2 WHERE user_id = $1`, [former, userId]);
    const rows = await tx.query<{ account: PersonalAccount; currency: string; amount: string }[]>(
      `WITH gone AS (DELETE FROM balances WHERE user_id = $1 RETURNING account, currency, amount_minor)
       SELECT account, currency, amount_minor AS amount FROM gone WHERE amount_minor > 0 ORDER BY currency, account`,
      [former],
    );
    for (const { account, currency, amount } of rows) {
      await this.add(tx, userId, account, currency, Number(amount));
      if (account === 'customer') await this.tell(tx, userId, currency, Number(amount), 'top-up');
    }
  }

  /** In an order of their own, so that two bookings cannot wait for each other. */
  private async changeBalances(
    tx: EntityManager,
    userId: string | undefined,
    currency: Currency,
    changes: ReadonlyMap<PersonalAccount, number>,
  ): Promise<void> {
    for (const account of PERSONAL_ACCOUNTS) {
      const change = changes.get(account);
      if (!change) continue;
      if (userId === undefined) throw new Error(`nobody is named whose ${account} changes`);
      if (change > 0) await this.add(tx, userId, account, currency, change);
      else await this.take(tx, userId, account, currency, -change);
    }
  }

  private async add(tx: EntityManager, userId: string, account: PersonalAccount, currency: Currency, amount: number) {
    await tx.query(
      `INSERT INTO balances AS known (user_id, account, currency, amount_minor, revision) VALUES ($1, $2, $3, $4, 1)
       ON CONFLICT (user_id, account, currency)
         DO UPDATE SET amount_minor = known.amount_minor + excluded.amount_minor, revision = known.revision + 1`,
      [userId, account, currency, amount],
    );
  }

  private async take(tx: EntityManager, userId: string, account: PersonalAccount, currency: Currency, amount: number) {
    const [, taken] = await tx.query<[unknown[], number]>(
      `UPDATE balances SET amount_minor = amount_minor - $4, revision = revision + 1
       WHERE user_id = $1 AND account = $2 AND currency = $3 AND amount_minor >= $4`,
      [userId, account, currency, amount],
    );
    if (taken === 0) throw new BalanceTooLow();
  }
}

function changesOf(transfers: readonly Transfer[]): Map<PersonalAccount, number> {
  const changes = new Map<PersonalAccount, number>();
  const change = (account: Account, by: number) => {
    if (isPersonal(account)) changes.set(account, (changes.get(account) ?? 0) + by);
  };
  for (const { from, to, amountMinor } of transfers) {
    change(from, -amountMinor);
    change(to, amountMinor);
  }
  return changes;
}
