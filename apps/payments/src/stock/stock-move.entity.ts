import { Column, Entity, PrimaryColumn } from 'typeorm';

export type StockMoveKind = 'received' | 'counted' | 'corrected' | 'reserved' | 'released' | 'sold' | 'returned';

/** Why the pieces of a variant are as many as they are. Never changed. */
@Entity({ name: 'stock_moves' })
export class StockMove {
  @PrimaryColumn('uuid')
  id!: string;

  @Column('uuid', { name: 'variant_id' })
  variantId!: string;

  @Column('text')
  kind!: StockMoveKind;

  /** By so many pieces the number on hand has changed, … */
  @Column('integer', { name: 'on_hand' })
  onHand!: number;

  /** … and of these the reserved ones. */
  @Column('integer')
  reserved!: number;

  @Column('uuid', { name: 'order_id', nullable: true })
  orderId!: string | null;

  /** `staff:<id>`, or what did it by itself. */
  @Column('text')
  by!: string;

  @Column('text', { nullable: true })
  reason!: string | null;

  @Column('timestamptz')
  at!: Date;
}
