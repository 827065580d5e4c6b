import { Column, Entity, PrimaryColumn } from 'typeorm';

/** What a person has chosen of a shop. Nothing of it is reserved, and its prices are those of the moment. */
@Entity({ name: 'carts' })
export class Cart {
  @PrimaryColumn('uuid')
  id!: string;

  @Column('uuid', { name: 'user_id' })
  userId!: string;

  @Column('text', { name: 'brand_id' })
  brandId!: string;

  @Column('text')
  currency!: string;

  @Column('integer')
  revision!: number;

  @Column('timestamptz', { name: 'updated_at' })
  updatedAt!: Date;
}

@Entity({ name: 'cart_lines' })
export class CartLine {
  @PrimaryColumn('uuid', { name: 'cart_id' })
  cartId!: string;

  @PrimaryColumn('uuid', { name: 'variant_id' })
  variantId!: string;

  @Column('integer')
  quantity!: number;

  @Column('timestamptz', { name: 'added_at' })
  addedAt!: Date;
}
