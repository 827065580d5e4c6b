import { Inject, Injectable } from '@nestjs/common';
import { isInfrastructureError } from '@switchboard/bus';
import type { Bot } from '@switchboard/contracts';
import { BotsRegistry, Clock, LOG, type Log } from '@switchboard/service-kit';
import { Counter, Registry } from 'prom-client';
import { DataSource, type EntityManager } from 'typeorm';
import {
  type Channel,
  type Inbound,
  type InboundEdit,
  type InboundPerson,
  type InboundUpdate,
  personId,
} from '../channels/channel';
import { UnreadableUpdate } from '../channels/channel-errors';
import { ChannelsService } from '../channels/channels.service';
import { ChannelPaymentsService } from '../channel-payments/channel-payments.service';
import { CheckoutsService } from '../channel-payments/checkouts.service';
import { type ChatContext, ContactsService } from '../contacts/contacts.service';
import { DeliveriesRepository } from '../deliveries/deliveries.repository';
import { DeliveriesService } from '../deliveries/deliveries.service';
import { DEEP_LINK_LIMIT, ProductRouter, type Routed } from '../dialogs/product-router.service';
import { shorten } from '../rich-text/cut-points';
import { CommentRepliesJobs } from './comment-replies.jobs';
import { EchoesJobs } from './echoes.jobs';
import { InboundUpdateRow } from './inbound-update.entity';
import { type QuarantineFilter, QuarantineService } from './quarantine.service';
import { ReceiptsService } from './receipts.service';
import { TurnAwayJobs } from './turn-away.jobs';

/** Of updates that were held; between batches it is looked whether the bot was paused again. */
const RELEASED_AT_ONCE = 50;

/** What came of updates that were tried again. */
export interface Replayed {
  readonly processed: number;
  readonly failed: number;
}

/** Takes what channels bring: each update once, with everything it leads to, in one transaction. */
@Injectable()
export class InboundUpdatesService {
  private readonly updates: Counter<'bot' | 'kind'>;
  /** Bots of which this process has held something that was not released since: what is written now comes behind that. */
  private readonly resting = new Set<string>();

  constructor(
    private readonly db: DataSource,
    private readonly bots: BotsRegistry,
    private readonly channels: ChannelsService,
    private readonly contacts: ContactsService,
    private readonly payments: ChannelPaymentsService,
    private readonly checkouts: CheckoutsService,
    private readonly deliveries: DeliveriesService,
    private readonly deliveryRows: DeliveriesRepository,
    private readonly router: ProductRouter,
    private readonly quarantine: QuarantineService,
    private readonly turnAway: TurnAwayJobs,
    private readonly echoes: EchoesJobs,
    private readonly receipts: ReceiptsService,
    private readonly comments: CommentRepliesJobs,
    private readonly clock: Clock,
    registry: Registry,
    @Inject(LOG) private readonly log: Log,
  ) {
    this.updates = new Counter({
      name: 'updates_total',
      help: 'Updates taken from channels, by what they were.',
      labelNames: ['bot', 'kind'],
      registers: [registry],
    });
  }

  /**
   * Processes an update, or puts it into quarantine when it cannot be: it must not hold up what comes behind it. Throws only
   * what kept us from either just now; the channel then keeps the update.
   */
  async process(update: InboundUpdate): Promise<void> {
    const bot = this.bots.find(update.botId);
    const channel = this.channels.find(update.botId);
    // Not taken: it may have been removed by mistake, or come back.
    if (!bot || !channel) throw new Error(`there is no bot ${update.botId} here`);
    let inbound: Inbound[];
    try {
      inbound = await read(channel, update.content);
    } catch (error) {
      if (!(error instanceof UnreadableUpdate)) throw error;
      return this.quarantineUpdate(update, error);
    }
    // Answered while the channel waits, so before anything is written and outside of any transaction.
    for (const each of inbound) if (each.kind === 'checkout') await this.checkouts.answer(bot, channel, each);
    try {
      const taken = await this.db.transaction(async (tx) => {
        if (!(await this.record(tx, update))) return 'duplicate';
        const outcomes = [];
        for (const each of inbound) outcomes.push(await this.apply(tx, bot, channel, each));
        if (!outcomes.includes('held')) return inbound;
        await this.quarantine.hold(tx, update);
        this.resting.add(bot.id);
        return 'held';
      });
      this.count(update.botId, taken);
      if (typeof taken !== 'string') for (const each of taken) this.markRead(bot, channel, each);
    } catch (error) {
      if (isInfrastructureError(error)) throw error;
      await this.quarantineUpdate(update, error);
    }
  }

  /** What a channel brings of accounts that no bot has: somebody has let our app in, and connected nothing here. */
  dropped(updates: number): void {
    if (updates > 0) this.updates.inc({ bot: '', kind: 'of_nobody' }, updates);
  }

  /** Nobody waits for it, and whether the person sees it changes nothing. */
  private markRead(bot: Bot, channel: Channel, inbound: Inbound): void {
    if (inbound.kind !== 'message' && inbound.kind !== 'command') return;
    channel
      .markRead?.(inbound.chat, inbound.externalMessageId)
      .catch((error: unknown) => this.log.debug({ err: error, bot: bot.id }, 'a message was not marked as read'));
  }

  /** Processes what is in quarantine once more, in the order in which it came. What fails again stays there. */
  async replay(filter: QuarantineFilter = {}): Promise<Replayed> {
    return this.replayAll(await this.quarantine.keys(filter));
  }

  /** The same of one. @throws DomainError when it is not in quarantine */
  async replaySingle(key: Pick<InboundUpdateRow, 'botId' | 'updateId'>): Promise<Replayed> {
    await this.quarantine.read(key);
    return this.replayAll([key]);
  }

  private async replayAll(rows: readonly Pick<InboundUpdateRow, 'botId' | 'updateId'>[]): Promise<Replayed> {
    const outcome = { processed: 0, failed: 0 };
    for (const row of rows) {
      const result = await this.replayOne(row);
      if (result) outcome[result] += 1;
    }
    this.log.info(outcome, 'updates in quarantine were replayed');
    return outcome;
  }

  /**
   * Processes what was held while the bot was paused, in the order in which it came, unless it is paused again. With webhooks and
   * several processes something that is written just then may come in between.
   */
  async release(botId: string, signal?: AbortSignal): Promise<void> {
    for (let released = 0; this.bots.find(botId)?.isPaused === false;) {
      const rows = await this.quarantine.held(botId, RELEASED_AT_ONCE);
      for (const row of rows) {
        if (signal?.aborted) return;
        await this.replayOne(row);
      }
      released += rows.length;
      if (rows.length > 0) continue;
      if (released > 0) this.log.info({ bot: botId, released }, 'what was written to a paused bot was processed');
      // Once more when something was held meanwhile.
      if (!this.resting.delete(botId)) return;
    }
  }

  /** Undefined when another replay was faster. */
  private async replayOne(key: Pick<InboundUpdateRow, 'botId' | 'updateId'>): Promise<keyof Replayed | undefined> {
    const { botId } = key;
    const bot = this.bots.find(botId);
    const channel = this.channels.find(botId);
    try {
      if (!bot || !channel) throw new Error(`there is no bot ${botId} any more`);
      return await this.db.transaction(async (tx) => {
        const taken = await this.quarantine.take(tx, key);
        if (!taken) return undefined;
        const inbound = await read(channel, taken.content);
        for (const each of inbound) await this.apply(tx, bot, channel, each, { isReplay: true });
        this.count(botId, inbound);
        return 'processed';
      });
    } catch (error) {
      if (isInfrastructureError(error)) throw error;
      await this.quarantine.failedAgain(key, error);
      return 'failed';
    }
  }

  /** False when it was taken before. */
  private async record(tx: EntityManager, { botId, id }: InboundUpdate): Promise<boolean> {
    const { raw } = await tx
      .createQueryBuilder()
      .insert()
      .into(InboundUpdateRow)
      .values({ botId, updateId: id, receivedAt: this.clock.now() })
      .orIgnore()
      .returning('update_id')
      .execute();
    return (raw as unknown[]).length > 0;
  }

  private async quarantineUpdate(update: InboundUpdate, error: unknown): Promise<void> {
    this.updates.inc({ bot: update.botId, kind: 'quarantined' });
    await this.quarantine.put(update, error);
  }

  private count(bot: string, what: Inbound[] | 'duplicate' | 'held'): void {
    const kinds = typeof what === 'string' ? [what] : what.length > 0 ? what.map(({ kind }) => kind) : ['ignored'];
    for (const kind of kinds) this.updates.inc({ bot, kind });
  }

  private async apply(
    tx: EntityManager,
    bot: Bot,
    channel: Channel,
    inbound: Inbound,
    how: { isReplay?: boolean } = {},
  ): Promise<'held' | void> {
    const { account } = channel;
    const rests = bot.isPaused && !how.isReplay;
    const isBehind = !bot.isPaused && !how.isReplay && this.resting.has(bot.id);
    switch (inbound.kind) {
      case 'moved':
        return this.moved(tx, bot, inbound.from, inbound.to);
      case 'blocked':
      case 'muted':
      case 'unblocked': {
        // Blocked by someone never met: nobody to tell of.
        const chat = await this.contacts.findChat(tx, bot, inbound.chat.externalId);
        if (!chat) return;
        if (inbound.kind === 'unblocked') return this.contacts.unblock(tx, chat);
        if (inbound.kind === 'muted') return this.contacts.mute(tx, chat);
        return this.contacts.block(tx, chat, inbound.sentAt);
      }
      case 'stopped': {
        const chat = await this.contacts.findChat(tx, bot, inbound.chat.externalId);
        return chat ? this.router.stopped(tx, bot, chat, inbound) : undefined;
      }
      case 'member-changed':
        return this.router.memberChanged(tx, bot, inbound);
      case 'checkout':
        return;
      // Whatever becomes of the bot, and whether or not it listens to the person: the money has moved.
      case 'paid':
        return this.payments.received(tx, bot, account, inbound);
      case 'refunded':
      case 'renewal-changed': {
        const isKnown =
          inbound.kind === 'refunded'
            ? await this.payments.refunded(tx, bot, inbound)
            : await this.payments.renewalChanged(tx, bot, inbound);
        if (!isKnown) this.log.warn({ bot: bot.id, what: inbound.kind }, 'of a payment of somebody who is not known');
        return;
      }
      case 'echo': {
        const chat = await this.contacts.findChat(tx, bot, inbound.chat.externalId);
        return chat ? this.echoes.received(tx, chat, inbound) : undefined;
      }
      case 'status': {
        const chat = await this.contacts.findChat(tx, bot, inbound.chat.externalId);
        return chat ? this.receipts.status(tx, chat, inbound) : undefined;
      }
      case 'reaction': {
        const chat = await this.contacts.findChat(tx, bot, inbound.chat.externalId);
        return chat ? this.receipts.reaction(tx, bot, chat, inbound) : undefined;
      }
      // Also of somebody who is not listened to: it is their right.
      case 'deleted':
        return this.receipts.deleted(tx, bot, account, inbound);
      case 'comment':
        if (rests) return channel.comments?.isWanted(inbound) ? 'held' : undefined;
        return this.comments.received(tx, bot, channel, inbound);
      case 'disconnected':
        this.log.error(
          { bot: bot.id, reason: inbound.reason },
          'the account of a bot was disconnected from its channel',
        );
        return;
      case 'referral': {
        const { ref, ...by } = inbound;
        return this.apply(tx, bot, channel, { ...by, kind: 'command', name: 'start', argument: ref }, how);
      }
      case 'edited': {
        // Only what was meant for the bot is known; of everything else nothing is kept, not even who said it.
        const { chat, externalMessageId } = inbound;
        const known = await this.contacts.findMessage(tx, bot, account, chat.externalId, externalMessageId);
        if (rests || isBehind) {
          // In a private chat it may be of a message that is held itself.
          const isForUs = known !== null || chat.kind === 'private';
          return isForUs && this.contacts.access(bot, inbound.from) === 'allowed' ? 'held' : undefined;
        }
        const isHeard = known && (await this.enter(tx, bot, account, inbound, how));
        return isHeard ? this.router.edited(tx, bot, known, inbound) : undefined;
      }
      default: {
        const context = await this.enter(tx, bot, account, inbound, how);
        if (context && rests) return this.router.rest(tx, context, inbound);
        if (context && isBehind && (inbound.kind === 'message' || inbound.kind === 'command')) return 'held';
        return context && this.router.route(tx, context, inbound);
      }
    }
  }

  /** Whoever the bot does not talk to, or who is too fast, is not heard; they may be told so. Nor is who writes where it may not. */
  private async enter(
    tx: EntityManager,
    bot: Bot,
    account: string,
    inbound: Routed | InboundEdit,
    how: { isReplay?: boolean },
  ): Promise<ChatContext | undefined> {
    const access = this.contacts.access(bot, inbound.from);
    if (access !== 'allowed') {
      this.updates.inc({ bot: bot.id, kind: access });
      if (access === 'not_invited') await this.turnAway.request(tx, bot, inbound);
      return undefined;
    }
    const isStart = inbound.kind === 'command' && inbound.name === 'start';
    const deepLink = isStart ? shorten(inbound.argument, DEEP_LINK_LIMIT) : undefined;
    const resolved = await this.contacts.resolveContact(tx, bot, account, inbound, { deepLink, ...how });
    if (!('context' in resolved)) {
      if (resolved.restriction) {
        this.updates.inc({ bot: bot.id, kind: 'restricted' });
        if (inbound.kind !== 'edited') await this.router.turnAway(tx, resolved, resolved.restriction, inbound);
        return undefined;
      }
      if (!resolved.chat.mutedUntil) return resolved;
      // An answer would be paid for, and refused.
      this.updates.inc({ bot: bot.id, kind: 'may_not_write' });
      return undefined;
    }
    this.updates.inc({ bot: bot.id, kind: 'too_fast' });
    await this.router.slowDown(tx, resolved, inbound);
    return undefined;
  }

  private async moved(tx: EntityManager, bot: Bot, from: string, to: string): Promise<void> {
    const known = await this.contacts.findChat(tx, bot, from);
    const moved = known && (await this.contacts.move(tx, known, to));
    if (!moved) return;
    if (moved.superseded) await this.deliveryRows.repoint(tx, moved.superseded.id, moved.chat.id);
    await this.deliveries.wake(tx, moved.chat.id);
  }
}

const read = async (channel: Channel, content: unknown): Promise<Inbound[]> =>
  (await channel.parse(content)).map((inbound) => withPersonOf(channel, inbound));

/** The person by the id that counts here; the chat keeps the one by which the channel finds it. */
function withPersonOf(channel: Channel, inbound: Inbound): Inbound {
  const known = (person: InboundPerson) => ({ ...person, externalId: personId(channel, person.externalId) });
  if (inbound.kind === 'member-changed') return { ...inbound, member: known(inbound.member) };
  if (inbound.kind === 'moved' || !('from' in inbound)) return inbound;
  return { ...inbound, from: known(inbound.from) };
}
