import { Column, Entity, PrimaryColumn } from 'typeorm';

const bigint = { from: Number, to: String };

/** What was counted in an interval. Where events have no such thing, a text is empty. */
@Entity({ name: 'measures' })
export class Measure {
  /** Length of the interval: 5, 15 or 1440. */
  @PrimaryColumn('smallint')
  minutes!: number;

  /** Name of the events, without their version. */
  @PrimaryColumn('text')
  type!: string;

  /** `events`, or the field of theirs that is added up or counted by its bounds. */
  @PrimaryColumn('text')
  measure!: string;

  /** When the interval begins, in UTC. */
  @PrimaryColumn('timestamptz')
  at!: Date;

  @PrimaryColumn('text', { name: 'bot_id' })
  botId!: string;

  @PrimaryColumn('text')
  platform!: string;

  @PrimaryColumn('text')
  kind!: string;

  @PrimaryColumn('text')
  model!: string;

  @PrimaryColumn('text')
  outcome!: string;

  /** Of a duration: its bound, see BOUNDS_MS; else 0. */
  @PrimaryColumn('integer')
  le!: number;

  /** How many events had it. */
  @Column('bigint', { transformer: bigint })
  events!: number;

  /** The sum of what they had; 0 of `events`. */
  @Column('bigint', { transformer: bigint })
  total!: number;
}
