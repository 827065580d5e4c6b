import { Column, Entity, PrimaryColumn } from 'typeorm';

/** What a button does. */
@Entity({ name: 'callbacks' })
export class Callback {
  @PrimaryColumn('text')
  id!: string;

  @Column({ name: 'chat_id', type: 'uuid' })
  chatId!: string;

  /** An Action. */
  @Column({ type: 'jsonb' })
  action!: unknown;

  @Column({ name: 'expires_at', type: 'timestamptz' })
  expiresAt!: Date;
}
