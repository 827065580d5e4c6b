import { z } from 'zod';
import { Instant, LocalizedText, pageOf, PageQuery } from './api.shapes';
import { defineRoute } from './define-route';
import { ProductAttribute, ProductMedia, ProductOption, Sku, VariantChoice } from './payments.goods.shapes';
import { CatalogueCode, Prices, ReceiptTerms } from './payments.shapes';
import { BotId } from './shapes';

// For staff: the goods of a shop. All its accounts sell the same ones.

const brandId = BotId.describe('The home bot of the shop.');

const product = {
  title: LocalizedText.extend({ en: z.string().trim().min(1).max(200), ru: z.string().trim().min(1).max(200) }).meta({
    id: 'payments.ProductTitle',
  }),
  description: LocalizedText.extend({ en: z.string().trim().max(5000), ru: z.string().trim().max(5000) }).meta({
    id: 'payments.ProductDescription',
  }),
  attributes: z.array(ProductAttribute).max(50),
  options: z.array(ProductOption).max(5).describe('Without any there is one variant only.'),
  media: z.array(ProductMedia).max(20).describe('The first one is shown in lists.'),
  position: z.int().min(0).max(100_000),
};

const variant = {
  sku: Sku,
  choice: VariantChoice.describe('A value of each option of the product; no two variants have the same.'),
  prices: Prices,
  weightG: z.int().min(0).max(1_000_000).nullable(),
  tracked: z.boolean().describe('Its pieces are counted; else there is always enough of it.'),
  warnBelow: z.int().min(0).max(100_000).nullable().describe('Staff are told when fewer are left.'),
  receipt: ReceiptTerms,
  position: z.int().min(0).max(10_000),
};

const Variant = z
  .object({
    ...{ id: z.uuid(), productId: z.uuid(), ...variant },
    onHand: z.int().describe('On the shelf.'),
    reserved: z.int().describe('Of these, for orders that are not paid yet.'),
    archived: z.boolean(),
    revision: z.int(),
  })
  .meta({ id: 'payments.Variant' });

const Product = z
  .object({
    ...{ id: z.uuid(), brandId, code: CatalogueCode, ...product },
    variants: z.array(Variant),
    archived: z.boolean().describe('Sold no more; what was ordered of it is served.'),
    createdAt: Instant,
    revision: z.int(),
  })
  .meta({ id: 'payments.Product' });

const ofProduct = {
  params: z.object({ productId: z.uuid() }),
  bots: 'filtered',
  answer: Product,
  etag: 'revision',
  problems: { 'payments.product_not_found': 404 },
} as const;

export const ListProducts = defineRoute({
  id: 'payments.products.list',
  method: 'GET',
  path: '/goods/products',
  summary: 'The products of a shop, in the order in which they are shown.',
  permission: 'goods:read',
  bots: 'query.brandId',
  query: PageQuery.extend({
    brandId,
    search: z.string().trim().max(200).optional().describe('In titles, codes and SKUs.'),
    archived: z.stringbool().default(false).describe('Those as well.'),
    low: z.stringbool().default(false).describe('Only those with a variant of which too few are left.'),
  }),
  answer: pageOf(Product),
});

export const ReadProduct = defineRoute({
  ...ofProduct,
  id: 'payments.products.read',
  method: 'GET',
  path: '/goods/products/{productId}',
  summary: 'A product with its variants and their stock.',
  permission: 'goods:read',
});

export const CreateProduct = defineRoute({
  id: 'payments.products.create',
  method: 'POST',
  path: '/goods/products',
  summary: 'A new product. It is sold once it has a variant.',
  permission: 'goods:write',
  bots: 'body.brandId',
  idempotent: true,
  status: 201,
  body: z.object({
    ...{ brandId, code: CatalogueCode, ...product },
    attributes: product.attributes.default([]),
    options: product.options.default([]),
    media: product.media.default([]),
    position: product.position.default(0),
  }),
  answer: Product,
  etag: 'revision',
  problems: { 'payments.bot_not_found': 404, 'payments.brand_needed': 422, 'payments.code_taken': 409 },
});

export const ChangeProduct = defineRoute({
  ...ofProduct,
  id: 'payments.products.change',
  method: 'PATCH',
  path: '/goods/products/{productId}',
  summary: 'Changes a product, or sells it no more. Values of options that variants have cannot go.',
  permission: 'goods:write',
  body: z.object({ ...product, archived: z.boolean() }).partial(),
  ifMatch: true,
  problems: { ...ofProduct.problems, 'payments.option_in_use': 409 },
});

const refusedVariant = {
  'payments.sku_taken': 409,
  'payments.choice_taken': 409,
  'payments.choice_unknown': 422,
} as const;

export const CreateVariant = defineRoute({
  id: 'payments.variants.create',
  method: 'POST',
  path: '/goods/products/{productId}/variants',
  summary: 'A new variant of a product, of which there is none on hand yet.',
  permission: 'goods:write',
  params: ofProduct.params,
  bots: 'filtered',
  idempotent: true,
  status: 201,
  body: z.object({
    ...variant,
    choice: variant.choice.default({}),
    weightG: variant.weightG.default(null),
    tracked: variant.tracked.default(true),
    warnBelow: variant.warnBelow.default(null),
    receipt: variant.receipt.default({}),
    position: variant.position.default(0),
  }),
  answer: Variant,
  etag: 'revision',
  problems: { ...ofProduct.problems, ...refusedVariant },
});

export const ChangeVariant = defineRoute({
  id: 'payments.variants.change',
  method: 'PATCH',
  path: '/goods/products/{productId}/variants/{variantId}',
  summary: 'Changes a variant, or sells it no more. What was ordered keeps its price.',
  permission: 'goods:write',
  params: z.object({ productId: z.uuid(), variantId: z.uuid() }),
  bots: 'filtered',
  body: z.object({ ...variant, archived: z.boolean() }).partial(),
  answer: Variant,
  etag: 'revision',
  ifMatch: true,
  problems: { ...ofProduct.problems, 'payments.variant_not_found': 404, ...refusedVariant },
});

const FollowedProduct = z
  .object({
    ...{ id: z.uuid(), brandId, revision: z.int() },
    ...{ title: LocalizedText, description: LocalizedText, attributes: z.array(ProductAttribute) },
    options: z.array(ProductOption),
    variants: z.array(z.object({ id: z.uuid(), sku: Sku, choice: VariantChoice })),
    archived: z.boolean(),
  })
  .meta({ id: 'payments.FollowedProduct', description: 'As payments.product.changed.v1 tells it.' });

export const FollowGoods = defineRoute({
  id: 'payments.products.follow',
  method: 'GET',
  path: '/goods/changes',
  summary: 'For services: products in the order in which they were changed, from a moment of this order on.',
  permission: 'goods:follow',
  callers: ['chat-ai'],
  cost: 1,
  query: z.object({
    since: z.string().max(200).optional().describe('`next` of the answer before; all of them without it.'),
    limit: z.coerce.number<number>().int().min(1).max(500).default(200),
  }),
  answer: z.object({
    products: z.array(FollowedProduct),
    next: z.string().describe('There may be more behind it now or later.'),
    isAll: z.boolean().describe('Nothing was changed after these.'),
  }),
});
