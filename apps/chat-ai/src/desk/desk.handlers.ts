import { Consumer, Handles, OnSignal } from '@switchboard/bus';
import {
  DeskChanged,
  type EventOf,
  ForeignReplyNoticed,
  MessageDelivered,
  MessageRead,
  MessageUndeliverable,
  type SignalOf,
  StaffTyping,
  SurveyAnswered,
  TicketAnswerRequested,
  WindowChanged,
} from '@switchboard/contracts';
import { EntityManager } from 'typeorm';
import { AnswersService } from './answers.service';
import { DeskFeed } from './desk-feed';

/** Ordered, so that what became of a message is told in the order in which it did. */
@Consumer('desk', { ordered: true })
export class DeskHandlers {
  constructor(
    private readonly answers: AnswersService,
    private readonly feed: DeskFeed,
  ) {}

  @Handles(ForeignReplyNoticed, { decrypt: true })
  foreignReply({ data }: EventOf<typeof ForeignReplyNoticed>, tx: EntityManager): Promise<void> {
    return this.answers.foreignReply(tx, data);
  }

  @Handles(TicketAnswerRequested, { decrypt: true })
  answer({ data }: EventOf<typeof TicketAnswerRequested>, tx: EntityManager): Promise<void> {
    return this.answers.answerFromGroup(tx, data);
  }

  @Handles(MessageDelivered, { when: ({ kind }) => kind === 'staff' })
  delivered({ data }: EventOf<typeof MessageDelivered>, tx: EntityManager): Promise<void> {
    return this.answers.delivered(tx, [data.causeId], 'sent');
  }

  @Handles(MessageUndeliverable)
  undeliverable({ data }: EventOf<typeof MessageUndeliverable>, tx: EntityManager): Promise<void> {
    return this.answers.delivered(tx, [data.causeId], 'failed', data.reason);
  }

  @Handles(MessageRead)
  read({ data }: EventOf<typeof MessageRead>, tx: EntityManager): Promise<void> {
    return this.answers.delivered(tx, data.messageIds, 'read');
  }

  @Handles(WindowChanged)
  window({ data }: EventOf<typeof WindowChanged>, tx: EntityManager): Promise<void> {
    return this.answers.windowChanged(tx, data);
  }

  @Handles(SurveyAnswered, { when: ({ question }) => question === 'csat' })
  answered({ data }: EventOf<typeof SurveyAnswered>, tx: EntityManager): Promise<void> {
    return this.answers.scored(tx, data.surveyId, data.score);
  }

  @OnSignal(DeskChanged)
  changed({ brandId }: SignalOf<typeof DeskChanged>): void {
    this.feed.wake(brandId);
  }

  @OnSignal(StaffTyping)
  typing(signal: SignalOf<typeof StaffTyping>): void {
    this.feed.typing(signal);
  }
}
