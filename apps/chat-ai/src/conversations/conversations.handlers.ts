import { Consumer, Handles } from '@switchboard/bus';
import { ConversationReset, type EventOf, MessageEdited, MessageReceived } from '@switchboard/contracts';
import type { EntityManager } from 'typeorm';
import { ConversationsService } from './conversations.service';

/** Ordered, so that an edit or a reset is never heard before the message it is about. */
@Consumer('conversations', { ordered: true })
export class ConversationsHandlers {
  constructor(private readonly conversations: ConversationsService) {}

  @Handles(MessageReceived, { decrypt: true })
  received({ data }: EventOf<typeof MessageReceived>, tx: EntityManager) {
    return this.conversations.receive(tx, data);
  }

  @Handles(MessageEdited, { decrypt: true })
  edited({ data }: EventOf<typeof MessageEdited>, tx: EntityManager) {
    return this.conversations.edit(tx, data);
  }

  @Handles(ConversationReset)
  reset({ data }: EventOf<typeof ConversationReset>, tx: EntityManager) {
    return this.conversations.close(tx, data.chatId);
  }
}
