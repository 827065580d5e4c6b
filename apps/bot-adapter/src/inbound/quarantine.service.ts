import { Inject, Injectable } from '@nestjs/common';
import { Outbox } from '@switchboard/bus';
import { type Actor, type Bot, DiscardQuarantinedUpdate, AuditEntryAppendRequested } from '@switchboard/contracts';
import {
  auditEntry,
  BotsRegistry,
  Clock,
  DomainError,
  FieldCipher,
  LOG,
  type Log,
  type Position,
} from '@switchboard/service-kit';
import { Gauge, Registry } from 'prom-client';
import { DataSource, type EntityManager, In, IsNull, Not } from 'typeorm';
import { type InboundUpdate, personId } from '../channels/channel';
import { ChannelsService } from '../channels/channels.service';
import { ChatAddresses } from '../contacts/chat-addresses';
import { InboundUpdateRow } from './inbound-update.entity';

type UpdateKey = Pick<InboundUpdateRow, 'botId' | 'updateId'>;

export interface QuarantineFilter {
  readonly botId?: string | undefined;
  /** Of these alone; of all without it. */
  readonly bots?: readonly string[] | undefined;
}

export interface QuarantinedUpdate extends UpdateKey {
  readonly seq: string;
  readonly receivedAt: Date;
  readonly failure: string;
  readonly content: unknown;
}

class UpdateNotQuarantined extends DomainError {
  constructor({ botId, updateId }: UpdateKey) {
    super('bot-adapter.update_not_quarantined', 'No such update is in quarantine', 404, { botId, updateId });
  }
}

const CONTENT = 'inbound_updates.content';
/** Hexadecimal digits of a hash: 64 bits tell people apart. */
const PREFIX = 16;
const IN_QUARANTINE = { failure: Not(IsNull()) };
const HELD = { held: true };

/**
 * Updates that could not be processed, with their content, until somebody has mended what was wrong; and those that are held until
 * their bot, which is paused, goes on.
 */
@Injectable()
export class QuarantineService {
  constructor(
    private readonly db: DataSource,
    private readonly addresses: ChatAddresses,
    private readonly cipher: FieldCipher,
    private readonly clock: Clock,
    private readonly bots: BotsRegistry,
    private readonly channels: ChannelsService,
    private readonly outbox: Outbox,
    registry: Registry,
    @Inject(LOG) private readonly log: Log,
  ) {
    new Gauge({
      name: 'updates_quarantined',
      help: 'Updates that could not be processed and wait to be replayed, in the whole installation: every process tells the same.',
      labelNames: ['bot'],
      registers: [registry],
      async collect() {
        const rows = await summaryOf(db).catch(() => undefined);
        if (!rows) return;
        this.reset();
        for (const { id } of bots.all()) this.set({ bot: id }, 0);
        for (const { botId: bot, count } of rows) this.set({ bot }, count);
      },
    });
  }

  async put({ botId, id, content }: InboundUpdate, error: unknown): Promise<void> {
    this.log.error({ err: error, bot: botId, updateId: id }, 'an update could not be processed and is in quarantine');
    const row = { receivedAt: this.clock.now(), failure: reasonOf(error), ...this.kept({ botId, id, content }) };
    await this.db.createQueryBuilder().insert().into(InboundUpdateRow).values(row).orIgnore().execute();
  }

  /** Keeps an update that was recorded just now until its bot goes on. */
  async hold(tx: EntityManager, update: InboundUpdate): Promise<void> {
    const { botId, updateId, ...content } = this.kept(update);
    await tx.update(InboundUpdateRow, { botId, updateId }, { ...HELD, ...content });
  }

  /** The next that are held, in the order in which they came. */
  held(botId: Bot['id'], limit: number): Promise<UpdateKey[]> {
    return this.db.manager.find(InboundUpdateRow, {
      where: { ...HELD, botId },
      order: { seq: 'ASC' },
      select: { botId: true, updateId: true },
      take: limit,
    });
  }

  /** In the order in which they came. */
  keys({ botId, bots }: QuarantineFilter): Promise<UpdateKey[]> {
    return this.db.manager.find(InboundUpdateRow, {
      where: {
        ...IN_QUARANTINE,
        ...(botId && { botId }),
        ...(bots && { botId: In(bots.filter((bot) => !botId || bot === botId)) }),
      },
      order: { seq: 'ASC' },
      select: { botId: true, updateId: true },
    });
  }

  /** One by one, in the order in which they came, with their content masked. */
  async list(filter: QuarantineFilter, position: Position | undefined, limit: number): Promise<QuarantinedUpdate[]> {
    const { botId, bots } = filter;
    const [from, order] = position?.direction === 'prev' ? (['<', 'DESC'] as const) : (['>', 'ASC'] as const);
    const query = this.db.manager.createQueryBuilder(InboundUpdateRow, 'u').where(IN_QUARANTINE);
    if (botId) query.andWhere('u.botId = :botId', { botId });
    if (bots) query.andWhere('u.botId = ANY(:bots)', { bots });
    if (position) query.andWhere(`u.seq ${from} :from`, { from: position.key[0] });
    const rows = await query.orderBy('u.seq', order).limit(limit).getMany();
    return rows.map((row) => ({ ...row, failure: row.failure!, content: masked(this.tryOpen(row)) }));
  }

  /** One as the channel sent it. @throws UpdateNotQuarantined */
  async read(key: UpdateKey): Promise<QuarantinedUpdate> {
    const row = await this.db.manager.findOneBy(InboundUpdateRow, { ...key, ...IN_QUARANTINE });
    if (!row?.content) throw new UpdateNotQuarantined(key);
    return { ...row, failure: row.failure!, content: this.opened(row) };
  }

  /** Gives one up: its content goes, and that it was taken stays. @throws UpdateNotQuarantined */
  async discard(tx: EntityManager, key: UpdateKey, why: string, actor: Actor): Promise<void> {
    const lock = { mode: 'pessimistic_write' } as const;
    const row = await tx.findOne(InboundUpdateRow, { where: { ...key, ...IN_QUARANTINE }, lock });
    if (!row) throw new UpdateNotQuarantined(key);
    await this.empty(tx, row);
    await this.outbox.add(
      tx,
      AuditEntryAppendRequested(
        auditEntry(actor, DiscardQuarantinedUpdate, {
          resourceType: 'inbound-update',
          resourceId: rowIdOf(row),
          botId: key.botId,
          before: { failure: row.failure, receivedAt: row.receivedAt },
          reason: why,
        }),
      ),
    );
  }

  async summary(bots: readonly string[] | undefined): Promise<{ botId: string; count: number; failures: string[] }[]> {
    return (await summaryOf(this.db)).filter(({ botId }) => !bots || bots.includes(botId));
  }

  /** Takes one out; undefined when another replay was faster. */
  async take(tx: EntityManager, { botId, updateId }: UpdateKey): Promise<{ content: unknown } | undefined> {
    // A second replay waits here for the first one: overtaking it, it would change the order.
    const lock = { mode: 'pessimistic_write' } as const;
    const where = [IN_QUARANTINE, HELD].map((state) => ({ botId, updateId, ...state }));
    const row = await tx.findOne(InboundUpdateRow, { where, lock });
    if (!row?.content) return undefined;
    const content = this.opened(row);
    await this.empty(tx, row);
    return { content };
  }

  async failedAgain({ botId, updateId }: UpdateKey, error: unknown): Promise<void> {
    this.log.error(
      { err: error, bot: botId, updateId },
      'an update that was kept could not be processed this time either, and is in quarantine',
    );
    await this.db.manager.update(InboundUpdateRow, { botId, updateId }, { failure: reasonOf(error), held: false });
  }

  /** Forgets whatever holds the channel's id of a person: what they sent, an answer to them, or what could not be read. */
  async forget(tx: EntityManager, userId: string): Promise<void> {
    await tx.query(
      `UPDATE inbound_updates SET failure = NULL, held = false, content = NULL, mentioned = NULL
       WHERE content IS NOT NULL AND mentioned && ARRAY(SELECT left(external_hash, ${PREFIX}) FROM people WHERE user_id = $1)`,
      [userId],
    );
  }

  /** Null where its key is missing here: the reason is worth telling all the same. */
  private tryOpen(row: InboundUpdateRow): unknown {
    try {
      return this.opened(row);
    } catch (error) {
      this.log.warn(
        { err: error, bot: row.botId, updateId: row.updateId },
        'an update in quarantine cannot be decrypted',
      );
      return null;
    }
  }

  private opened(row: InboundUpdateRow): unknown {
    return JSON.parse(this.cipher.decrypt(row.content!, CONTENT, rowIdOf(row))) as unknown;
  }

  /** The row stays: the update was taken. */
  private async empty(tx: EntityManager, { botId, updateId }: UpdateKey): Promise<void> {
    await tx.update(
      InboundUpdateRow,
      { botId, updateId },
      { failure: null, held: false, content: null, mentioned: null },
    );
  }

  private kept({ botId, id, content }: InboundUpdate) {
    const key = { botId, updateId: id };
    const json = JSON.stringify(content ?? null);
    const encrypted = this.cipher.encrypt(json, CONTENT, rowIdOf(key));
    return { ...key, mentioned: this.hashesOfIds(botId, json), content: encrypted };
  }

  /** Why it failed is not known, so neither is where its ids stand: all that may be one counts. */
  private hashesOfIds(botId: string, json: string): string[] {
    const kind = this.bots.find(botId)?.channel.kind;
    const channel = this.channels.find(botId);
    if (kind === undefined || !channel) return [];
    const ids = new Set(json.split(/[\s"{}[\],:]+/).filter((part) => /\d/.test(part)));
    return [...ids].map((id) => this.addresses.hash(kind, personId(channel, id)).slice(0, PREFIX));
  }
}

/** What there is, without what it says: of each text its length, of each number nothing. */
function masked(value: unknown): unknown {
  if (typeof value === 'string') return `•••(${value.length})`;
  if (typeof value === 'number') return '•••';
  if (Array.isArray(value)) return value.map(masked);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, masked(inner)]));
}

const rowIdOf = ({ botId, updateId }: UpdateKey) => `${botId}/${updateId}`;

const reasonOf = (error: unknown) => (error instanceof Error ? `${error.name}: ${error.message}` : String(error));

const summaryOf = (db: DataSource) =>
  db.query<{ botId: string; count: number; failures: string[] }[]>(
    `SELECT bot_id AS "botId", count(*)::integer AS count, (array_agg(DISTINCT failure))[1:10] AS failures
     FROM inbound_updates WHERE failure IS NOT NULL GROUP BY 1 ORDER BY 1`,
  );
