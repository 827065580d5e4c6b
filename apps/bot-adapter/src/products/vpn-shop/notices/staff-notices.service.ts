import { Injectable } from '@nestjs/common';
import type { Bot } from '@switchboard/contracts';
import { BotsRegistry, Clock } from '@switchboard/service-kit';
import type { EntityManager } from 'typeorm';
import { v5 as uuidv5 } from 'uuid';
import { type StaffSection, TextsSection } from '../../../bots/bot-sections';
import type { Chat } from '../../../contacts/chat.entity';
import { DeliveriesService } from '../../../deliveries/deliveries.service';
import type { Conversation } from '../../../dialogs/conversation';
import { ProductRouter } from '../../../dialogs/product-router.service';
import type { Values } from '../../../texts/catalogue';
import { StaffGroupsService } from '../../staff-group/staff-groups.service';
import { Reader } from '../pages/page';
import { VPN_SHOP } from '../shop-name';

export type Topic = keyof StaffSection['topics'];

/** What staff are told, in the language of their group. */
export interface StaffNotice {
  readonly topic: Topic;
  /** Told once. */
  readonly cause: string;
  say(reader: Reader): string;
  /** Whose words are in it; they are forgotten with the person. */
  readonly userId?: string;
}

const CAUSES = '0d2d9be4-6d0c-4f0e-8a0b-5a8d1d7c1f51';

/** Tells the staff of shops what happens, in their group and there in the topic for it. */
@Injectable()
export class StaffNoticesService {
  constructor(
    private readonly bots: BotsRegistry,
    private readonly groups: StaffGroupsService,
    private readonly deliveries: DeliveriesService,
    private readonly router: ProductRouter,
    private readonly clock: Clock,
  ) {}

  /** Whether anybody can be told anything: the group is known, and the bot may write there. */
  async areReached(tx: EntityManager, bot: Bot): Promise<boolean> {
    const group = await this.groups.groupOf(tx, bot);
    return group !== null && !group.blockedAt;
  }

  /** Whether it is that group. */
  isOf(conversation: Conversation): Promise<boolean> {
    return this.groups.isOf(conversation);
  }

  /**
   * @param botId whose staff; all shops' when absent, a group that several have once
   * @returns by which what was said is known; undefined where nobody was told
   */
  async tell(tx: EntityManager, botId: string | undefined, notice: StaffNotice): Promise<string | undefined> {
    const told = new Set<string>();
    let causeId: string | undefined;
    for (const bot of botId === undefined ? this.bots.all() : [this.bots.find(botId)]) {
      const section = bot?.products.includes(VPN_SHOP) && this.groups.sectionOf(bot.id);
      if (!bot || !section || told.has(section.chat)) continue;
      const chat = await this.groups.reachedGroupOf(tx, bot);
      if (!chat) continue;
      told.add(section.chat);
      causeId = await this.post(tx, bot, chat, section.topics[notice.topic], notice);
    }
    return causeId;
  }

  private async post(
    tx: EntityManager,
    bot: Bot,
    chat: Chat,
    threadId: string | undefined,
    { topic, cause, say, userId }: StaffNotice,
  ): Promise<string> {
    // Of each group: what one was told another is told as well.
    const causeId = uuidv5(`${topic} ${cause} ${chat.id}`, CAUSES);
    const { texts } = this.router.find(VPN_SHOP)!;
    const own = this.bots.section(bot.id, 'texts', TextsSection);
    const words = (key: string | readonly string[], values?: Values) => texts.say(chat.locale, key, values, own);
    const text = say(new Reader(chat.locale, this.clock.now(), bot.timeZone, words));
    const place = { chatHash: chat.externalHash, ...(threadId !== undefined && { threadId }) };
    await this.deliveries.queue(tx, {
      ...{ chatId: chat.id, userId: userId ?? chat.userId ?? chat.id, causeId },
      content: { kind: 'notice', text, place },
    });
    return causeId;
  }
}
