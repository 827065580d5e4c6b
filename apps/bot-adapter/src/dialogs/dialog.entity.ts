import { Column, Entity, PrimaryColumn } from 'typeorm';

/** What a person may type in place of pressing something. */
export interface Choices {
  /** Ids of the buttons last shown, where the channel has none: by their numbers, from 1. */
  readonly numbers?: readonly string[];
  /** The same by their labels in lower case, where they cannot be pressed for long. */
  readonly labels?: Readonly<Record<string, string>>;
  /** Ids of buttons by the labels of the keyboard last shown. */
  readonly keys?: Readonly<Record<string, string>>;
}

/** Where a person is in the products of a chat. */
@Entity({ name: 'dialogs' })
export class Dialog {
  @PrimaryColumn({ name: 'chat_id', type: 'uuid' })
  chatId!: string;

  @PrimaryColumn({ name: 'user_id', type: 'uuid' })
  userId!: string;

  /** The product and its step that get the next message; null outside of any dialog. */
  @Column({ type: 'text', nullable: true })
  product!: string | null;

  @Column({ type: 'text', nullable: true })
  step!: string | null;

  /** What was said so far, as the step's schema reads it, encrypted. */
  @Column({ type: 'text', nullable: true })
  data!: string | null;

  /** Grows with every step. */
  @Column({ type: 'integer' })
  revision!: number;

  @Column({ type: 'jsonb' })
  choices!: Choices;

  @Column({ name: 'updated_at', type: 'timestamptz' })
  updatedAt!: Date;
}
