import { Injectable } from '@nestjs/common';
import type { ReadStore } from '@switchboard/contracts';
import { type AnswerOf, asActor, BotsRegistry, Cursors, type RequestOf } from '@switchboard/service-kit';
import { DataSource, type EntityManager, In, IsNull } from 'typeorm';
import { NoShop } from '../catalogue/catalogue.service';
import { brandOf } from '../goods/brands';
import { pageOfProducts } from '../goods/product-pages';
import { Product, Variant } from '../goods/product.entity';
import { SavedMethodsService } from '../invoices/saved-methods.service';
import { ProvidersService } from '../providers/providers.service';

/** More than that is nobody's business. */
const FEW = 5;

/** What people see of how many pieces there are. @param quantity that are wanted */
export function availabilityOf({ tracked, onHand, reserved }: Variant, quantity = 1): 'yes' | 'few' | 'no' {
  const left = tracked ? onHand - reserved : Infinity;
  if (left < quantity) return 'no';
  return left <= FEW ? 'few' : 'yes';
}

/** What a person sees of the goods of a shop. */
@Injectable()
export class StorefrontService {
  constructor(
    private readonly db: DataSource,
    private readonly bots: BotsRegistry,
    private readonly providers: ProvidersService,
    private readonly methods: SavedMethodsService,
    private readonly cursors: Cursors,
  ) {}

  /** @throws NoShop */
  read(request: RequestOf<typeof ReadStore>): Promise<AnswerOf<typeof ReadStore>> {
    const { botId, q, productId, variantId } = request.query;
    return asActor(this.db, request.actor, async (tx) => {
      const currencies = await this.currencies(tx, botId);
      const rows = tx
        .createQueryBuilder(Product, 'p')
        .where('p.brandId = :brandId AND p.archivedAt IS NULL', { brandId: brandOf(this.bots, botId) })
        .andWhere('EXISTS (SELECT FROM variants WHERE product_id = p.id AND archived_at IS NULL)');
      if (productId) rows.andWhere('p.id IN (:...productId)', { productId });
      if (variantId)
        rows.andWhere('p.id IN (SELECT product_id FROM variants WHERE id IN (:...variantId))', { variantId });
      const { data, page } = await pageOfProducts(this.cursors, request, rows, q);
      const variants = await tx.find(Variant, {
        where: { productId: In(data.map(({ id }) => id)), archivedAt: IsNull() },
        order: { position: 'ASC', id: 'ASC' },
      });
      const of = Map.groupBy(variants, (variant) => variant.productId);
      return {
        data: data.map((product) => ({ ...product, variants: (of.get(product.id) ?? []).map(shownVariant) })),
        page,
        currencies,
        payWith: await this.methods.payWith(tx, request.actor.id, botId),
      };
    });
  }

  /** In which everything has a price, the usual one first. @throws NoShop */
  async currencies(tx: EntityManager, botId: string): Promise<string[]> {
    return (await this.priced(tx, botId)).filter(({ every }) => every).map(({ currency }) => currency);
  }

  /** Of a cart in which nothing is yet. @throws NoShop */
  async usualCurrency(tx: EntityManager, botId: string): Promise<string> {
    return (await this.priced(tx, botId))[0]!.currency;
  }

  /** In which most has a price comes first, and of these in which most can be paid. */
  private async priced(tx: EntityManager, botId: string): Promise<{ currency: string; n: number; every: boolean }[]> {
    if (!this.bots.find(botId)) throw new NoShop(botId);
    const rows = await tx.query<{ currency: string; n: number; every: boolean }[]>(
      `WITH sold AS (SELECT v.prices FROM variants v JOIN products p ON p.id = v.product_id
         WHERE v.brand_id = $1 AND v.archived_at IS NULL AND p.archived_at IS NULL)
       SELECT currency, count(*)::int AS n, count(*) = (SELECT count(*) FROM sold) AS every
       FROM sold, jsonb_object_keys(sold.prices) AS currency GROUP BY 1 ORDER BY 1`,
      [brandOf(this.bots, botId)],
    );
    if (rows.length === 0) throw new NoShop(botId);
    const taken = this.providers.offeredBy(botId).flatMap(({ currencies }) => currencies);
    const place = (currency: string) => (taken.includes(currency) ? taken.indexOf(currency) : taken.length);
    return rows.toSorted((a, b) => b.n - a.n || place(a.currency) - place(b.currency));
  }
}

const shownVariant = (variant: Variant) => ({
  ...{ id: variant.id, sku: variant.sku, choice: variant.choice, availability: availabilityOf(variant) },
  prices: Object.entries(variant.prices).map(([currency, amountMinor]) => ({ currency, amountMinor })),
});
