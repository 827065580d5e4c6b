import { Injectable } from '@nestjs/common';
import { Clock } from '@switchboard/service-kit';
import type { EntityManager } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import type { InboundMessage } from '../../../channels/channel';
import { Delivery } from '../../../deliveries/delivery.entity';
import type { Conversation } from '../../../dialogs/conversation';
import { ProductRouter } from '../../../dialogs/product-router.service';
import { ScreensService } from '../../../dialogs/screens.service';
import { ShopNoticesJobs } from '../notices/shop-notices.jobs';
import { StaffNoticesService } from '../notices/staff-notices.service';
import type { Reader } from '../pages/page';
import { VPN_SHOP } from '../shop-name';
import { SupportQuestion } from './support-question.entity';

/** Hands what people ask to the staff in their group, and what is answered to it there back to who has asked. */
@Injectable()
export class SupportService {
  constructor(
    private readonly staff: StaffNoticesService,
    private readonly notices: ShopNoticesJobs,
    private readonly screens: ScreensService,
    private readonly router: ProductRouter,
    private readonly clock: Clock,
  ) {}

  ask({ tx, bot, person, place: { userId } }: Conversation, text: string): Promise<void> {
    return this.pass(tx, bot.id, userId, uuidv7(), (reader) =>
      reader.say('staff.question', { name: person.name, text, bot: bot.name }),
    );
  }

  /** The assistant is silent from now on; what staff answer in their group goes to the person. */
  async handedOver(
    tx: EntityManager,
    { botId, userId }: { readonly botId: string; readonly userId: string },
    reason: string,
    cause: string,
  ): Promise<void> {
    const place = await this.notices.placeOf(tx, botId, userId);
    const theirs = place && (await this.screens.reopen(tx, place, this.router.find(VPN_SHOP)!));
    if (!theirs) return;
    const values = { name: theirs.person.name, bot: theirs.bot.name };
    await this.pass(tx, botId, userId, cause, (reader) =>
      reader.say([`staff.handedOver.${reason}`, 'staff.handedOver.other'], values),
    );
  }

  /** True for what is said in the group of the staff in answer to a question. */
  async answer(conversation: Conversation, { replyToId, text }: InboundMessage): Promise<boolean> {
    const { tx, chat, product } = conversation;
    if (replyToId === undefined || !text || !(await this.staff.isOf(conversation))) return false;
    const question = await this.questionBehind(tx, chat.id, replyToId);
    if (!question) return false;
    const place = await this.notices.placeOf(tx, question.botId, question.userId);
    const asking = place && (await this.screens.reopen(tx, place, product));
    if (!asking) {
      await conversation.show({ text: conversation.say('support.gone') });
      return true;
    }
    const again = { label: asking.say('support.again'), action: 'support' };
    await asking.send({ text: asking.say('support.answer', { text }), buttons: [[again]] });
    await conversation.show({ text: conversation.say('support.passedOn') });
    return true;
  }

  private async pass(
    tx: EntityManager,
    botId: string,
    userId: string,
    cause: string,
    words: (reader: Reader) => string,
  ): Promise<void> {
    const say = (reader: Reader) => `${words(reader)}\n\n${reader.say('staff.answerHere')}`;
    const causeId = await this.staff.tell(tx, botId, { topic: 'support', cause, userId, say });
    if (causeId) await tx.insert(SupportQuestion, { causeId, botId, userId, askedAt: this.clock.now() });
  }

  private async questionBehind(tx: EntityManager, chatId: string, messageId: string): Promise<SupportQuestion | null> {
    const delivery = await tx
      .createQueryBuilder(Delivery, 'delivery')
      .where({ chatId })
      .andWhere(':messageId = ANY (delivery.externalMessageIds)', { messageId })
      .getOne();
    return delivery && tx.findOneBy(SupportQuestion, { causeId: delivery.causeId });
  }
}
