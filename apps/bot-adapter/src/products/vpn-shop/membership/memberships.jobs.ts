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
/** For all bots together, so that it ends before its time is over. Whoever is not reached is first in the next hour. */
const CHECK_WITHIN_MS = 480_000;
const AT_ONCE = 50;
/** Of these it matters most: they may be back, have paid, and are not served. */
const OUTSIDE = 'NOT is_member AND (rests OR rests_at <= $2)';
const INSIDE = 'is_member';
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
    const isMember = inWithAny(await this.ask(key, wanted.chat, context.address.externalId));
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
  async checkOne(key: PayloadOf<typeof CheckMember>, run: JobRun): Promise<void> {
    const isMember = await this.isIn(key, run);
    if (isMember === undefined) return;
    const isToldSo = !isMember && (await this.wouldMiss(key));
    await this.db.transaction((tx) => this.note(tx, key, isMember, isToldSo));
  }

  @Scheduled('19 * * * *', CheckMembers, {
    purpose:
      'Asks the channel that a shop wants its people to be in about those who are not served because they have left, and about the others of whom it has told nothing for a day; and lets the access of all go on where none is wanted any more.',
    timeoutMs: 600_000,
  })
  async checkAll(_: PayloadOf<typeof CheckMembers>, { signal }: JobRun): Promise<void> {
    const end = performance.now() + CHECK_WITHIN_MS;
    await this.endForgotten(signal);
    const bots = this.bots.all().filter(({ id }) => this.wantedBy(id));
    for (const [i, { id }] of bots.entries()) {
      const now = this.clock.now();
      const share = (end - performance.now()) / (bots.length - i);
      const [half, whole] = [performance.now() + share / 2, performance.now() + share];
      await this.checkThose(OUTSIDE, id, now, () => signal.aborted || performance.now() > half);
      const before = new Date(now.getTime() - BELIEVED_MS);
      await this.checkThose(INSIDE, id, before, () => signal.aborted || performance.now() > whole);
    }
  }

  @Runs(LetRest)
  async letRest(key: PayloadOf<typeof LetRest>, run: JobRun): Promise<void> {
    const isMember = await this.isIn(key, run);
    if (isMember === undefined) return;
    await this.db.transaction((tx) => (isMember ? this.note(tx, key, true) : this.rest(tx, key)));
  }

  /** Who was not asked about since `before`, the longest ago first. */
  private async checkThose(who: string, botId: string, before: Date, isOver: () => boolean): Promise<void> {
    for (;;) {
      const wanted = this.wantedBy(botId);
      if (!wanted || isOver()) return;
      // They count as asked about, whatever comes of it: nobody of whom it cannot be known keeps the others from being asked about.
      const [[next]] = await this.db.query<[{ userId: string; isMember: boolean }[], number]>(
        `UPDATE shop_members SET checked_at = $3 WHERE bot_id = $1 AND user_id = (
           SELECT user_id FROM shop_members WHERE bot_id = $1 AND ${who} AND checked_at < $2
           ORDER BY checked_at LIMIT 1 FOR UPDATE SKIP LOCKED)
         RETURNING user_id AS "userId", is_member AS "isMember"`,
        [botId, before, this.clock.now()],
      );
      if (!next) return;
      const key = { botId, userId: next.userId };
      const isMember = inWithAny(await this.ask(key, wanted.chat));
      if (isMember === undefined) continue;
      await this.db.transaction((tx) => {
        if (isMember) return this.note(tx, key, true);
        return next.isMember ? this.check(tx, key) : this.rest(tx, key);
      });
    }
  }

  /** Where no channel is wanted any more, nobody is kept out for one. Of a bot that is not known here nothing is known. */
  private async endForgotten(signal: AbortSignal): Promise<void> {
    const bots = await this.db.query<{ id: string }[]>(
      'SELECT DISTINCT bot_id AS id FROM shop_members WHERE NOT is_member AND rests',
    );
    for (const { id: botId } of bots) {
      const where = { botId, isMember: false, rests: true };
      const isKnown = this.bots.find(botId) ?? this.bots.archived(botId);
      for (let found = AT_ONCE; isKnown && found === AT_ONCE && !signal.aborted && !this.wantedBy(botId);) {
        const resting = await this.db.manager.find(ShopMember, { where, take: AT_ONCE });
        for (const { userId } of resting) await this.db.transaction((tx) => this.note(tx, { botId, userId }, true));
        found = resting.length;
      }
    }
  }

  private async check(tx: EntityManager, key: Key): Promise<void> {
    await this.jobs.add(tx, CheckMember, key, { key: `check-member:${keyOf(key)}`, maxAttempts: ATTEMPTS });
  }

  /** @param isToldSo what comes of it for who has left */
  private async note(tx: EntityManager, key: Key, isMember: boolean, isToldSo = false): Promise<void> {
    const now = this.clock.now();
    const before = await this.lock(tx, key);
    const changedAt = before?.isMember === isMember ? {} : { changedAt: now };
    const row = { ...key, isMember, checkedAt: now, ...changedAt, ...(isMember && { rests: false, restsAt: null }) };
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
    if (isMember && before?.rests) await this.tellPayments(tx, before, true);
    if (!isMember && before?.isMember) await this.giveTime(tx, key, now, isToldSo);
  }

  private lock(tx: EntityManager, key: Key): Promise<ShopMember | null> {
    return tx.findOne(ShopMember, { where: key, lock: { mode: 'pessimistic_write' } });
  }

  /** Whoever is back has been noted, unless the channel says otherwise just now. */
  private async rest(tx: EntityManager, key: Key): Promise<void> {
    const member = await this.lock(tx, key);
    if (!member || member.isMember || (member.rests && member.toldAt)) return;
    await tx.update(ShopMember, key, { rests: true });
    await this.tellPayments(tx, member, false);
  }

  /** From when they are told on. */
  private async giveTime(tx: EntityManager, key: Key, now: Date, isToldSo: boolean): Promise<void> {
    const { url, graceHours } = this.wantedBy(key.botId)!;
    const toldAt = (isToldSo && (await this.notices.quietUntil(tx, key))) || now;
    const restsAt = new Date(toldAt.getTime() + graceHours * HOUR_MS);
    await tx.update(ShopMember, key, { restsAt });
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

  /** Later than what it was told before, whatever the clock of the process was that did so: it believes what is latest. */
  private async tellPayments(tx: EntityManager, { botId, userId, toldAt }: ShopMember, isMember: boolean) {
    const now = this.clock.now().getTime();
    const changedAt = new Date(Math.max(now, toldAt ? toldAt.getTime() + 1 : now));
    await tx.update(ShopMember, { botId, userId }, { toldAt: changedAt });
    await this.outbox.add(tx, MembershipChanged({ botId, userId, isMember, changedAt: changedAt.toISOString() }));
  }

  private wantedBy(botId: string) {
    return this.bots.section(botId, 'shop', ShopSection)?.membership;
  }

  /** For a job, which is tried again while it cannot be known. Undefined where nobody is to be in, and of who is gone. */
  private async isIn(key: Key, { isLastAttempt }: JobRun): Promise<boolean | undefined> {
    const wanted = this.wantedBy(key.botId);
    const answers = wanted ? await this.ask(key, wanted.chat) : [];
    if (answers.length === 0) return undefined;
    // One that can never be asked about does not stand for those that have left.
    const isMember = inWithAny(isLastAttempt && answers.includes(false) ? answers.filter(isKnown) : answers);
    if (isMember === undefined) throw new Error('getChatMember failed: nobody loses what they have paid for by that');
    return isMember;
  }

  /** Of each of their accounts, until one is in. */
  private async ask({ botId, userId }: Key, chat: string, present?: string): Promise<Answer[]> {
    const accounts = new Set(await this.people.privateAddresses(this.db.manager, botId, userId));
    if (present !== undefined) accounts.add(present);
    const answers: Answer[] = [];
    for (const externalId of accounts) {
      answers.push(await this.askOf(botId, chat, externalId));
      if (answers.at(-1)) break;
    }
    return answers;
  }

  /** Undefined when it cannot be known: nobody is kept out for that. */
  private async askOf(botId: string, chat: string, externalId: string): Promise<Answer> {
    try {
      return await this.channels.find(botId)?.isMember?.(chat, externalId);
    } catch (error) {
      this.log.warn({ err: error, bot: botId, chat }, 'getChatMember failed: who is in the channel cannot be known');
      return undefined;
    }
  }
}

/** Whether an account is in; undefined when that cannot be known. */
type Answer = boolean | undefined;

const isKnown = (answer: Answer) => answer !== undefined;

function inWithAny(answers: readonly Answer[]): Answer {
  if (answers.includes(true)) return true;
  return answers.length > 0 && answers.every(isKnown) ? false : undefined;
}

const keyOf = ({ botId, userId }: Key) => `${botId}:${userId}`;
