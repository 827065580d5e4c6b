import type { CreateDeliveryMethod, LocalizedText } from '@switchboard/contracts';
import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { z } from 'zod';
import type { Prices } from '../catalogue/plan.entity';

type Told = z.output<(typeof CreateDeliveryMethod)['answer']>;

/** How goods come to people, for a price that is the same for every order. */
@Entity({ name: 'delivery_methods' })
export class DeliveryMethod {
  @PrimaryColumn('uuid')
  id!: string;

  @Column('text', { name: 'brand_id' })
  brandId!: string;

  /** As staff call it. */
  @Column('text')
  code!: string;

  @Column('jsonb')
  name!: LocalizedText;

  /** 0: it costs nothing; in other currencies it is not delivered so. */
  @Column('jsonb')
  prices!: Prices;

  /** It costs nothing for goods of so much. */
  @Column('jsonb', { name: 'free_from', nullable: true })
  freeFrom!: Prices | null;

  /** ISO 3166-1; null: everywhere. */
  @Column('text', { array: true, nullable: true })
  countries!: string[] | null;

  @Column('text')
  needs!: Told['needs'];

  @Column('jsonb', { nullable: true })
  days!: Told['days'];

  @Column('integer')
  position!: number;

  @Column('integer')
  revision!: number;

  @Column('timestamptz', { name: 'created_at' })
  createdAt!: Date;

  @Column('timestamptz', { name: 'archived_at', nullable: true })
  archivedAt!: Date | null;
}
