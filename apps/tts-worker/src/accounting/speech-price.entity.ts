import { Column, Entity, PrimaryColumn } from 'typeorm';

/** What a model costs from a day on. */
@Entity({ name: 'speech_prices' })
export class SpeechPrice {
  @PrimaryColumn({ type: 'text' })
  model!: string;

  @PrimaryColumn({ name: 'valid_from', type: 'date' })
  validFrom!: string;

  @Column({ type: 'text' })
  unit!: 'character' | 'second';

  /** Millionths of a US dollar for a million units. */
  @Column({ name: 'micros_per_million', type: 'bigint', transformer: { from: Number, to: String } })
  microsPerMillion!: number;

  @Column({ type: 'text' })
  source!: string;
}
