import { Inject, Injectable } from '@nestjs/common';
import { RetryLater } from '@switchboard/bus';
import { type EventOf, localized, type NoticeSendRequested } from '@switchboard/contracts';
import { BotsRegistry, CONFIG, LOG, type Log } from '@switchboard/service-kit';
import type { EntityManager } from 'typeorm';
import type { BotAdapterConfig } from '../bot-adapter.config';
import { ContactsService } from '../contacts/contacts.service';
import { DeliveriesService } from '../deliveries/deliveries.service';

/** By then somebody may have written to the bot in the chat that is named, or the bot may have been described. */
const AGAIN_SECONDS = 300;

/** Tells staff something, in the language of the chat that they have named for it. */
@Injectable()
export class NoticesService {
  constructor(
    private readonly contacts: ContactsService,
    private readonly deliveries: DeliveriesService,
    private readonly bots: BotsRegistry,
    @Inject(CONFIG) private readonly config: BotAdapterConfig,
    @Inject(LOG) private readonly log: Log,
  ) {}

  /** A notice that is asked for twice is sent once. */
  async send(tx: EntityManager, notice: EventOf<typeof NoticeSendRequested>['data']): Promise<void> {
    const { noticeId, audience, texts } = notice;
    const place = this.placeOf(audience);
    if (!place)
      return this.log.warn({ noticeId, audience }, 'a notice goes nowhere: BOT_ADAPTER_STAFF_CHAT is not set');
    const bot = this.bots.find(place.botId);
    const chat = bot && (await this.contacts.findChat(tx, bot, place.externalId));
    if (!chat) {
      const why = bot ? 'nobody has written to the bot in that chat yet' : 'there is no such bot';
      this.log.error({ noticeId, audience, bot: place.botId, why }, 'the chat of the staff cannot be written to');
      throw new RetryLater(AGAIN_SECONDS);
    }
    await this.deliveries.queue(tx, {
      chatId: chat.id,
      // What is said in a group belongs to nobody in it.
      userId: chat.userId ?? chat.id,
      causeId: noticeId,
      content: {
        kind: 'notice',
        text: localized({ ru: texts.en, ...texts }, chat.locale),
        format: 'markdown',
      },
    });
  }

  /** An audience that has no chat of its own, also one that is not known here, is told with the staff. */
  private placeOf(audience: string) {
    const { BOT_ADAPTER_STAFF_CHAT: staff, BOT_ADAPTER_ON_CALL_CHAT: onCall } = this.config;
    return audience === 'on-call' ? (onCall ?? staff) : staff;
  }
}
