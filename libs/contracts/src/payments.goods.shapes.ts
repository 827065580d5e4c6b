import { z } from 'zod';
import { LocalizedText } from './api.shapes';
import { AmountMinor } from './money';
import { openWord } from './open-word';
import { Price } from './payments.shapes';

// What a shop sells by the piece. A product is what people see; a variant is what lies on the shelf.

/** As the shop calls one variant. */
export const Sku = z
  .string()
  .trim()
  .regex(/^[\p{L}\p{N}][\p{L}\p{N}._/-]{0,63}$/u)
  .meta({ id: 'payments.Sku', description: 'Of one shop each is there once: "TEE-BLK-M".' });

const OptionKey = z.string().regex(/^[a-z0-9][a-z0-9-]{0,39}$/);

export const ProductOption = z
  .object({
    key: OptionKey,
    title: LocalizedText,
    values: z
      .array(z.object({ key: OptionKey, title: LocalizedText }))
      .min(1)
      .max(100),
  })
  .meta({ id: 'payments.ProductOption', description: 'By what the variants of a product differ: size, colour.' });

export const VariantChoice = z
  .record(OptionKey, OptionKey)
  .meta({ id: 'payments.VariantChoice', description: 'The value of each option: {"size": "m", "colour": "black"}.' });

export const ProductAttribute = z
  .object({ name: LocalizedText, value: LocalizedText })
  .meta({ id: 'payments.ProductAttribute', description: 'What is so of every variant: the fabric, the warranty.' });

export const ProductMedia = z
  .object({ url: z.url({ protocol: /^https$/ }).max(1000), alt: LocalizedText.nullable() })
  .meta({ id: 'payments.ProductMedia', description: 'A picture, where everybody can fetch it.' });

/** Of one line of a cart or an order. */
export const Quantity = z.int().min(1).max(999).meta({ id: 'payments.Quantity' });

export const Availability = openWord(['yes', 'few', 'no'], {
  id: 'payments.Availability',
  description: 'How many there are, as people are told. "few": five at most.',
});

export const DeliveryNeeds = z
  .enum(['address', 'point', 'nothing'])
  .meta({ id: 'payments.DeliveryNeeds', description: 'What has to be known. "point": where the person collects it.' });

export const DeliveryAddress = z
  .string()
  .trim()
  .min(5)
  .max(500)
  .meta({ id: 'payments.DeliveryAddress', description: 'As the person has written it, in one piece.' });

export const Recipient = z
  .object({
    name: z.string().trim().min(1).max(120),
    phone: z
      .string()
      .trim()
      .regex(/^\+?[\d ()-]{5,25}$/),
  })
  .meta({ id: 'payments.Recipient' });

export const OrderNote = z.string().trim().max(500).describe('What the person wants to say to whoever packs it.');

/** For people and staff: `2026-0001`, counted without gaps for each shop and year. */
export const StoreOrderNumber = z
  .string()
  .regex(/^\d{4}-\d{4,9}$/)
  .meta({ id: 'payments.StoreOrderNumber', examples: ['2026-0001'] });

export const StoreOrderState = openWord(
  ['new', 'paid', 'packed', 'sent', 'done', 'cancelled', 'partly-returned', 'returned'],
  {
    id: 'payments.StoreOrderState',
    description: 'How far the parcel is. "new": it is not paid; "done": the person has it.',
  },
);

export const ReturnState = openWord(['asked', 'agreed', 'refused', 'received', 'refunded', 'lapsed'], {
  id: 'payments.ReturnState',
  description: 'How far a return is. "lapsed": it was agreed to, and nothing came back in time.',
});

export const SellerDetails = z
  .object({
    name: z.string().trim().min(1).max(200),
    taxNumber: z.string().trim().max(40).describe('INN, VAT number.'),
    address: z.string().trim().max(500),
    bank: z.array(z.string().trim().min(1).max(200)).max(10).describe('Lines, as they are to stand on an invoice.'),
  })
  .meta({ id: 'payments.SellerDetails', description: 'Who sells, on invoices.' });

export const StoreOrderLine = z
  .object({
    variantId: z.uuid(),
    sku: Sku,
    title: LocalizedText.describe('As it was when it was ordered.'),
    choice: VariantChoice,
    quantity: Quantity,
    unitMinor: AmountMinor,
    returned: z.int().min(0).describe('So many pieces of it came back.'),
  })
  .meta({ id: 'payments.StoreOrderLine' });

export const StoreOrderDelivery = z
  .object({ methodId: z.uuid(), name: LocalizedText, needs: DeliveryNeeds, amountMinor: AmountMinor })
  .meta({ id: 'payments.StoreOrderDelivery', description: 'How it is delivered, for what, as it was when ordered.' });

export const OfferedDelivery = z
  .object({
    methodId: z.uuid(),
    name: LocalizedText,
    needs: DeliveryNeeds,
    amountMinor: AmountMinor.describe('Of this cart: 0 where it is free from a sum on.'),
    days: z.object({ from: z.int(), to: z.int() }).nullable(),
    countries: z.array(z.string()).nullable().describe('Null: everywhere.'),
  })
  .meta({ id: 'payments.OfferedDelivery' });

/** One of `Wanted`: a cart, with how it comes to whom. */
export const WantedGoods = z
  .object({
    kind: z.literal('goods'),
    cartId: z.uuid(),
    cartRevision: z.int().describe('That you have seen.'),
    deliveryMethodId: z.uuid(),
    sumMinor: AmountMinor.optional().describe(
      'Goods and delivery together without any discount, as you have seen it: another sum is not ordered. Needed to order, not to ask what it costs.',
    ),
    address: DeliveryAddress.optional().describe('Where the way of delivery needs one, or a point.'),
    country: z
      .string()
      .regex(/^[A-Z]{2}$/)
      .optional()
      .describe('ISO 3166-1; where the way of delivery is for some countries only.'),
    recipient: Recipient.optional(),
    note: OrderNote.optional(),
    chatId: z.uuid().optional().describe('Where it is ordered, if in a chat: the person is told there how far it is.'),
  })
  .meta({ id: 'payments.WantedGoods' });
export type WantedGoods = z.output<typeof WantedGoods>;

export const StoreVariant = z
  .object({
    id: z.uuid(),
    sku: Sku,
    choice: VariantChoice,
    prices: z.array(Price),
    availability: Availability,
  })
  .meta({ id: 'payments.StoreVariant', description: 'One that can be bought, as people see it.' });
