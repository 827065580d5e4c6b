import { Injectable } from '@nestjs/common';
import { Outbox } from '@switchboard/bus';
import {
  type Actor,
  AuditEntryAppendRequested,
  ChangeProduct,
  ChangeVariant,
  CreateProduct,
  CreateVariant,
  type ListProducts,
  type ReadProduct,
  type RouteDefinition,
} from '@switchboard/contracts';
import {
  type AnswerOf,
  auditEntry,
  BotsRegistry,
  Clock,
  Cursors,
  DomainError,
  type RequestOf,
  seesBot,
} from '@switchboard/service-kit';
import { DataSource, type EntityManager, In } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import { CodeTaken } from '../catalogue/offers.service';
import { requireBrand } from './brands';
import { ProductChangesService } from './product-changes.service';
import { pageOfProducts } from './product-pages';
import { Product, Variant } from './product.entity';

export class ProductNotFound extends DomainError {
  constructor() {
    super('payments.product_not_found', { en: 'There is no such product.', ru: 'Такого товара нет.' }, 404);
  }
}

export class VariantNotFound extends DomainError {
  constructor() {
    super('payments.variant_not_found', { en: 'There is no such variant.', ru: 'Такого варианта товара нет.' }, 404);
  }
}

class SkuTaken extends DomainError {
  constructor(sku: string) {
    const texts = { en: 'The shop has a variant of this SKU.', ru: 'В магазине уже есть вариант с таким артикулом.' };
    super('payments.sku_taken', texts, 409, { sku });
  }
}

class ChoiceTaken extends DomainError {
  constructor(variantId: string) {
    const texts = { en: 'The product has a variant of this choice.', ru: 'У товара уже есть такой вариант.' };
    super('payments.choice_taken', texts, 409, { variantId });
  }
}

class ChoiceUnknown extends DomainError {
  constructor(options: Product['options']) {
    const texts = {
      en: 'The choice does not name one value of each option of the product.',
      ru: 'В варианте должно быть по одному значению каждого параметра товара.',
    };
    super('payments.choice_unknown', texts, 422, { options: options.map(({ key }) => key) });
  }
}

class OptionInUse extends DomainError {
  constructor(skus: readonly string[]) {
    const texts = {
      en: 'A variant has the value of an option that would go.',
      ru: 'У одного из вариантов есть значение параметра, которое исчезло бы.',
    };
    super('payments.option_in_use', texts, 409, { skus });
  }
}

type ShownProduct = AnswerOf<typeof ReadProduct>;
type ShownVariant = AnswerOf<typeof CreateVariant>;

/** What staff change of what a shop sells by the piece. What was ordered keeps its price and its name. */
@Injectable()
export class GoodsService {
  constructor(
    private readonly db: DataSource,
    private readonly bots: BotsRegistry,
    private readonly changes: ProductChangesService,
    private readonly outbox: Outbox,
    private readonly cursors: Cursors,
    private readonly clock: Clock,
  ) {}

  async list(request: RequestOf<typeof ListProducts>): Promise<AnswerOf<typeof ListProducts>> {
    const { brandId, search, archived, low } = request.query;
    const rows = this.db.manager.createQueryBuilder(Product, 'p').where('p.brandId = :brandId', { brandId });
    if (!archived) rows.andWhere('p.archivedAt IS NULL');
    if (low)
      rows.andWhere(
        'p.id IN (SELECT product_id FROM variants WHERE archived_at IS NULL AND tracked AND on_hand - reserved < warn_below)',
      );
    const { data, page } = await pageOfProducts(this.cursors, request, rows, search);
    return { data: await this.shown(this.db.manager, data), page };
  }

  async read({ params, actor }: RequestOf<typeof ReadProduct>): Promise<ShownProduct> {
    const product = await this.db.manager.findOneBy(Product, { id: params.productId });
    if (!product || !seesBot(actor.bots, product.brandId)) throw new ProductNotFound();
    return (await this.shown(this.db.manager, [product]))[0]!;
  }

  async create(tx: EntityManager, { body, actor }: RequestOf<typeof CreateProduct>): Promise<ShownProduct> {
    requireBrand(this.bots, body.brandId);
    const row = { ...body, id: uuidv7(), revision: 1, createdAt: this.clock.now(), archivedAt: null };
    const insert = tx.createQueryBuilder().insert().into(Product);
    const { raw } = await insert
      .values(row as never)
      .orIgnore()
      .returning('id')
      .execute();
    if ((raw as unknown[]).length === 0) throw new CodeTaken(body.code);
    const product = tx.create(Product, row);
    await this.audit(tx, actor, CreateProduct, product, { after: { ...body } });
    await this.changes.announce(tx, product);
    return (await this.shown(tx, [product]))[0]!;
  }

  async change(tx: EntityManager, request: RequestOf<typeof ChangeProduct>): Promise<ShownProduct> {
    const { params, body, actor, ifMatch } = request;
    const product = await this.lock(tx, params.productId, actor);
    ifMatch.check(product.revision);
    const before = said(product);
    Object.assign(product, this.changed(body, product));
    if (body.options) await this.checkOptions(tx, product);
    await tx.save(product);
    await this.audit(tx, actor, ChangeProduct, product, { before, after: said(product) });
    await this.changes.announce(tx, product);
    return (await this.shown(tx, [product]))[0]!;
  }

  async createVariant(tx: EntityManager, request: RequestOf<typeof CreateVariant>): Promise<ShownVariant> {
    const { params, body, actor } = request;
    const product = await this.lock(tx, params.productId, actor);
    const variant = await this.insertVariant(tx, product, body);
    await this.audit(tx, actor, CreateVariant, product, { after: said(variant) }, variant.id);
    await this.touched(tx, product);
    return shownVariant(variant);
  }

  /** For tables that are read in as well. The product is locked. @throws ChoiceUnknown, ChoiceTaken, SkuTaken */
  async insertVariant(
    tx: EntityManager,
    product: Product,
    given: Omit<Variant, 'id' | 'productId' | 'brandId' | 'onHand' | 'reserved' | 'revision' | 'archivedAt'>,
  ): Promise<Variant> {
    const { id: productId, brandId } = product;
    const row = { ...given, id: uuidv7(), productId, brandId, revision: 1, archivedAt: null };
    const variant = tx.create(Variant, { ...row, onHand: 0, reserved: 0 });
    await this.checkVariant(tx, product, variant);
    await tx.insert(Variant, row as never);
    return variant;
  }

  async changeVariant(tx: EntityManager, request: RequestOf<typeof ChangeVariant>): Promise<ShownVariant> {
    const { params, body, actor, ifMatch } = request;
    const product = await this.lock(tx, params.productId, actor);
    const where = { id: params.variantId, productId: product.id };
    const variant = await tx.findOne(Variant, { where, lock: { mode: 'pessimistic_write' } });
    if (!variant) throw new VariantNotFound();
    ifMatch.check(variant.revision);
    const before = said(variant);
    Object.assign(variant, this.changed(body, variant));
    await this.checkVariant(tx, product, variant);
    await tx.save(variant);
    await this.audit(tx, actor, ChangeVariant, product, { before, after: said(variant) }, variant.id);
    await this.touched(tx, product);
    return shownVariant(variant);
  }

  /** Its variants are another: that is a change of the product. */
  async touched(tx: EntityManager, product: Product): Promise<void> {
    product.revision += 1;
    await tx.update(Product, { id: product.id }, { revision: product.revision });
    await this.changes.announce(tx, product);
  }

  private async lock(tx: EntityManager, id: string, actor: Actor): Promise<Product> {
    const product = await tx.findOne(Product, { where: { id }, lock: { mode: 'pessimistic_write' } });
    if (!product || !seesBot(actor.bots, product.brandId)) throw new ProductNotFound();
    return product;
  }

  private changed({ archived, ...rest }: { archived?: boolean | undefined }, now: Product | Variant) {
    const archivedAt = archived === undefined ? now.archivedAt : archived ? (now.archivedAt ?? this.clock.now()) : null;
    const given = Object.fromEntries(Object.entries(rest).filter(([, value]) => value !== undefined));
    return { ...given, archivedAt, revision: now.revision + 1 };
  }

  private async checkOptions(tx: EntityManager, product: Product): Promise<void> {
    const variants = await tx.findBy(Variant, { productId: product.id });
    const lost = variants.filter(({ choice, archivedAt }) => archivedAt === null && !isOf(choice, product.options));
    if (lost.length > 0) throw new OptionInUse(lost.map(({ sku }) => sku));
  }

  /** For tables that are read in as well. @throws ChoiceUnknown, ChoiceTaken, SkuTaken */
  async checkVariant(tx: EntityManager, product: Product, variant: Variant): Promise<void> {
    const { id, sku, choice, brandId } = variant;
    if (variant.archivedAt === null) {
      if (!isOf(choice, product.options)) throw new ChoiceUnknown(product.options);
      const [same] = await tx.query<{ id: string }[]>(
        `SELECT id FROM variants WHERE product_id = $1 AND choice = $2::jsonb AND archived_at IS NULL AND id <> $3`,
        [product.id, JSON.stringify(choice), id],
      );
      if (same) throw new ChoiceTaken(same.id);
    }
    // Another transaction may be about to take it: whoever comes second waits here, and finds it taken.
    await tx.query('SELECT pg_advisory_xact_lock(hashtextextended($1, 0))', [`sku ${brandId} ${sku}`]);
    const taken = await tx.findOneBy(Variant, { brandId, sku });
    if (taken && taken.id !== id) throw new SkuTaken(sku);
  }

  private async shown(tx: EntityManager, products: readonly Product[]): Promise<ShownProduct[]> {
    const where = { productId: In(products.map(({ id }) => id)) };
    const variants = await tx.find(Variant, { where, order: { position: 'ASC', id: 'ASC' } });
    const of = Map.groupBy(variants, ({ productId }) => productId);
    return products.map((product) => ({
      ...product,
      archived: product.archivedAt !== null,
      variants: (of.get(product.id) ?? []).map(shownVariant),
    }));
  }

  private async audit(
    tx: EntityManager,
    actor: Actor,
    route: RouteDefinition,
    { id, brandId: botId }: Product,
    change: { before?: Record<string, unknown>; after: Record<string, unknown> },
    variantId?: string,
  ): Promise<void> {
    const about =
      variantId === undefined
        ? { resourceType: 'product', resourceId: id }
        : { resourceType: 'variant', resourceId: variantId };
    await this.outbox.add(tx, AuditEntryAppendRequested(auditEntry(actor, route, { ...about, botId, ...change })));
  }
}

/** A value of each option, and of nothing else. */
const isOf = (choice: Variant['choice'], options: Product['options']): boolean =>
  Object.keys(choice).length === options.length &&
  options.every(({ key, values }) => values.some((value) => value.key === choice[key]));

const shownVariant = (variant: Variant): ShownVariant => ({ ...variant, archived: variant.archivedAt !== null });

/** What the audit log keeps of it. */
function said({ id: _, brandId: __, ...rest }: Product | Variant): Record<string, unknown> {
  return JSON.parse(JSON.stringify(rest)) as Record<string, unknown>;
}
