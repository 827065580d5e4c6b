import { Injectable } from '@nestjs/common';
import { BotsRegistry, Clock, defineJob, Jobs, type PayloadOf, Runs } from '@switchboard/service-kit';
import { DataSource, type EntityManager } from 'typeorm';
import { v5 as uuidv5 } from 'uuid';
import { z } from 'zod';
import { ShopSection } from '../../../bots/bot-sections';
import { KnownPeopleService } from '../../../contacts/known-people.service';
import { NewsSettingsService } from '../../../contacts/news-settings.service';
import { endOfQuietHours } from '../../../contacts/quiet-hours';
import { ScreenPlace } from '../../../dialogs/conversation';
import { ProductRouter } from '../../../dialogs/product-router.service';
import { ScreensService } from '../../../dialogs/screens.service';
import { Reader } from '../pages/page';
import { VPN_SHOP } from '../shop-name';
import { NoticeSettings } from './notice-settings.entity';
import { isNotice, type Notice, type NoticeData, type NoticeName, NOTICES, type Switchable } from './notices';

/** What is not said at night. */
const TellLater = defineJob(
  'tell-shop-notice',
  z.object({ causeId: z.uuid(), place: ScreenPlace, botId: z.string(), notice: z.string(), data: z.unknown() }),
);

/** What waited for the morning is not said at once: all of it would come before what people wait for. */
const SPREAD_MS = 25 * 60_000;
const CAUSES = 'a6f2f3f0-6a4e-4f57-9f5b-2f4a1a0e7f11';

/** Tells people what became of what they have, in their language, at a time that suits them. */
@Injectable()
export class ShopNoticesJobs {
  constructor(
    private readonly db: DataSource,
    private readonly jobs: Jobs,
    private readonly bots: BotsRegistry,
    private readonly people: KnownPeopleService,
    private readonly settings: NewsSettingsService,
    private readonly screens: ScreensService,
    private readonly router: ProductRouter,
    private readonly clock: Clock,
  ) {}

  /**
   * Once for the same `cause`. Nobody is told who never wrote to the bot, who closed the door, or who does not want to hear of it; nor
   * where the bot is no shop.
   * @param subject of what it is told: where another one of that waits for the morning, this takes its place
   */
  async tell<Name extends NoticeName>(
    tx: EntityManager,
    { botId, userId }: { readonly botId: string; readonly userId: string },
    name: Name,
    data: NoticeData<Name>,
    cause: string,
    subject = (data as { subscriptionId?: string }).subscriptionId,
  ): Promise<void> {
    const place = await this.placeOf(tx, botId, userId);
    if (!place) return;
    const { urgent = false } = NOTICES[name] as Notice;
    const causeId = uuidv5(`${name} ${userId} ${cause}`, CAUSES);
    const payload = { causeId, place, botId, notice: name, data };
    const morning = urgent ? undefined : await this.quietUntil(tx, { botId, userId });
    if (!morning) return this.say(tx, payload);
    const delayMs = Math.round(morning.getTime() - this.clock.now().getTime() + Math.random() * SPREAD_MS);
    await this.jobs.add(tx, TellLater, payload, { key: waitingKey(name, subject ?? causeId), delayMs, yields: true });
  }

  /** What waits for the morning is not so any more. */
  async takeBack(tx: EntityManager, subject: string, names: readonly NoticeName[]): Promise<void> {
    for (const name of names) await this.jobs.remove(tx, waitingKey(name, subject));
  }

  /** As long as the person wants to be left alone, or the shop lets people be; undefined where they may be told now. */
  async quietUntil(tx: EntityManager, { botId, userId }: { botId: string; userId: string }): Promise<Date | undefined> {
    const own = await this.settings.find(tx, botId, userId);
    const usual = this.bots.section(botId, 'shop', ShopSection)!.quiet;
    const timeZone = own?.timeZone ?? this.bots.find(botId)!.timeZone;
    return endOfQuietHours(own?.quiet ?? usual, timeZone, this.clock.now());
  }

  /** Where a person is told something: in their own chat with the bot. */
  async placeOf(tx: EntityManager, botId: string, userId: string): Promise<ScreenPlace | undefined> {
    if (!this.bots.find(botId)?.products.includes(VPN_SHOP)) return undefined;
    const chat = await this.people.privateChat(tx, botId, userId);
    return chat && !chat.blockedAt ? { chatId: chat.id, userId } : undefined;
  }

  @Runs(TellLater)
  run(payload: PayloadOf<typeof TellLater>): Promise<void> {
    return this.db.transaction((tx) => this.say(tx, payload));
  }

  async switchedOff(tx: EntityManager, botId: string, userId: string): Promise<ReadonlySet<string>> {
    return new Set((await tx.findOneBy(NoticeSettings, { botId, userId }))?.switchedOff);
  }

  async switch(tx: EntityManager, botId: string, userId: string, group: Switchable, on: boolean): Promise<void> {
    const off = new Set(await this.switchedOff(tx, botId, userId));
    if (on) off.delete(group);
    else off.add(group);
    await tx.upsert(NoticeSettings, { botId, userId, switchedOff: [...off] }, ['botId', 'userId']);
  }

  private async say(
    tx: EntityManager,
    { causeId, place, botId, notice: name, data }: PayloadOf<typeof TellLater>,
  ): Promise<void> {
    const product = this.router.find(VPN_SHOP);
    if (!product || !isNotice(name)) return;
    const notice: Notice = NOTICES[name];
    if (notice.group && (await this.switchedOff(tx, botId, place.userId)).has(notice.group)) return;
    const about = notice.data.parse(data) as never;
    if (notice.isPast?.(about, this.clock.now())) return;
    const conversation = await this.screens.reopen(tx, place, product, { causeId });
    if (!conversation) return;
    const { asks: _asks, orderId: _orderId, ...screen } = notice.draw(about, Reader.of(conversation, this.clock.now()));
    await conversation.send(screen);
  }
}

const waitingKey = (name: NoticeName, subject: string) => `shop-notice:${name}:${subject}`;
