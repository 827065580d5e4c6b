import { Consumer, Handles, OnSignal } from '@switchboard/bus';
import {
  ConversationReset,
  type EventOf,
  HandoverBegan,
  PreviewsCancelled,
  ReplyTyped,
  type SignalOf,
} from '@switchboard/contracts';
import { EntityManager } from 'typeorm';
import { isTakenOver } from '../contacts/handovers.service';
import { PreviewsService } from './previews.service';

@Consumer('previews')
export class PreviewsHandlers {
  constructor(private readonly previews: PreviewsService) {}

  @OnSignal(ReplyTyped, { decrypt: true })
  typed(signal: SignalOf<typeof ReplyTyped>): Promise<void> {
    return this.previews.typed(signal);
  }

  @Handles(ConversationReset)
  reset({ data, time }: EventOf<typeof ConversationReset>, tx: EntityManager): Promise<void> {
    return this.previews.cancelAllIn(tx, data.chatId, new Date(time));
  }

  @Handles(HandoverBegan)
  async handedOver({ data, time }: EventOf<typeof HandoverBegan>, tx: EntityManager): Promise<void> {
    if (isTakenOver(data)) await this.previews.cancelAllIn(tx, data.chatId, new Date(time));
  }

  @OnSignal(PreviewsCancelled)
  cancelled({ chatId, until }: SignalOf<typeof PreviewsCancelled>): void {
    this.previews.endIn(chatId, new Date(until));
  }
}
