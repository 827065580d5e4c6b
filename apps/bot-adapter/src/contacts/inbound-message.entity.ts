import { Column, Entity, PrimaryColumn } from 'typeorm';

/** Our id of a person's message; its text is not kept here. */
@Entity({ name: 'inbound_messages' })
export class InboundMessageRow {
  @PrimaryColumn('uuid')
  id!: string;

  @Column({ name: 'chat_id', type: 'uuid' })
  chatId!: string;

  /** Who wrote it. */
  @Column({ name: 'user_id', type: 'uuid' })
  userId!: string;

  @Column({ name: 'bot_id', type: 'text' })
  botId!: string;

  /** The channel's own id of the bot: a bot that is given another one meets the ids of messages anew. */
  @Column({ type: 'text' })
  account!: string;

  /** Of the channel's id of the chat at that time: ids of messages count only together with it, and begin anew when a chat moves. */
  @Column({ name: 'external_chat_hash', type: 'text' })
  externalChatHash!: string;

  /** The topic in which it was written, where the channel has topics: answers belong there. */
  @Column({ name: 'external_thread_id', type: 'text', nullable: true })
  externalThreadId!: string | null;

  @Column({ name: 'external_message_id', type: 'text' })
  externalMessageId!: string;

  /** What of the channel it refers to (MessageAbout). */
  @Column({ name: 'about_kind', type: 'text', nullable: true })
  aboutKind!: string | null;

  @Column({ name: 'received_at', type: 'timestamptz' })
  receivedAt!: Date;
}
