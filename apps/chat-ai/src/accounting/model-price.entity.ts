import { Column, Entity, PrimaryColumn } from 'typeorm';

const micros = { from: Number, to: String };

/** What a model costs from a day on, in millionths of a US dollar per million tokens. */
@Entity({ name: 'model_prices' })
export class ModelPrice {
  @PrimaryColumn('text')
  model!: string;

  @PrimaryColumn('date', { name: 'valid_from' })
  validFrom!: string;

  @Column('bigint', { name: 'input_micros', transformer: micros })
  input!: number;

  @Column('bigint', { name: 'cached_input_micros', transformer: micros })
  cachedInput!: number;

  @Column('bigint', { name: 'output_micros', transformer: micros })
  output!: number;

  @Column('text')
  source!: string;
}
