import type {
  LocalizedText,
  ProductAttribute,
  ProductMedia,
  ProductOption,
  VariantChoice,
} from '@switchboard/contracts';
import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { z } from 'zod';
import type { Prices, ReceiptTerms } from '../catalogue/plan.entity';

/** What people see as one thing. It is sold by its variants. */
@Entity({ name: 'products' })
export class Product {
  @PrimaryColumn('uuid')
  id!: string;

  /** The home bot of the shop. */
  @Column('text', { name: 'brand_id' })
  brandId!: string;

  /** As staff call it. */
  @Column('text')
  code!: string;

  @Column('jsonb')
  title!: LocalizedText;

  @Column('jsonb')
  description!: LocalizedText;

  @Column('jsonb')
  attributes!: z.output<typeof ProductAttribute>[];

  @Column('jsonb')
  options!: z.output<typeof ProductOption>[];

  @Column('jsonb')
  media!: z.output<typeof ProductMedia>[];

  @Column('integer')
  position!: number;

  @Column('integer')
  revision!: number;

  @Column('timestamptz', { name: 'created_at' })
  createdAt!: Date;

  /** Sold no more; what was ordered of it is served. */
  @Column('timestamptz', { name: 'archived_at', nullable: true })
  archivedAt!: Date | null;
}

/** What lies on the shelf. How many pieces there are is changed by StockService alone. */
@Entity({ name: 'variants' })
export class Variant {
  @PrimaryColumn('uuid')
  id!: string;

  @Column('uuid', { name: 'product_id' })
  productId!: string;

  @Column('text', { name: 'brand_id' })
  brandId!: string;

  @Column('text')
  sku!: string;

  /** A value of each option of the product. */
  @Column('jsonb')
  choice!: z.output<typeof VariantChoice>;

  @Column('jsonb')
  prices!: Prices;

  @Column('integer', { name: 'weight_g', nullable: true })
  weightG!: number | null;

  @Column({ type: 'integer', name: 'on_hand', update: false, insert: false })
  onHand!: number;

  /** Of these, for orders that are not paid yet. */
  @Column({ type: 'integer', update: false, insert: false })
  reserved!: number;

  /** False: there is always enough of it. */
  @Column('boolean')
  tracked!: boolean;

  @Column('integer', { name: 'warn_below', nullable: true })
  warnBelow!: number | null;

  @Column('jsonb')
  receipt!: ReceiptTerms;

  @Column('integer')
  position!: number;

  @Column('integer')
  revision!: number;

  @Column('timestamptz', { name: 'archived_at', nullable: true })
  archivedAt!: Date | null;
}
