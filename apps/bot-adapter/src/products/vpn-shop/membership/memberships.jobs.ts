import { Inject, Injectable } from '@nestjs/common';
import { Outbox } from '@switchboard/bus';
import { type Bot, MembershipChanged } from '@switchboard/contracts';
import { BotsRegistry, Clock, defineJob, Jobs, LOG, type Log, type PayloadOf, Runs } from '@switchboard/service-kit';
import { DataSource, type EntityManager } from 'typeorm';
import { z } from 'zod';
import { ShopSection } from '../../../bots/bot-sections';
import type { InboundMembership } from '../../../channels/channel';
import { ChannelsService } from '../../../channels/channels.service';
import { KnownPeopleService } from '../../../contacts/known-people.service';
import type { Conversation } from '../../../dialogs/conversation';
import { ShopNoticesJobs } from '../notices/shop-notices.jobs';
import { ShopMember } from './shop-member.entity';

/** Somebody has left and was told so: is it still so, now that their time is over? */
const LetRest = defineJob('let-access-rest', z.object({ botId: z.string(), userId: z.uuid() }));

const HOUR_MS = 3_600_000;
/** The channel tells who leaves; now and then it is asked, because what it tells may be lost. */
const BELIEVED_MS = 24 * HOUR_MS;
const ATTEMPTS = 12;

/** The channel that a bot wants its people to be in. Who leaves is told, has time, and then their access rests until they are back. */
@Injectable()
export class MembershipsJobs {
  constructor(
    private readonly db: DataSource,
    private readonly jobs: Jobs,
    private readonly bots: BotsRegistry,
    private readonly channels: ChannelsService,
    private readonly people: KnownPeopleService,
    private readonly notices: ShopNoticesJobs,
    private readonly outbox: Outbox,
    private readonly clock: Clock,
    @Inject(LOG) private readonly log: Log,
  ) {}

  /** By which a person joins, who has to first; undefined for whoever is in, and where the channel cannot be asked. */
  async missing({ bot, context, place }: Conversation): Promise<{ readonly url: string } | undefined> {
    const wanted = this.wantedBy(bot.id);
    if (!wanted) return undefined;
    const key = { botId: bot.id, userId: place.userId };
    const known = await this.db.manager.findOneBy(ShopMember, key);
    const isFresh = known && this.clock.now().getTime() - known.checkedAt.getTime() < BELIEVED_MS;
    if (known?.isMember && isFresh) return undefined;
    const isMember = await this.ask(bot.id, wanted.chat, context.address.externalId);
    if (isMember !== undefined) await this.db.transaction((tx) => this.note(tx, key, isMember));
    return isMember === false ? { url: wanted.url } : undefined;
  }

  /** As the channel tells it. */
  async changed(tx: EntityManager, bot: Bot, { of, member, isMember }: InboundMembership): Promise<void> {
    const wanted = this.wantedBy(bot.id)?.chat.toLowerCase();
    if (wanted === undefined || ![of.externalId, `@${of.username?.toLowerCase()}`].includes(wanted)) return;
    const known = await this.people.find(tx, bot, member.externalId);
    if (known) await this.note(tx, { botId: bot.id, userId: known.userId }, isMember);
  }

  @Runs(LetRest)
  async letRest({ botId, userId }: PayloadOf<typeof LetRest>): Promise<void> {
    const wanted = this.wantedBy(botId);
    const externalId = await this.people.privateAddress(this.db.manager, botId, userId);
    if (!wanted || externalId === undefined) return;
    const isMember = await this.ask(botId, wanted.chat, externalId);
    if (isMember === undefined) throw new Error('nobody loses what they have paid for while that cannot be known');
    await this.db.transaction(async (tx) => {
      const key = { botId, userId };
      if (isMember) return this.note(tx, key, true);
      // Whoever is back has been noted, unless the channel says otherwise just now.
      const { affected } = await tx.update(ShopMember, { ...key, isMember: false, rests: false }, { rests: true });
      if (affected) await this.tellPayments(tx, key, false);
    });
  }

  private async note(tx: EntityManager, key: { botId: string; userId: string }, isMember: boolean): Promise<void> {
    const now = this.clock.now();
    const [before] = await tx.query<{ is_member: boolean; rests: boolean }[]>(
      `SELECT is_member, rests FROM shop_members WHERE bot_id = $1 AND user_id = $2 FOR UPDATE`,
      [key.botId, key.userId],
    );
    const changedAt = before?.is_member === isMember ? {} : { changedAt: now };
    const row = { ...key, isMember, checkedAt: now, ...changedAt, ...(isMember && { rests: false }) };
    if (before) await tx.update(ShopMember, key, row);
    else
      await tx
        .createQueryBuilder()
        .insert()
        .into(ShopMember)
        .values({ rests: false, changedAt: now, ...row })
        .orIgnore()
        .execute();
    if (isMember && before?.rests) await this.tellPayments(tx, key, true);
    if (!isMember && before?.is_member) await this.giveTime(tx, key, now);
  }

  private async giveTime(tx: EntityManager, key: { botId: string; userId: string }, now: Date): Promise<void> {
    const { url, graceHours } = this.wantedBy(key.botId)!;
    const delayMs = graceHours * HOUR_MS;
    const restsAt = new Date(now.getTime() + delayMs).toISOString();
    await this.jobs.add(tx, LetRest, key, {
      key: `let-rest:${key.botId}:${key.userId}`,
      maxAttempts: ATTEMPTS,
      delayMs,
    });
    await this.notices.tell(tx, key, 'left', { url, restsAt }, restsAt);
  }

  private async tellPayments(tx: EntityManager, key: { botId: string; userId: string }, isMember: boolean) {
    await this.outbox.add(tx, MembershipChanged({ ...key, isMember, changedAt: this.clock.now().toISOString() }));
  }

  private wantedBy(botId: string) {
    return this.bots.section(botId, 'shop', ShopSection)?.membership;
  }

  /** Undefined when it cannot be known: nobody is kept out for that. */
  private async ask(botId: string, chat: string, externalId: string): Promise<boolean | undefined> {
    try {
      return await this.channels.find(botId)?.isMember?.(chat, externalId);
    } catch (error) {
      this.log.warn({ err: error, bot: botId, chat }, 'it cannot be known who is in the channel that the bot asks for');
      return undefined;
    }
  }
}
