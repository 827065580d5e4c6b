import { Column, Entity, PrimaryColumn } from 'typeorm';

/** When a person was asked last, so that nobody is asked often. */
@Entity({ name: 'survey_asks' })
export class SurveyAsk {
  @PrimaryColumn('uuid', { name: 'user_id' })
  userId!: string;

  @Column('uuid', { name: 'survey_id' })
  surveyId!: string;

  @Column('text', { name: 'bot_id' })
  botId!: string;

  @Column('timestamptz', { name: 'asked_at' })
  askedAt!: Date;
}
