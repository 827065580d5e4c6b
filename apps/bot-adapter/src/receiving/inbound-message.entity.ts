import { Column, Entity, PrimaryColumn } from 'typeorm';

/** Our id of a person's message; its text is not kept here. */
@Entity({ name: 'inbound_messages' })
export class InboundMessageRow {
  @PrimaryColumn('uuid')
  id!: string;

  @Column({ name: 'chat_id', type: 'uuid' })
  chatId!: string;

  @Column({ name: 'external_message_id', type: 'text' })
  externalMessageId!: string;

  @Column({ name: 'received_at', type: 'timestamptz' })
  receivedAt!: Date;
}
