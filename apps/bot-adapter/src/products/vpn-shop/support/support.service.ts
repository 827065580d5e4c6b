import { Injectable } from '@nestjs/common';
import { Clock } from '@switchboard/service-kit';
import type { EntityManager } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import type { InboundMessage } from '../../../channels/channel';
import type { Chat } from '../../../contacts/chat.entity';
import { DeliveriesService } from '../../../deliveries/deliveries.service';
import { Delivery } from '../../../deliveries/delivery.entity';
import type { Conversation } from '../../../dialogs/conversation';
import { ScreensService } from '../../../dialogs/screens.service';
import { shorten } from '../../../rich-text/cut-points';
import { ShopNoticesJobs } from '../notices/shop-notices.jobs';
import { StaffNoticesService } from '../notices/staff-notices.service';
import { paragraphs, type Reader } from '../pages/page';
import { SupportQuestion } from './support-question.entity';

/** So that it fits into one message. */
const LONGEST_QUESTION = 3000;

/** Hands what people ask to the staff in their group, and what is answered to it there back to who has asked. */
@Injectable()
export class SupportService {
  constructor(
    private readonly staff: StaffNoticesService,
    private readonly notices: ShopNoticesJobs,
    private readonly screens: ScreensService,
    private readonly deliveries: DeliveriesService,
    private readonly clock: Clock,
  ) {}

  /** False where no staff can be told. */
  ask(
    { tx, bot, person, place: { userId } }: Conversation,
    { text = '', file }: Pick<InboundMessage, 'text' | 'file'>,
  ): Promise<boolean> {
    const question = shorten(text.trim(), LONGEST_QUESTION);
    return this.pass(tx, bot.id, userId, uuidv7(), (reader) => {
      const words = paragraphs(question, file && reader.say('staff.file'));
      return reader.say('staff.question', { name: person.name, text: words, bot: bot.name });
    });
  }

  /** True for what is said in the group of the staff in answer to a question. */
  async answer(conversation: Conversation, { replyToId, text }: InboundMessage): Promise<boolean> {
    const { tx, chat, product } = conversation;
    if (replyToId === undefined || !text || !(await this.staff.isOf(conversation))) return false;
    const question = await this.questionBehind(tx, chat, replyToId);
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
  ): Promise<boolean> {
    const say = (reader: Reader) => `${words(reader)}\n\n${reader.say('staff.answerHere')}`;
    const causeId = await this.staff.tell(tx, botId, { topic: 'support', cause, userId, say });
    if (causeId) await tx.insert(SupportQuestion, { causeId, botId, userId, askedAt: this.clock.now() });
    return causeId !== undefined;
  }

  /** Ids of messages begin anew when a group moves: what was asked before is told apart by the place in which it was. */
  private async questionBehind(
    tx: EntityManager,
    { botId, externalHash }: Chat,
    messageId: string,
  ): Promise<SupportQuestion | undefined> {
    const found = (await tx
      .createQueryBuilder(SupportQuestion, 'question')
      .innerJoinAndMapOne(
        'question.delivery',
        Delivery,
        'delivery',
        `delivery.causeId = question.causeId AND delivery.kind = 'notice'`,
      )
      .where({ botId })
      .andWhere(':messageId = ANY (delivery.externalMessageIds)', { messageId })
      .orderBy('delivery.seq', 'DESC')
      .getMany()) as (SupportQuestion & { delivery: Delivery })[];
    for (const { delivery, ...question } of found) {
      if ((await this.deliveries.placeIn(tx, delivery))?.chatHash === externalHash) return question;
    }
    return undefined;
  }
}
