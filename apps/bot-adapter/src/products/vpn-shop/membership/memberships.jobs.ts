import { Inject, Injectable } from '@nestjs/common';
import { Outbox } from '@switchboard/bus';
import { type Actor, type Bot, ListMySubscriptions, MembershipChanged } from '@switchboard/contracts';
import {
  BotsRegistry,
  Clock,
  defineJob,
  type JobRun,
  Jobs,
  LOG,
  type Log,
  type PayloadOf,
  Runs,
  Scheduled,
  ServiceClient,
  Slot,
} from '@switchboard/service-kit';
import { DataSource, type EntityManager } from 'typeorm';
import { z } from 'zod';
import { ShopSection } from '../../../bots/bot-sections';
import type { InboundMembership } from '../../../channels/channel';
import { ChannelsService } from '../../../channels/channels.service';
import { KnownPeopleService } from '../../../contacts/known-people.service';
import type { Conversation } from '../../../dialogs/conversation';
import { ShopNoticesJobs } from '../notices/shop-notices.jobs';
import { ShopMember } from './shop-member.entity';

const Key = z.object({ botId: z.string(), userId: z.uuid() });
type Key = z.output<typeof Key>;
/** Somebody seems to have left: who has left with one of their accounts may be in with another. */
const CheckMember = defineJob('check-shop-member', Key);
/** Somebody has left and was told so: is it still so, now that their time is over? */
const LetRest = defineJob('let-access-rest', Key);
const CheckMembers = defineJob('check-shop-members', Slot);

const HOUR_MS = 3_600_000;
/** The channel tells who leaves; now and then it is asked, because what it tells may be lost. */
const BELIEVED_MS = 24 * HOUR_MS;
const ATTEMPTS = 12;
const TIMEOUT_MS = 5000;
/** Of each bot by the hour, taken at random: nobody of whom it cannot be known keeps the others from being asked about. */
const CHECKED_AT_ONCE = 200;
/** Of which a person would miss something. */
const SERVED = ['trial', 'active', 'grace'];

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
    private readonly services: ServiceClient,
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
    const isMember = await this.isIn(key, wanted.chat, context.address.externalId);
    await this.db.transaction(async (tx) => {
      if (isMember === false && known?.isMember) await this.check(tx, key);
      else if (isMember !== undefined) await this.note(tx, key, isMember);
    });
    return isMember === false ? { url: wanted.url } : undefined;
  }

  /** As the channel tells it. */
  async changed(tx: EntityManager, bot: Bot, { of, member, isMember }: InboundMembership): Promise<void> {
    const wanted = this.wantedBy(bot.id)?.chat.toLowerCase();
    if (wanted === undefined || ![of.externalId, `@${of.username?.toLowerCase()}`].includes(wanted)) return;
    const known = await this.people.find(tx, bot, member.externalId);
    if (!known) return;
    const key = { botId: bot.id, userId: known.userId };
    if (isMember) await this.note(tx, key, true);
    else await this.check(tx, key);
  }

  @Runs(CheckMember)
  async checkOne(key: PayloadOf<typeof CheckMember>): Promise<void> {
    const wanted = this.wantedBy(key.botId);
    const isMember = wanted && (await this.isIn(key, wanted.chat));
    if (!wanted) return;
    if (isMember === undefined) throw new Error('it cannot be known whether somebody has left');
    const isToldSo = !isMember && (await this.wouldMiss(key));
    await this.db.transaction((tx) => this.note(tx, key, isMember, isToldSo));
  }

  @Scheduled('19 * * * *', CheckMembers, {
    purpose:
      'Asks the channel that a shop wants its people to be in about those of whom it has told nothing for a day, and lets the access of all go on where none is wanted any more.',
    timeoutMs: 600_000,
  })
  async checkAll(_: PayloadOf<typeof CheckMembers>, { signal }: JobRun): Promise<void> {
    await this.endForgotten();
    const before = new Date(this.clock.now().getTime() - BELIEVED_MS);
    for (const { id: botId } of this.bots.all()) {
      const wanted = this.wantedBy(botId);
      if (!wanted) continue;
      const rows = await this.db.query<{ userId: string; isMember: boolean }[]>(
        `SELECT user_id AS "userId", is_member AS "isMember" FROM shop_members
         WHERE bot_id = $1 AND (is_member OR rests) AND checked_at < $2 ORDER BY random() LIMIT ${CHECKED_AT_ONCE}`,
        [botId, before],
      );
      for (const { userId, isMember: wasMember } of rows) {
        if (signal.aborted) return;
        const key = { botId, userId };
        const isMember = await this.isIn(key, wanted.chat);
        if (isMember === undefined) continue;
        await this.db.transaction((tx) =>
          wasMember && !isMember ? this.check(tx, key) : this.note(tx, key, isMember),
        );
      }
    }
  }

  @Runs(LetRest)
  async letRest(key: PayloadOf<typeof LetRest>): Promise<void> {
    const wanted = this.wantedBy(key.botId);
    const isMember = wanted && (await this.isIn(key, wanted.chat));
    if (!wanted) return;
    if (isMember === undefined) throw new Error('nobody loses what they have paid for while that cannot be known');
    await this.db.transaction(async (tx) => {
      if (isMember) return this.note(tx, key, true);
      // Whoever is back has been noted, unless the channel says otherwise just now.
      const { affected } = await tx.update(ShopMember, { ...key, isMember: false, rests: false }, { rests: true });
      if (affected) await this.tellPayments(tx, key, false);
    });
  }

  /** Where no channel is wanted any more, nobody is kept out for one. Of a bot that is not known here nothing is known. */
  private async endForgotten(): Promise<void> {
    const resting = await this.db.manager.findBy(ShopMember, { rests: true });
    for (const { botId, userId } of resting) {
      const isKnown = this.bots.find(botId) ?? this.bots.archived(botId);
      if (!isKnown || this.wantedBy(botId)) continue;
      await this.db.transaction((tx) => this.note(tx, { botId, userId }, true));
    }
  }

  private async check(tx: EntityManager, key: Key): Promise<void> {
    await this.jobs.add(tx, CheckMember, key, { key: `check-member:${keyOf(key)}`, maxAttempts: ATTEMPTS });
  }

  /** @param isToldSo what comes of it for who has left */
  private async note(tx: EntityManager, key: Key, isMember: boolean, isToldSo = false): Promise<void> {
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
    if (isMember) await this.notices.takeBack(tx, keyOf(key), ['left']);
    if (isMember && before?.rests) await this.tellPayments(tx, key, true);
    if (!isMember && before?.is_member) await this.giveTime(tx, key, now, isToldSo);
  }

  /** From when they are told on. */
  private async giveTime(tx: EntityManager, key: Key, now: Date, isToldSo: boolean): Promise<void> {
    const { url, graceHours } = this.wantedBy(key.botId)!;
    const toldAt = (isToldSo && (await this.notices.quietUntil(tx, key))) || now;
    const restsAt = new Date(toldAt.getTime() + graceHours * HOUR_MS);
    await this.jobs.add(tx, LetRest, key, {
      key: `let-rest:${keyOf(key)}`,
      maxAttempts: ATTEMPTS,
      delayMs: restsAt.getTime() - now.getTime(),
    });
    if (!isToldSo) return;
    const about = { url, restsAt: restsAt.toISOString() };
    await this.notices.tell(tx, key, 'left', about, about.restsAt, keyOf(key));
  }

  /** Who has nothing has nothing to lose. */
  private async wouldMiss({ botId, userId }: Key): Promise<boolean> {
    const actor: Actor = { kind: 'person', id: userId, roles: [], scopes: ['me:read'] };
    const { data } = await this.services.call(
      ListMySubscriptions,
      { query: { botId } },
      { actor, timeoutMs: TIMEOUT_MS },
    );
    return data.some(({ status }) => SERVED.includes(status));
  }

  private async tellPayments(tx: EntityManager, key: Key, isMember: boolean) {
    await this.outbox.add(tx, MembershipChanged({ ...key, isMember, changedAt: this.clock.now().toISOString() }));
  }

  private wantedBy(botId: string) {
    return this.bots.section(botId, 'shop', ShopSection)?.membership;
  }

  /** With any of their accounts; undefined when it cannot be known. */
  private async isIn({ botId, userId }: Key, chat: string, present?: string): Promise<boolean | undefined> {
    const accounts = new Set(await this.people.privateAddresses(this.db.manager, botId, userId));
    if (present !== undefined) accounts.add(present);
    const answers = [];
    for (const externalId of accounts) {
      const answer = await this.ask(botId, chat, externalId);
      if (answer) return true;
      answers.push(answer);
    }
    return answers.length === 0 || answers.includes(undefined) ? undefined : false;
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

const keyOf = ({ botId, userId }: Key) => `${botId}:${userId}`;
