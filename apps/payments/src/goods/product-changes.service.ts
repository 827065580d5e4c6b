import { Injectable } from '@nestjs/common';
import { Outbox } from '@switchboard/bus';
import { type FollowGoods, ProductChanged } from '@switchboard/contracts';
import { type AnswerOf, HttpProblem, type RequestOf } from '@switchboard/service-kit';
import { type EntityManager, In, IsNull } from 'typeorm';
import { Product, Variant } from './product.entity';

/** What other services are told of goods: each change by an event, and all of them to whoever asks. */
@Injectable()
export class ProductChangesService {
  constructor(private readonly outbox: Outbox) {}

  /** At the end of a transaction that has changed a product or its variants. */
  async announce(tx: EntityManager, product: Product): Promise<void> {
    // Until this commits nobody else gets a number: who follows must not pass one that is committed later.
    await tx.query(`SELECT pg_advisory_xact_lock(hashtextextended('changes of goods', 0))`);
    await tx.query(`UPDATE products SET change_no = nextval('product_changes') WHERE id = $1`, [product.id]);
    const variants = await soldVariants(tx, [product.id]);
    const { id: productId, brandId, revision, title, description, attributes, archivedAt } = product;
    await this.outbox.add(
      tx,
      ProductChanged({
        ...{ productId, brandId, revision, title, description, attributes, archived: archivedAt !== null },
        variants: variants.map(({ id, sku, choice }) => ({ variantId: id, sku, choice })),
      }),
    );
  }

  async follow(tx: EntityManager, { query }: RequestOf<typeof FollowGoods>): Promise<AnswerOf<typeof FollowGoods>> {
    const { since = '0', limit } = query;
    if (!/^\d{1,18}$/.test(since)) throw new HttpProblem('invalid_cursor');
    const rows = await tx.query<{ id: string; no: string }[]>(
      `SELECT id, change_no::text AS no FROM products WHERE change_no > $1::bigint ORDER BY change_no LIMIT $2`,
      [since, limit],
    );
    const ids = rows.map(({ id }) => id);
    const products = await tx.findBy(Product, { id: In(ids) });
    const variants = Map.groupBy(await soldVariants(tx, ids), ({ productId }) => productId);
    return {
      products: ids.map((id) => {
        const product = products.find((one) => one.id === id)!;
        return { ...product, archived: product.archivedAt !== null, variants: variants.get(id) ?? [] };
      }),
      next: rows.at(-1)?.no ?? since,
      isAll: rows.length < limit,
    };
  }
}

const soldVariants = (tx: EntityManager, productIds: readonly string[]): Promise<Variant[]> =>
  tx.find(Variant, {
    where: { productId: In([...productIds]), archivedAt: IsNull() },
    order: { position: 'ASC', id: 'ASC' },
  });
