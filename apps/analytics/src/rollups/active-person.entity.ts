import { Column, Entity, PrimaryColumn } from 'typeorm';

/** That somebody was active with a bot on a day of UTC, to the quarter of an hour: enough for the days of any time zone. */
@Entity({ name: 'active_people' })
export class ActivePerson {
  @PrimaryColumn('date')
  day!: string;

  @PrimaryColumn('uuid', { name: 'user_id' })
  userId!: string;

  /** Empty where no bot was involved. */
  @PrimaryColumn('text', { name: 'bot_id' })
  botId!: string;

  /** 96 digits; the first one stands for the quarter that begins at midnight. */
  @Column({ type: 'bit', length: 96 })
  quarters!: string;
}
