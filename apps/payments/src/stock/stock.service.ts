import { Injectable } from '@nestjs/common';
import { Outbox } from '@switchboard/bus';
import {
  AuditEntryAppendRequested,
  ChangeStock,
  type ListStockMoves,
  NoticeSendRequested,
  StockChanged,
} from '@switchboard/contracts';
import {
  type AnswerOf,
  auditEntry,
  Clock,
  Cursors,
  DomainError,
  type RequestOf,
  seesBot,
} from '@switchboard/service-kit';
import { DataSource, type EntityManager } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import { VariantNotFound } from '../goods/goods.service';
import { Variant } from '../goods/product.entity';
import { StockMove, type StockMoveKind } from './stock-move.entity';

/** So many pieces of a variant. */
export interface Pieces {
  readonly variantId: string;
  readonly quantity: number;
}

export class OutOfStock extends DomainError {
  constructor(variants: readonly { variantId: string; sku: string; left: number }[]) {
    super('payments.out_of_stock', { en: 'There are not so many left.', ru: 'Столько нет в наличии.' }, 409, {
      variants,
    });
  }
}

class StockTooLow extends DomainError {
  constructor(reserved: number) {
    const texts = {
      en: 'Fewer would be left than are reserved, or than none.',
      ru: 'Осталось бы меньше, чем зарезервировано, или меньше нуля.',
    };
    super('payments.stock_too_low', texts, 409, { reserved });
  }
}

class StockNotTracked extends DomainError {
  constructor() {
    const texts = {
      en: 'The pieces of this variant are not counted.',
      ru: 'Для этого варианта остатки не считаются.',
    };
    super('payments.stock_not_tracked', texts, 409);
  }
}

interface Cause {
  readonly by: string;
  readonly orderId?: string;
  readonly reason?: string;
}

/** By an order, and not by anybody who works here. */
const PAYMENTS = 'payments';

/**
 * How many pieces of each variant there are. Whoever changes some locks them in the order of their ids, and before anybody's balance:
 * two orders of the same things then wait for each other in place of a deadlock.
 */
@Injectable()
export class StockService {
  constructor(
    private readonly db: DataSource,
    private readonly outbox: Outbox,
    private readonly cursors: Cursors,
    private readonly clock: Clock,
  ) {}

  /** Keeps pieces for an order: all of them or none. @throws OutOfStock */
  async reserve(tx: EntityManager, orderId: string, lines: readonly Pieces[]): Promise<void> {
    const variants = await this.lock(tx, lines);
    const short = lines.flatMap(({ variantId, quantity }) => {
      const variant = variants.get(variantId);
      const left = !variant || variant.archivedAt ? 0 : variant.tracked ? variant.onHand - variant.reserved : quantity;
      return left < quantity ? [{ variantId, sku: variant?.sku ?? '', left }] : [];
    });
    if (short.length > 0) throw new OutOfStock(short);
    for (const { variantId, quantity } of lines) {
      const variant = variants.get(variantId)!;
      if (!variant.tracked) continue;
      await this.move(tx, variant, 'reserved', { reserved: quantity }, { orderId, by: PAYMENTS });
      // An order whose money came late has had some before.
      await tx.query(
        `INSERT INTO stock_reservations (order_id, variant_id, quantity, state) VALUES ($1, $2, $3, 'held')
         ON CONFLICT (order_id, variant_id) DO UPDATE SET quantity = excluded.quantity, state = 'held'`,
        [orderId, variantId, quantity],
      );
    }
  }

  /** Whether an order has its pieces: still, or again. */
  async hold(tx: EntityManager, orderId: string, lines: readonly Pieces[]): Promise<boolean> {
    const held = await this.reservations(tx, orderId, 'held');
    if (held.length > 0) {
      await this.lock(tx, held);
      return true;
    }
    try {
      await this.reserve(tx, orderId, lines);
      return true;
    } catch (error) {
      if (error instanceof OutOfStock) return false;
      throw error;
    }
  }

  /** What was kept for an order is gone with it. */
  async sell(tx: EntityManager, orderId: string): Promise<void> {
    await this.settle(tx, orderId, 'sold', (quantity) => ({ onHand: -quantity, reserved: -quantity }));
  }

  /** What was kept for an order can be had by others. */
  async release(tx: EntityManager, orderId: string): Promise<void> {
    await this.settle(tx, orderId, 'released', (quantity) => ({ reserved: -quantity }));
  }

  /** What was sold is on hand again. */
  async takeBack(tx: EntityManager, orderId: string, lines: readonly Pieces[], by: string): Promise<void> {
    const variants = await this.lock(tx, lines);
    const sold = new Set((await this.reservations(tx, orderId, 'sold')).map(({ variantId }) => variantId));
    for (const { variantId, quantity } of lines) {
      const variant = variants.get(variantId);
      if (variant && sold.has(variantId))
        await this.move(tx, variant, 'returned', { onHand: quantity }, { orderId, by });
    }
  }

  async change(tx: EntityManager, request: RequestOf<typeof ChangeStock>): Promise<AnswerOf<typeof ChangeStock>> {
    const { params, actor, body } = request;
    const { variantId } = params;
    const variant = (await this.lock(tx, [{ variantId }])).get(variantId);
    if (!variant || !seesBot(actor.bots, variant.brandId)) throw new VariantNotFound();
    const before = variant.onHand;
    await this.set(tx, variant, body, { by: `${actor.kind}:${actor.id}`, reason: body.reason });
    const { sku, onHand, reserved, brandId: botId } = variant;
    const change = { before: { onHand: before }, after: { onHand, kind: body.kind }, reason: body.reason };
    const about = { resourceType: 'variant', resourceId: variantId, botId, ...change };
    await this.outbox.add(tx, AuditEntryAppendRequested(auditEntry(actor, ChangeStock, about)));
    return { variantId, sku, onHand, reserved, available: onHand - reserved };
  }

  /** The variant is locked. @throws StockNotTracked, StockTooLow */
  async set(
    tx: EntityManager,
    variant: Variant,
    { kind, quantity }: { kind: 'received' | 'counted' | 'corrected'; quantity: number },
    cause: Cause,
  ): Promise<void> {
    if (!variant.tracked) throw new StockNotTracked();
    const onHand = kind === 'counted' ? quantity - variant.onHand : quantity;
    if (variant.onHand + onHand < variant.reserved) throw new StockTooLow(variant.reserved);
    await this.move(tx, variant, kind, { onHand }, cause);
  }

  async moves(request: RequestOf<typeof ListStockMoves>): Promise<AnswerOf<typeof ListStockMoves>> {
    const { variantId } = request.params;
    const variant = await this.db.manager.findOneBy(Variant, { id: variantId });
    if (!variant || !seesBot(request.actor.bots, variant.brandId)) throw new VariantNotFound();
    const rows = this.db.manager.createQueryBuilder(StockMove, 'm').where('m.variantId = :variantId', { variantId });
    const { data, page } = await this.cursors.select(request, rows, ['id']);
    return { data: data.map((move) => ({ ...move, quantity: move.onHand === 0 ? move.reserved : move.onHand })), page };
  }

  /** Variants whose numbers are not what their moves and reservations add up to, or of which some are kept for no open order. */
  async differences(): Promise<{ sku: string; brandId: string }[]> {
    return this.db.query(
      `SELECT v.sku, v.brand_id AS "brandId" FROM variants v
       LEFT JOIN (SELECT variant_id, sum(on_hand) AS on_hand, sum(reserved) AS reserved FROM stock_moves GROUP BY 1) m ON m.variant_id = v.id
       LEFT JOIN (SELECT r.variant_id, sum(r.quantity) AS held, bool_or(o.state <> 'awaiting') AS closed
         FROM stock_reservations r JOIN orders o ON o.id = r.order_id WHERE r.state = 'held' GROUP BY 1) h ON h.variant_id = v.id
       WHERE v.on_hand <> coalesce(m.on_hand, 0) OR v.reserved <> coalesce(m.reserved, 0)
         OR v.reserved <> coalesce(h.held, 0) OR coalesce(h.closed, false)`,
    );
  }

  async lock(tx: EntityManager, lines: readonly { variantId: string }[]): Promise<Map<string, Variant>> {
    const ids = lines.map(({ variantId }) => variantId);
    const rows = tx.createQueryBuilder(Variant, 'v').where('v.id = ANY(:ids)', { ids }).orderBy('v.id');
    const variants = await rows.setLock('pessimistic_write').getMany();
    return new Map(variants.map((variant) => [variant.id, variant]));
  }

  private async settle(
    tx: EntityManager,
    orderId: string,
    kind: 'sold' | 'released',
    changeOf: (quantity: number) => Partial<Numbers>,
  ): Promise<void> {
    const held = await this.reservations(tx, orderId, 'held');
    const variants = await this.lock(tx, held);
    for (const { variantId, quantity } of held)
      await this.move(tx, variants.get(variantId)!, kind, changeOf(quantity), { orderId, by: PAYMENTS });
    await tx.query(`UPDATE stock_reservations SET state = $2 WHERE order_id = $1 AND state = 'held'`, [orderId, kind]);
  }

  private reservations(tx: EntityManager, orderId: string, state: 'held' | 'sold'): Promise<Pieces[]> {
    return tx.query<Pieces[]>(
      `SELECT variant_id AS "variantId", quantity FROM stock_reservations WHERE order_id = $1 AND state = $2 ORDER BY variant_id`,
      [orderId, state],
    );
  }

  private async move(
    tx: EntityManager,
    variant: Variant,
    kind: StockMoveKind,
    { onHand = 0, reserved = 0 }: Partial<Numbers>,
    { by, orderId, reason }: Cause,
  ): Promise<void> {
    const was = variant.onHand - variant.reserved;
    variant.onHand += onHand;
    variant.reserved += reserved;
    const { id: variantId } = variant;
    await tx.query(`UPDATE variants SET on_hand = on_hand + $2, reserved = reserved + $3 WHERE id = $1`, [
      ...[variantId, onHand, reserved],
    ]);
    await tx.insert(StockMove, {
      ...{ id: uuidv7(), variantId, kind, onHand, reserved, by },
      ...{ orderId: orderId ?? null, reason: reason ?? null, at: this.clock.now() },
    });
    await this.tell(tx, variant, was);
  }

  /** Of all that is sold nobody wants to hear: only when the last piece goes, when there is one again, and when few are left. */
  private async tell(tx: EntityManager, variant: Variant, was: number): Promise<void> {
    const { id: variantId, productId, brandId, sku, warnBelow } = variant;
    const available = variant.onHand - variant.reserved;
    const isLow = (left: number) => warnBelow !== null && left < warnBelow;
    const low = isLow(available);
    if ((was === 0) === (available === 0) && isLow(was) === low) return;
    await this.outbox.add(tx, StockChanged({ variantId, productId, brandId, available, was, low }));
    if (!low || isLow(was)) return;
    const texts = {
      en: `**Few are left of ${sku}.** ${available} can still be sold by ${brandId}.`,
      ru: `**Заканчивается ${sku}.** ${brandId} может продать ещё ${available}.`,
    };
    await this.outbox.add(tx, NoticeSendRequested({ noticeId: uuidv7(), audience: 'staff', texts }));
  }
}

type Numbers = Pick<Variant, 'onHand' | 'reserved'>;
