import { Injectable } from '@nestjs/common';
import { Outbox } from '@switchboard/bus';
import {
  type ListReconciliations,
  NoticeSendRequested,
  type ReadReconciliation,
  ReconciliationFailed,
} from '@switchboard/contracts';
import { type AnswerOf, Clock, Cursors, DomainError, type RequestOf, seesBot } from '@switchboard/service-kit';
import { DataSource, type EntityManager } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import { InvoicesJobs } from '../invoices/invoices.jobs';
import type { ProviderPayment } from '../providers/payment-provider';
import { ProvidersService } from '../providers/providers.service';
import { Reconciliation } from './reconciliation.entity';

export interface BooksOfDay {
  readonly botId: string;
  readonly provider: string;
  /** `2026-11-27`, of UTC. */
  readonly day: string;
}

class ReconciliationNotFound extends DomainError {
  constructor() {
    super('payments.reconciliation_not_found', 'There is no such comparison', 404);
  }
}

interface Booked {
  readonly takingId: string;
  readonly amountMinor: number;
  readonly currency: string;
  readonly orderId: string | null;
  /** No provider has taken it before. */
  readonly notBefore: Date;
}

interface Told extends Omit<Booked, 'orderId' | 'notBefore'> {
  readonly externalId: string;
  readonly at: Date;
}

interface Finding {
  readonly kind: 'missing' | 'unconfirmed' | 'different' | 'unknown-order';
  readonly takingId: string;
  readonly externalId: string | null;
  readonly orderId: string | null;
  readonly thereMinor: number | null;
  readonly hereMinor: number | null;
  readonly currency: string;
}

type Keyed = ProviderPayment & { readonly orderId: string };
type Row = AnswerOf<typeof ListReconciliations>['data'][number];

const DAY_MS = 86_400_000;
/** As keys of payments are made by us, see `Invoice.key`. */
const OUR_KEY = /^([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}):\d{1,4}$/;
/** Payments that are looked up together. */
const AT_ONCE = 500;

/**
 * Holds what providers say of a day against the ledger. What they have taken and nobody has told of is asked for again at once, so it
 * is served; what does not fit is for staff.
 */
@Injectable()
export class ReconciliationService {
  constructor(
    private readonly db: DataSource,
    private readonly providers: ProvidersService,
    private readonly invoices: InvoicesJobs,
    private readonly outbox: Outbox,
    private readonly cursors: Cursors,
    private readonly clock: Clock,
  ) {}

  async compare(books: BooksOfDay, signal: AbortSignal): Promise<void> {
    const from = new Date(`${books.day}T00:00:00Z`);
    const to = new Date(from.getTime() + DAY_MS);
    // Around the day as well: what is paid at midnight here is of the day before there.
    const [before, after] = [new Date(from.getTime() - DAY_MS), new Date(to.getTime() + DAY_MS)];
    const { told, strangers } = await this.told(books, before, after, signal);
    const booked = await this.booked(books, from, to);
    // What was booked days after it was taken, as after an outage, is in the list of its own day.
    const late = booked.filter(({ takingId, notBefore }) => !told.has(takingId) && notBefore < before);
    if (late.length > 0) {
      const earliest = new Date(Math.min(...late.map(({ notBefore }) => notBefore.getTime())));
      const { told: earlier } = await this.told(books, earliest, before, signal);
      for (const [takingId, taking] of earlier) told.set(takingId, taking);
    }
    const ofDay = [...told.values()].filter(({ at }) => at >= from && at < to);
    const known = await this.keysOf(books.provider, [...told.keys()]);
    const missing = ofDay.filter(({ takingId }) => !known.has(takingId));
    const findings: Finding[] = [
      ...missing.map((taking) => ({ ...noneHere(taking), kind: 'missing' as const, orderId: null })),
      ...strangers
        .filter(({ at }) => at >= from && at < to)
        .map((taking) => ({ ...noneHere(taking), kind: 'unknown-order' as const, orderId: taking.orderId })),
      ...booked.flatMap((entry): Finding[] => {
        const there = told.get(entry.takingId);
        const both = { ...entry, externalId: there?.externalId ?? null, hereMinor: entry.amountMinor };
        if (!there) return [{ ...both, kind: 'unconfirmed', thereMinor: null }];
        const isSame = there.amountMinor === entry.amountMinor && there.currency === entry.currency;
        return isSame ? [] : [{ ...both, kind: 'different', thereMinor: there.amountMinor }];
      }),
    ];
    await this.db.transaction(async (tx) => {
      for (const { externalId } of missing)
        await this.invoices.checkPayment(tx, { botId: books.botId, provider: books.provider, externalId });
      await this.keep(tx, books, { compared: ofDay.length, there: sumsOf(ofDay), here: sumsOf(booked), findings });
    });
  }

  async list(request: RequestOf<typeof ListReconciliations>): Promise<AnswerOf<typeof ListReconciliations>> {
    const { botId, provider, state } = request.query;
    const { bots } = request.actor;
    const rows = this.db.manager.createQueryBuilder(Reconciliation, 'r');
    if (bots) rows.andWhere('r.botId IN (:...bots)', { bots: [...bots, ''] });
    if (botId) rows.andWhere('r.botId = :botId', { botId });
    if (provider) rows.andWhere('r.provider = :provider', { provider });
    if (state) rows.andWhere('r.state IN (:...state)', { state });
    const { data, page } = await this.cursors.select(request, rows, ['day', 'id']);
    return { data: await this.counted(data), page };
  }

  async read({ params, actor }: RequestOf<typeof ReadReconciliation>): Promise<AnswerOf<typeof ReadReconciliation>> {
    const found = await this.db.manager.findOneBy(Reconciliation, { id: params.reconciliationId });
    if (!found || !seesBot(actor.bots, found.botId)) throw new ReconciliationNotFound();
    const findings = await this.db.query<Finding[]>(
      `SELECT kind, taking_id AS "takingId", external_id AS "externalId", order_id AS "orderId", there_minor::float8 AS "thereMinor",
         here_minor::float8 AS "hereMinor", currency
       FROM reconciliation_findings WHERE reconciliation_id = $1 ORDER BY kind, taking_id LIMIT 1000`,
      [found.id],
    );
    return { ...(await this.counted([found]))[0]!, findings };
  }

  /** What the provider has taken for orders of the bot, and for such as nobody has here, though they were made by us. */
  private async told({ botId, provider }: BooksOfDay, from: Date, to: Date, signal: AbortSignal) {
    const told = new Map<string, Told>();
    const strangers: (Told & { orderId: string })[] = [];
    const look = async (payments: readonly Keyed[]) => {
      const bots = await this.botsOf(payments.map(({ orderId }) => orderId));
      for (const { orderId, externalId, takings } of payments)
        for (const { id: takingId, money, at } of takings) {
          const taking = { takingId, externalId, at, ...money };
          if (bots.get(orderId) === botId) told.set(takingId, taking);
          // Another bot may be paid by the same account.
          else if (!bots.has(orderId)) strangers.push({ ...taking, orderId });
        }
    };
    let payments: Keyed[] = [];
    for await (const payment of this.providers.get(botId, provider).list(from, to, signal)) {
      // Others may take payments by the same account.
      const orderId = OUR_KEY.exec(payment.key ?? '')?.[1];
      if (orderId !== undefined) payments.push({ ...payment, orderId });
      if (payments.length < AT_ONCE) continue;
      await look(payments);
      payments = [];
    }
    await look(payments);
    return { told, strangers };
  }

  private async botsOf(orderIds: readonly string[]): Promise<Map<string, string>> {
    const rows = await this.db.query<{ id: string; botId: string }[]>(
      `SELECT id, bot_id AS "botId" FROM orders WHERE id = ANY ($1)`,
      [orderIds],
    );
    return new Map(rows.map(({ id, botId }) => [id, botId]));
  }

  private booked({ botId, provider }: BooksOfDay, from: Date, to: Date): Promise<Booked[]> {
    return this.db.query<Booked[]>(
      `SELECT substr(e.key, length($2) + 7) AS "takingId", e.amount_minor::float8 AS "amountMinor", e.currency, e.order_id AS "orderId",
         least(o.created_at, (SELECT min(i.paid_at) FROM invoices i WHERE i.order_id = o.id)) AS "notBefore"
       FROM ledger_entries e JOIN orders o ON o.id = e.order_id AND o.bot_id = $1
       WHERE e.booked_at >= $3 AND e.booked_at < $4 AND starts_with(e.key, 'paid:' || $2::text || ':')`,
      [botId, provider, from, to],
    );
  }

  /** Of these, what is booked, on whichever day. */
  private async keysOf(provider: string, takingIds: readonly string[]): Promise<Set<string>> {
    const rows = await this.db.query<{ id: string }[]>(
      `SELECT id FROM unnest($2::text[]) AS id JOIN ledger_keys k ON k.key = 'paid:' || $1::text || ':' || id`,
      [provider, takingIds],
    );
    return new Set(rows.map(({ id }) => id));
  }

  private async keep(
    tx: EntityManager,
    { botId, provider, day }: BooksOfDay,
    { compared, there, here, findings }: { compared: number; there: Sums; here: Sums; findings: readonly Finding[] },
  ): Promise<void> {
    const state = findings.length === 0 ? 'fits' : 'differs';
    const [{ id, revision }] = await tx.query<[{ id: string; revision: number }]>(
      `INSERT INTO reconciliations AS known (id, bot_id, provider, day, state, compared, there_minor, here_minor, finished_at, revision)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 1)
       ON CONFLICT (bot_id, provider, day) DO UPDATE SET state = excluded.state, compared = excluded.compared,
         there_minor = excluded.there_minor, here_minor = excluded.here_minor, finished_at = excluded.finished_at,
         revision = known.revision + 1 RETURNING id, revision`,
      [uuidv7(), botId, provider, day, state, compared, there, here, this.clock.now()],
    );
    const [, before] = await tx.query<[unknown[], number]>(
      `DELETE FROM reconciliation_findings WHERE reconciliation_id = $1`,
      [id],
    );
    for (const { kind, takingId, externalId, orderId, thereMinor, hereMinor, currency } of findings)
      await tx.query(
        `INSERT INTO reconciliation_findings (id, reconciliation_id, kind, taking_id, external_id, order_id, there_minor, here_minor, currency)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
        [uuidv7(), id, kind, takingId, externalId, orderId, thereMinor, hereMinor, currency],
      );
    // What was told already is not told again each day that it is compared.
    if (findings.length > 0 && findings.length !== before)
      await this.tell(tx, { id, revision, provider, day, findings });
  }

  private async tell(
    tx: EntityManager,
    at: { id: string; revision: number; provider: string; day: string; findings: readonly Finding[] },
  ): Promise<void> {
    const { id: reportId, provider, day, findings } = at;
    const count = (kind: Finding['kind']) => findings.filter((finding) => finding.kind === kind).length;
    const [missing, unconfirmed, different] = [count('missing'), count('unconfirmed'), count('different')];
    const unknownOrders = count('unknown-order');
    const counts = { missing, unconfirmed, different, unknownOrders };
    await this.outbox.add(tx, ReconciliationFailed({ reportId, provider, day, ...counts }));
    const texts = {
      en: `**The books of ${provider} for ${day} differ.** Unknown here: ${missing}, unknown there: ${unconfirmed}, other amounts: ${different}, of orders that are not here: ${unknownOrders}. What is unknown here is asked for again.`,
      ru: `**Сверка с ${provider} за ${day} не сошлась.** Нет у нас: ${missing}, нет у них: ${unconfirmed}, другие суммы: ${different}, за заказы, которых у нас нет: ${unknownOrders}. То, чего нет у нас, запрошено снова.`,
    };
    await this.outbox.add(tx, NoticeSendRequested({ noticeId: uuidv7(), audience: 'staff', texts }));
  }

  private async counted(rows: readonly Reconciliation[]): Promise<Row[]> {
    const counts = await this.db.query<{ id: string; kind: Finding['kind']; n: number }[]>(
      `SELECT reconciliation_id AS id, kind, count(*)::int AS n FROM reconciliation_findings
       WHERE reconciliation_id = ANY($1) GROUP BY 1, 2`,
      [rows.map(({ id }) => id)],
    );
    const count = (row: Reconciliation, kind: Finding['kind']) =>
      counts.find((one) => one.id === row.id && one.kind === kind)?.n ?? 0;
    return rows.map((row) => ({
      ...row,
      missing: count(row, 'missing'),
      unconfirmed: count(row, 'unconfirmed'),
      different: count(row, 'different'),
      unknownOrders: count(row, 'unknown-order'),
    }));
  }
}

type Sums = Record<string, number>;

function sumsOf(all: readonly { amountMinor: number; currency: string }[]): Sums {
  const sums: Sums = {};
  for (const { amountMinor, currency } of all) sums[currency] = (sums[currency] ?? 0) + amountMinor;
  return sums;
}

const noneHere = ({ takingId, externalId, amountMinor, currency }: Told) => ({
  ...{ takingId, externalId, currency, thereMinor: amountMinor, hereMinor: null },
});
