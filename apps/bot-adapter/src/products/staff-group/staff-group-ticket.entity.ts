import { Column, Entity, PrimaryColumn } from 'typeorm';

/** A conversation in which staff are to answer, as chat-ai says. */
@Entity({ name: 'staff_group_tickets' })
export class StaffGroupTicket {
  @PrimaryColumn('uuid', { name: 'ticket_id' })
  ticketId!: string;

  @Column('uuid', { name: 'user_id' })
  userId!: string;

  @Column('text', { name: 'brand_id' })
  brandId!: string;

  /** In whose chat the person wrote last. */
  @Column('text', { name: 'bot_id' })
  botId!: string;

  /** Who has it in the console: nothing of it is said in the group any more. */
  @Column('uuid', { nullable: true })
  assignee!: string | null;

  @Column('timestamptz', { name: 'closed_at', nullable: true })
  closedAt!: Date | null;
}

/** What was said about it in the group; its words are there alone. */
@Entity({ name: 'staff_group_posts' })
export class StaffGroupPost {
  /** Of the message in that group. */
  @PrimaryColumn('uuid', { name: 'cause_id' })
  causeId!: string;

  @Column('uuid', { name: 'ticket_id' })
  ticketId!: string;

  @Column('uuid', { name: 'user_id' })
  userId!: string;

  @Column('timestamptz', { name: 'posted_at' })
  postedAt!: Date;
}
