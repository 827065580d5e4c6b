import { Consumer, Handles, OnSignal } from '@switchboard/bus';
import {
  ConversationReset,
  type EventOf,
  HandoverEndRequested,
  MessageEdited,
  MessageReceived,
  ReplyRateRequested,
  ReplyRegenerateRequested,
  ReplyStopRequested,
  type SignalOf,
  TranscriptionCompleted,
  TranscriptionFailed,
  TurnInterrupted,
} from '@switchboard/contracts';
import { unlessErased } from '@switchboard/service-kit';
import type { EntityManager } from 'typeorm';
import { ConversationChanges } from '../conversations/conversation-changes';
import { ConversationsService } from '../conversations/conversations.service';
import { HandoversService } from '../conversations/handovers.service';
import { TicketsService } from '../desk/tickets.service';
import { UnansweredJobs } from '../unanswered/unanswered.jobs';
import { NoticesService } from './notices.service';
import { TurnsJobs } from './turns.jobs';

/** Ordered, so that an edit or a reset is never heard before the message it is about. */
@Consumer('turns', { ordered: true })
export class TurnsHandlers {
  constructor(
    private readonly conversations: ConversationsService,
    private readonly turns: TurnsJobs,
    private readonly notices: NoticesService,
    private readonly unanswered: UnansweredJobs,
    private readonly handovers: HandoversService,
    private readonly tickets: TicketsService,
    private readonly changes: ConversationChanges,
  ) {}

  @Handles(MessageReceived, { decrypt: true })
  async received({ data }: EventOf<typeof MessageReceived>, tx: EntityManager) {
    const received = await unlessErased(this.conversations.receive(tx, data));
    if (!received) return;
    await this.turns.request(tx, received.unanswered);
    if (received.ticketId) await this.tickets.personWrote(tx, received.ticketId, data.messageId);
  }

  @Handles(MessageEdited, { decrypt: true })
  async edited({ data }: EventOf<typeof MessageEdited>, tx: EntityManager) {
    await this.turns.request(tx, await this.conversations.edit(tx, data));
  }

  @Handles(ConversationReset)
  async reset({ data }: EventOf<typeof ConversationReset>, tx: EntityManager) {
    await this.handovers.end(tx, data, 'reset');
    const conversationId = await this.conversations.close(tx, data);
    if (conversationId) await this.tickets.over(tx, conversationId);
  }

  @Handles(HandoverEndRequested)
  async resume({ data }: EventOf<typeof HandoverEndRequested>, tx: EntityManager) {
    const ended = await this.handovers.end(tx, data, 'person');
    for (const { conversationId } of ended) await this.tickets.over(tx, conversationId);
  }

  @Handles(ReplyStopRequested)
  async stop({ data }: EventOf<typeof ReplyStopRequested>, tx: EntityManager) {
    await this.turns.request(tx, await this.conversations.stop(tx, data));
  }

  @Handles(ReplyRegenerateRequested)
  async regenerate({ data }: EventOf<typeof ReplyRegenerateRequested>, tx: EntityManager) {
    const unanswered = await this.conversations.regenerate(tx, data);
    await (unanswered ? this.turns.request(tx, unanswered) : this.notices.notRegenerated(tx, data));
  }

  @Handles(ReplyRateRequested)
  async rate({ data }: EventOf<typeof ReplyRateRequested>, tx: EntityManager) {
    await this.conversations.rate(tx, data);
    await this.unanswered.rated(tx, data.replyId, data.rating);
  }

  @OnSignal(TurnInterrupted)
  interrupted({ conversationId, handedOverAt }: SignalOf<typeof TurnInterrupted>) {
    this.changes.heard(conversationId, handedOverAt);
  }
}

/**
 * A group of its own, because words may come before the voice message they belong to: in the ordered group they would
 * hold up the very message they wait for.
 */
@Consumer('transcriptions')
export class TranscriptionsHandlers {
  constructor(
    private readonly conversations: ConversationsService,
    private readonly turns: TurnsJobs,
  ) {}

  @Handles(TranscriptionCompleted, { decrypt: true })
  async completed({ data }: EventOf<typeof TranscriptionCompleted>, tx: EntityManager) {
    await this.turns.request(tx, await this.conversations.transcribed(tx, data));
  }

  @Handles(TranscriptionFailed)
  async failed({ data }: EventOf<typeof TranscriptionFailed>, tx: EntityManager) {
    await this.turns.request(tx, await this.conversations.notTranscribed(tx, data));
  }
}
