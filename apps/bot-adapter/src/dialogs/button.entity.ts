import { Column, Entity, PrimaryColumn } from 'typeorm';

/** What a button does. It carries only the id: channels leave little room, and what comes back can be forged. */
@Entity({ name: 'buttons' })
export class ButtonRow {
  @PrimaryColumn('text')
  id!: string;

  @Column({ name: 'chat_id', type: 'uuid' })
  chatId!: string;

  /** The buttons that were shown together. */
  @Column({ name: 'screen_id', type: 'uuid' })
  screenId!: string;

  @Column({ type: 'text' })
  product!: string;

  @Column({ type: 'text' })
  action!: string;

  /** As the action's schema reads it; null for actions without. */
  @Column({ type: 'jsonb', nullable: true })
  data!: unknown;

  /** The person who may press it; null for everybody in the chat. */
  @Column({ name: 'user_id', type: 'uuid', nullable: true })
  userId!: string | null;

  /** Of the dialog in which it was shown: when that has gone on, the button is out of date. */
  @Column({ type: 'integer', nullable: true })
  revision!: number | null;

  /** Of such a screen one button works, and that one once. */
  @Column({ type: 'boolean' })
  once!: boolean;

  @Column({ name: 'used_at', type: 'timestamptz', nullable: true })
  usedAt!: Date | null;

  @Column({ name: 'expires_at', type: 'timestamptz' })
  expiresAt!: Date;
}
