import { Consumer, Handles } from '@switchboard/bus';
import { type EventOf, TranscriptionCompleted, TranscriptionFailed } from '@switchboard/contracts';
import type { EntityManager } from 'typeorm';
import { ConversationsService } from './conversations.service';

/**
 * A group of its own, because words may come before the voice message they belong to: in the ordered group they would
 * hold up the very message they wait for.
 */
@Consumer('transcriptions')
export class TranscriptionsHandlers {
  constructor(private readonly conversations: ConversationsService) {}

  @Handles(TranscriptionCompleted, { decrypt: true })
  completed({ data }: EventOf<typeof TranscriptionCompleted>, tx: EntityManager) {
    return this.conversations.transcribed(tx, data);
  }

  @Handles(TranscriptionFailed)
  failed({ data }: EventOf<typeof TranscriptionFailed>, tx: EntityManager) {
    return this.conversations.notTranscribed(tx, data.messageId);
  }
}
