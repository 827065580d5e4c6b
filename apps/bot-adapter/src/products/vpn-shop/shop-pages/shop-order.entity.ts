import { Column, Entity, PrimaryColumn } from 'typeorm';

/** The message that shows an order which is to be paid. */
@Entity({ name: 'shop_orders' })
export class ShopOrder {
  @PrimaryColumn('uuid', { name: 'order_id' })
  orderId!: string;

  @Column('uuid', { name: 'user_id' })
  userId!: string;

  @Column('uuid', { name: 'chat_id' })
  chatId!: string;

  /** The channel's own id. */
  @Column('text', { name: 'message_id' })
  messageId!: string;

  @Column('timestamptz', { name: 'shown_at' })
  shownAt!: Date;
}
