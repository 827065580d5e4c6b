import type { BotState } from '@switchboard/contracts';
import { Column, Entity, PrimaryColumn } from 'typeorm';

/** As in a file of BOTS_FOLDER, without secrets. */
export type Description = Readonly<Record<string, unknown>>;

/** A bot that the gateway keeps, as it is now. */
@Entity({ name: 'bots' })
export class BotRow {
  @PrimaryColumn({ type: 'text' })
  id!: string;

  /** Grows with each change of anything, secrets included. */
  @Column({ type: 'integer' })
  revision!: number;

  @Column({ type: 'text' })
  state!: BotState;

  /** Not jsonb, which would change the order of fields: commands stand in the menu as they are written. */
  @Column({ type: 'json' })
  description!: Description;

  /** The file that it was taken over from, as it was then. */
  @Column({ name: 'taken_from', type: 'json', nullable: true })
  takenFrom!: Description | null;

  /** The secrets that services have looked for when it was checked last, set or not. */
  @Column({ name: 'secret_names', type: 'text', array: true })
  secretNames!: string[];

  @Column({ name: 'created_at', type: 'timestamptz' })
  createdAt!: Date;

  @Column({ name: 'changed_at', type: 'timestamptz' })
  changedAt!: Date;
}
