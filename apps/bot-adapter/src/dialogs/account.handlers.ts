import { Consumer, Handles } from '@switchboard/bus';
import { type EventOf, SessionMisused } from '@switchboard/contracts';
import { BotsRegistry } from '@switchboard/service-kit';
import { type EntityManager, IsNull } from 'typeorm';
import { v5 as uuidv5 } from 'uuid';
import { TextsSection } from '../bots/bot-sections';
import { Chat } from '../contacts/chat.entity';
import { DeliveriesService } from '../deliveries/deliveries.service';
import { shared } from '../texts/catalogue';

@Consumer('account')
export class AccountHandlers {
  constructor(
    private readonly deliveries: DeliveriesService,
    private readonly bots: BotsRegistry,
  ) {}

  /** In every private chat: the person may read one of them only. */
  @Handles(SessionMisused, { decrypt: true })
  async tell({ data }: EventOf<typeof SessionMisused>, tx: EntityManager): Promise<void> {
    const { userId, sessionId, device } = data;
    const chats = await tx.findBy(Chat, { userId, kind: 'private', movedTo: IsNull(), blockedAt: IsNull() });
    for (const { id: chatId, botId, locale } of chats) {
      const own = this.bots.section(botId, 'texts', TextsSection);
      const text = shared.say(locale, 'account.misused', { device }, own);
      // A cause is delivered once.
      const causeId = uuidv5(chatId, sessionId);
      await this.deliveries.queue(tx, { chatId, userId, causeId, content: { kind: 'notice', text } });
    }
  }
}
