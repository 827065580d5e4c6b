import { Column, Entity, PrimaryColumn } from 'typeorm';

/** What a currency is worth from a day on, until a later rate of it. */
@Entity({ name: 'rates' })
export class Rate {
  @PrimaryColumn('text')
  currency!: string;

  /** `2026-11-27`, UTC. */
  @PrimaryColumn('date', { name: 'valid_from' })
  validFrom!: string;

  @Column('double precision', { name: 'usd_per_unit' })
  usdPerUnit!: number;

  /** Digits of its minor unit. */
  @Column('integer')
  exponent!: number;

  @Column('text')
  source!: string;
}
