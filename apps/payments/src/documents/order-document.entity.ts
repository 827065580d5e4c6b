import type { Locale } from '@switchboard/contracts';
import { Column, Entity, PrimaryColumn } from 'typeorm';

/** The last paper of its kind that was written of an order of goods. */
@Entity({ name: 'order_documents' })
export class OrderDocument {
  @PrimaryColumn('uuid')
  id!: string;

  @Column('uuid', { name: 'order_id' })
  orderId!: string;

  @Column('uuid', { name: 'user_id' })
  userId!: string;

  @Column('text')
  kind!: 'invoice' | 'packing-slip';

  @Column('text')
  locale!: Locale;

  @Column('text')
  state!: 'waiting' | 'done' | 'failed';

  /** The PDF in base64, encrypted with the key of the person: it says where they live. */
  @Column('text', { nullable: true })
  content!: string | null;

  @Column('integer', { nullable: true })
  bytes!: number | null;

  @Column('text', { nullable: true })
  sha256!: string | null;

  @Column('timestamptz')
  at!: Date;
}
