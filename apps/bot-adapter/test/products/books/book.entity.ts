import { Column, Entity, PrimaryColumn } from 'typeorm';

/** A book on the shelf of a chat. */
@Entity({ name: 'books' })
export class Book {
  @PrimaryColumn('uuid')
  id!: string;

  @Column({ name: 'chat_id', type: 'uuid' })
  chatId!: string;

  /** Who put it there. */
  @Column({ name: 'user_id', type: 'uuid' })
  userId!: string;

  /** Encrypted with the key of that person. */
  @Column({ type: 'text' })
  title!: string;

  @Column({ type: 'integer' })
  year!: number;
}
