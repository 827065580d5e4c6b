import { Inject, Injectable } from '@nestjs/common';
import { isInfrastructureError } from '@switchboard/bus';
import type { Bot } from '@switchboard/contracts';
import { BotsRegistry, Clock, FieldCipher, Jobs, LOG, type Log } from '@switchboard/service-kit';
import { Counter, Gauge, Registry } from 'prom-client';
import { DataSource, type EntityManager, IsNull, Not } from 'typeorm';
import type { Inbound, InboundUpdate } from '../channels/channel';
import { UnreadableUpdate } from '../channels/channel-errors';
import { ChannelsService } from '../channels/channels.service';
import { ChatAddresses } from '../contacts/chat-addresses';
import { ContactsService } from '../contacts/contacts.service';
import { InboundMessageRow } from '../contacts/inbound-message.entity';
import { DeliveriesRepository } from '../deliveries/deliveries.repository';
import { DeliveriesService } from '../deliveries/deliveries.service';
import { ProductRouter, type Routed } from '../dialogs/product-router.service';
import { InboundUpdateRow } from './inbound-update.entity';
import { TurnAway, TurnAwayJobs } from './turn-away.jobs';

const CONTENT = 'inbound_updates.content';

/** Telegram: at most 64 characters. */
const DEEP_LINK_LIMIT = 64;

/** What came of updates that were tried again. */
export interface Replayed {
  readonly processed: number;
  readonly failed: number;
}

/** Takes what channels bring: each update once, with everything it leads to, in one transaction. */
@Injectable()
export class InboundUpdatesService {
  private readonly updates: Counter<'bot' | 'kind'>;

  constructor(
    private readonly db: DataSource,
    private readonly bots: BotsRegistry,
    private readonly channels: ChannelsService,
    private readonly contacts: ContactsService,
    private readonly addresses: ChatAddresses,
    private readonly deliveries: DeliveriesService,
    private readonly deliveryRows: DeliveriesRepository,
    private readonly router: ProductRouter,
    private readonly jobs: Jobs,
    private readonly turnAways: TurnAwayJobs,
    private readonly cipher: FieldCipher,
    private readonly clock: Clock,
    registry: Registry,
    @Inject(LOG) private readonly log: Log,
  ) {
    const registers = [registry];
    this.updates = new Counter({
      name: 'updates_total',
      help: 'Updates taken from channels, by what they were.',
      labelNames: ['bot', 'kind'],
      registers,
    });
    new Gauge({
      name: 'updates_quarantined',
      help: 'Updates that could not be processed and wait to be replayed, in the whole installation: every process tells the same.',
      labelNames: ['bot'],
      registers,
      async collect() {
        const rows = await quarantined(db).catch(() => undefined);
        if (!rows) return;
        this.reset();
        for (const { id } of bots.all()) this.set({ bot: id }, 0);
        for (const { bot, count } of rows) this.set({ bot }, count);
      },
    });
  }

  /**
   * Processes an update, or puts it into quarantine when it cannot be: it must not hold up what comes behind it. Throws only
   * what kept us from either just now; the channel then keeps the update.
   */
  async process(update: InboundUpdate): Promise<void> {
    const bot = this.bots.find(update.botId);
    const channel = this.channels.find(update.botId);
    if (!bot || !channel) return;
    let inbound: Inbound[];
    try {
      inbound = await channel.parse(update.content);
    } catch (error) {
      if (!(error instanceof UnreadableUpdate)) throw error;
      return this.quarantine(update, error);
    }
    try {
      const isFirst = await this.db.transaction(async (tx) => {
        if (!(await this.record(tx, update))) return false;
        for (const each of inbound) await this.apply(tx, bot, each);
        return true;
      });
      this.count(update.botId, isFirst ? inbound : 'duplicate');
    } catch (error) {
      if (isInfrastructureError(error)) throw error;
      await this.quarantine(update, error);
    }
  }

  /** Processes what is in quarantine once more, in the order in which it came. What fails again stays there. */
  async replay(filter: { botId?: string | undefined } = {}): Promise<Replayed> {
    const rows = await this.db.manager.find(InboundUpdateRow, {
      where: { failure: Not(IsNull()), ...(filter.botId && { botId: filter.botId }) },
      order: { seq: 'ASC' },
      select: { botId: true, updateId: true },
    });
    const outcome = { processed: 0, failed: 0 };
    for (const row of rows) {
      const result = await this.replayOne(row);
      if (result) outcome[result] += 1;
    }
    this.log.info(outcome, 'updates in quarantine were replayed');
    return outcome;
  }

  async quarantined(): Promise<{ bot: string; count: number; failures: string[] }[]> {
    return quarantined(this.db);
  }

  /** Forgets what is in quarantine of a person: nothing but the channel's id in the content says whose it is. */
  async forgetQuarantined(tx: EntityManager, userId: string): Promise<void> {
    const ids = await this.contacts.externalIdsOf(tx, userId);
    if (ids.length === 0) return;
    for (const row of await tx.findBy(InboundUpdateRow, { content: Not(IsNull()) })) {
      const content = this.cipher.tryDecrypt(row.content!, CONTENT, rowIdOf(row));
      const words = new Set(content?.match(/[^\s"{}[\],:]+/g));
      if (!ids.some((id) => words.has(id))) continue;
      const { botId, updateId } = row;
      await tx.update(InboundUpdateRow, { botId, updateId }, { failure: null, content: null });
    }
  }

  /** Undefined when another replay was faster. */
  private async replayOne({ botId, updateId }: InboundUpdateRow): Promise<keyof Replayed | undefined> {
    const key = { botId, updateId };
    const bot = this.bots.find(botId);
    const channel = this.channels.find(botId);
    try {
      if (!bot || !channel) throw new Error(`there is no bot ${botId} any more`);
      return await this.db.transaction(async (tx) => {
        // A second replay waits here for the first one: overtaking it, it would change the order.
        const lock = { mode: 'pessimistic_write' } as const;
        const row = await tx.findOne(InboundUpdateRow, { where: { ...key, failure: Not(IsNull()) }, lock });
        if (!row?.content) return undefined;
        const content = JSON.parse(this.cipher.decrypt(row.content, CONTENT, rowIdOf(row))) as unknown;
        const inbound = await channel.parse(content);
        for (const each of inbound) await this.apply(tx, bot, each);
        await tx.update(InboundUpdateRow, key, { failure: null, content: null });
        this.count(botId, inbound);
        return 'processed';
      });
    } catch (error) {
      if (isInfrastructureError(error)) throw error;
      this.log.error(
        { err: error, bot: botId, updateId },
        'an update in quarantine could not be processed this time either',
      );
      await this.db.manager.update(InboundUpdateRow, key, { failure: reasonOf(error) });
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

  private async quarantine({ botId, id, content }: InboundUpdate, error: unknown): Promise<void> {
    this.log.error({ err: error, bot: botId, updateId: id }, 'an update could not be processed and is in quarantine');
    this.updates.inc({ bot: botId, kind: 'quarantined' });
    const row = {
      botId,
      updateId: id,
      receivedAt: this.clock.now(),
      failure: reasonOf(error),
      content: this.cipher.encrypt(JSON.stringify(content ?? null), CONTENT, rowIdOf({ botId, updateId: id })),
    };
    await this.db.createQueryBuilder().insert().into(InboundUpdateRow).values(row).orIgnore().execute();
  }

  private count(bot: string, what: Inbound[] | 'duplicate'): void {
    const kinds = what === 'duplicate' ? [what] : what.length > 0 ? what.map(({ kind }) => kind) : ['ignored'];
    for (const kind of kinds) this.updates.inc({ bot, kind });
  }

  private async apply(tx: EntityManager, bot: Bot, inbound: Inbound): Promise<void> {
    switch (inbound.kind) {
      case 'moved':
        return this.moved(tx, bot, inbound.from, inbound.to);
      case 'blocked':
      case 'unblocked': {
        // Blocked by someone never met: nobody to tell of.
        const chat = await this.contacts.findChat(tx, bot, inbound.chat.externalId);
        if (!chat) return;
        return inbound.kind === 'blocked' ? this.contacts.block(tx, chat) : this.contacts.unblock(tx, chat);
      }
      case 'stopped': {
        const chat = await this.contacts.findChat(tx, bot, inbound.chat.externalId);
        return chat ? this.router.stopped(tx, bot, chat) : undefined;
      }
      case 'edited': {
        // Only what was meant for the bot is known; of everything else nothing is kept, not even who said it.
        const { chat, externalMessageId } = inbound;
        const externalChatHash = this.addresses.hash(bot.channel.kind, chat.externalId);
        const key = { botId: bot.id, externalChatHash, externalMessageId };
        const known = await tx.findOneBy(InboundMessageRow, key);
        return known ? this.router.edited(tx, bot, known, inbound) : undefined;
      }
      default:
        return this.route(tx, bot, inbound);
    }
  }

  private async route(tx: EntityManager, bot: Bot, inbound: Routed): Promise<void> {
    const access = this.contacts.access(bot, inbound.from);
    if (access !== 'allowed') {
      this.updates.inc({ bot: bot.id, kind: access });
      return access === 'not_invited' ? this.turnAway(tx, bot, inbound) : undefined;
    }
    const isStart = inbound.kind === 'command' && inbound.name === 'start';
    const deepLink = isStart ? inbound.argument.slice(0, DEEP_LINK_LIMIT) : undefined;
    const resolved = await this.contacts.resolveContact(tx, bot, inbound, deepLink);
    if ('context' in resolved) {
      this.updates.inc({ bot: bot.id, kind: 'too_fast' });
      return this.router.slowDown(tx, resolved, inbound);
    }
    return this.router.route(tx, resolved, inbound);
  }

  /** Whoever was not invited is told so, at most once a minute, and nothing of theirs is kept. */
  private async turnAway(tx: EntityManager, bot: Bot, { chat, from }: Routed): Promise<void> {
    if (chat.kind === 'group') return;
    const key = `turn-away:${bot.id}:${this.addresses.hash(bot.channel.kind, chat.externalId)}`;
    const { language } = from;
    const who = this.turnAways.seal(bot.id, { externalId: chat.externalId, personId: from.externalId });
    const payload = { botId: bot.id, who, ...(language && { language }) };
    await this.jobs.add(tx, TurnAway, payload, { key, maxAttempts: 3 });
  }

  private async moved(tx: EntityManager, bot: Bot, from: string, to: string): Promise<void> {
    const { kind: channel } = bot.channel;
    const at = { botId: bot.id, channel };
    const moved = await this.contacts.move(tx, at, this.addresses.hash(channel, from), to);
    if (!moved) return;
    if (moved.superseded) await this.deliveryRows.repoint(tx, moved.superseded.id, moved.chat.id);
    await this.deliveries.wake(tx, moved.chat.id);
  }
}

const rowIdOf = ({ botId, updateId }: Pick<InboundUpdateRow, 'botId' | 'updateId'>) => `${botId}/${updateId}`;

const reasonOf = (error: unknown) => (error instanceof Error ? `${error.name}: ${error.message}` : String(error));

const quarantined = (db: DataSource) =>
  db.query<{ bot: string; count: number; failures: string[] }[]>(
    `SELECT bot_id AS bot, count(*)::integer AS count, (array_agg(DISTINCT failure))[1:10] AS failures
     FROM inbound_updates WHERE failure IS NOT NULL GROUP BY 1 ORDER BY 1`,
  );
