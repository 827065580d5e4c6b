import { Injectable } from '@nestjs/common';
import { Clock, DomainError } from '@switchboard/service-kit';
import { type EntityManager, In } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import { GoodsService } from '../goods/goods.service';
import { Product, Variant } from '../goods/product.entity';
import { StockService } from '../stock/stock.service';
import { type RefusedRow, type RowProblem, RowRefused, type WantedRow } from './goods-table';

/** A row that changes something, with what was seen when it was checked. */
export interface PlannedRow extends WantedRow {
  /** Absent: the variant is new. */
  readonly seen?: { readonly variantId: string; readonly revision: number };
}

const PROBLEMS: Readonly<Record<string, RowProblem>> = {
  'payments.choice_unknown': 'choice_unknown',
  'payments.choice_taken': 'choice_taken',
  'payments.sku_taken': 'changed_elsewhere',
  'payments.stock_too_low': 'stock_too_low',
  'payments.stock_not_tracked': 'stock_not_tracked',
};

/** What one row of a table changes: asked first, and done later. */
@Injectable()
export class ImportPlanService {
  constructor(
    private readonly goods: GoodsService,
    private readonly stock: StockService,
    private readonly clock: Clock,
  ) {}

  /**
   * Which rows change something, and which cannot.
   * @param made codes of products that the rows before make
   */
  async plan(
    tx: EntityManager,
    { brandId, setsStock }: { brandId: string; setsStock: boolean },
    rows: readonly WantedRow[],
    made: Set<string>,
  ): Promise<(PlannedRow | RefusedRow)[]> {
    const variants = await tx.findBy(Variant, { brandId, sku: In(rows.map(({ sku }) => sku)) });
    const codes = rows.flatMap(({ code }) => code ?? []);
    const products = await tx.findBy(Product, [
      { brandId, code: In(codes) },
      { id: In(variants.map(({ productId }) => productId)) },
    ]);
    return rows.flatMap((wanted): (PlannedRow | RefusedRow)[] => {
      const variant = variants.find(({ sku }) => sku === wanted.sku);
      const product = products.find(({ id, code }) => (variant ? id === variant.productId : code === wanted.code));
      const refused = (problem: RowProblem) => [{ row: wanted.row, refused: new RowRefused(problem) }];
      if (!variant) {
        if (wanted.code === undefined) return refused('product_needed');
        if (!product && !made.has(wanted.code) && !wanted.title) return refused('title_needed');
        if (!wanted.prices) return refused('price_needed');
        if (!product) made.add(wanted.code);
        return [wanted];
      }
      if (wanted.code !== undefined && wanted.code !== product!.code) return refused('other_product');
      if (setsStock && wanted.pieces !== undefined) {
        if (!variant.tracked) return refused('stock_not_tracked');
        if (wanted.pieces < variant.reserved) return refused('stock_too_low');
      }
      const isOther =
        isChanged(variant, changesOf(variant, wanted)) ||
        isChanged(product!, { title: { ...product!.title, ...wanted.title } }) ||
        (setsStock && wanted.pieces !== undefined && wanted.pieces !== variant.onHand);
      return isOther ? [{ ...wanted, seen: { variantId: variant.id, revision: variant.revision } }] : [];
    });
  }

  /** Does what some rows want, each by itself. @returns why some could not be done */
  async apply(
    tx: EntityManager,
    { brandId, setsStock, by }: { brandId: string; setsStock: boolean; by: string },
    rows: readonly PlannedRow[],
  ): Promise<RefusedRow[]> {
    const refused: RefusedRow[] = [];
    const touched = new Set<string>();
    // Whoever orders some of them locks them in this order, too.
    await this.stock.lock(
      tx,
      rows.flatMap(({ seen }) => seen ?? []),
    );
    for (const wanted of rows) {
      try {
        const product = await tx.transaction(async (own) => {
          const found = await this.productOf(own, brandId, wanted);
          const variant = await this.variantOf(own, found, wanted);
          if (setsStock && wanted.pieces !== undefined && wanted.pieces !== variant.onHand)
            await this.stock.set(own, variant, { kind: 'counted', quantity: wanted.pieces }, { by, reason: 'import' });
          return found;
        });
        touched.add(product.id);
      } catch (error) {
        refused.push({ row: wanted.row, refused: refusalOf(error) });
      }
    }
    for (const product of await tx.findBy(Product, { id: In([...touched]) })) await this.goods.touched(tx, product);
    return refused;
  }

  /** Locked; with the title and the values of options that the row brings. */
  private async productOf(
    tx: EntityManager,
    brandId: string,
    { code, seen, title, choice = {} }: PlannedRow,
  ): Promise<Product> {
    const { productId = undefined } = seen ? await tx.findOneByOrFail(Variant, { id: seen.variantId }) : {};
    const where = productId === undefined ? { brandId, code: code! } : { id: productId };
    const product = await tx.findOne(Product, { where, lock: { mode: 'pessimistic_write' } });
    if (!product) {
      if (!title) throw new RowRefused('title_needed');
      const { en = title.ru ?? '', ru = en } = title;
      return tx.save(Product, {
        ...{ id: uuidv7(), brandId, code: code!, title: { en, ru }, description: { en: '', ru: '' } },
        ...{ attributes: [], options: optionsWith([], choice), media: [], position: 0 },
        ...{ revision: 1, createdAt: this.clock.now(), archivedAt: null },
      });
    }
    const isBare = product.options.length === 0 && !(await tx.existsBy(Variant, { productId: product.id }));
    const options = isBare ? optionsWith([], choice) : optionsWith(product.options, choice, 'values');
    const change = { title: { ...product.title, ...title }, options };
    if (isChanged(product, change)) await tx.save(Product, Object.assign(product, change));
    return product;
  }

  private async variantOf(tx: EntityManager, product: Product, wanted: PlannedRow): Promise<Variant> {
    const { sku, seen, choice = {}, prices = {}, weightG = null } = wanted;
    if (!seen) {
      const usual = { tracked: true, warnBelow: null, receipt: {}, position: 0 };
      const made = await this.goods.insertVariant(tx, product, { ...usual, sku, choice, prices, weightG });
      return made;
    }
    const variant = await tx.findOneByOrFail(Variant, { id: seen.variantId });
    if (variant.revision !== seen.revision) throw new RowRefused('changed_elsewhere');
    const changes = changesOf(variant, wanted);
    if (!isChanged(variant, changes)) return variant;
    const { archived, ...rest } = changes;
    const archivedAt = archived ? (variant.archivedAt ?? this.clock.now()) : null;
    Object.assign(variant, { ...rest, archivedAt, revision: variant.revision + 1 });
    await this.goods.checkVariant(tx, product, variant);
    await tx.save(variant);
    return variant;
  }
}

/** As the variant would be. */
const changesOf = (variant: Variant, { choice, prices, weightG, archived }: WantedRow) => ({
  choice: choice ?? variant.choice,
  prices: { ...variant.prices, ...prices },
  weightG: weightG ?? variant.weightG,
  archived: archived ?? variant.archivedAt !== null,
});

function isChanged(now: Variant | Product, changes: Readonly<Record<string, unknown>>): boolean {
  const before: Record<string, unknown> = { ...now, archived: now.archivedAt !== null };
  return Object.entries(changes).some(([key, value]) => sortedJson(before[key]) !== sortedJson(value));
}

/** Whatever the order of keys: the database keeps its own. */
const sortedJson = (value: unknown): string =>
  JSON.stringify(value, (_, part: unknown) =>
    typeof part === 'object' && part !== null && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).toSorted(([a], [b]) => (a < b ? -1 : 1)))
      : part,
  );

/** @param more only values of options that there are, of which variants may be: what else a product has stays */
function optionsWith(options: Product['options'], choice: Variant['choice'], more?: 'values'): Product['options'] {
  const named = (key: string) => ({ key, title: { en: key, ru: key } });
  if (!more) return Object.entries(choice).map(([key, value]) => ({ ...named(key), values: [named(value)] }));
  return options.map((option) => {
    const value = choice[option.key];
    const isKnown = value === undefined || option.values.some(({ key }) => key === value);
    return isKnown ? option : { ...option, values: [...option.values, named(value)] };
  });
}

function refusalOf(error: unknown): RowRefused {
  if (error instanceof RowRefused) return error;
  const problem = error instanceof DomainError ? PROBLEMS[error.code] : undefined;
  if (!problem) throw error;
  return new RowRefused(problem);
}
