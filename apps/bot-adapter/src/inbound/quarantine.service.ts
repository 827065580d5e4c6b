import { Inject, Injectable } from '@nestjs/common';
import type { Bot } from '@switchboard/contracts';
import { BotsRegistry, Clock, FieldCipher, LOG, type Log } from '@switchboard/service-kit';
import { Gauge, Registry } from 'prom-client';
import { DataSource, type EntityManager, IsNull, Not } from 'typeorm';
import type { InboundUpdate } from '../channels/channel';
import { ChatAddresses } from '../contacts/chat-addresses';
import { InboundUpdateRow } from './inbound-update.entity';

type UpdateKey = Pick<InboundUpdateRow, 'botId' | 'updateId'>;

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
        for (const { bot, count } of rows) this.set({ bot }, count);
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
  list(botId?: Bot['id']): Promise<UpdateKey[]> {
    return this.db.manager.find(InboundUpdateRow, {
      where: { ...IN_QUARANTINE, ...(botId && { botId }) },
      order: { seq: 'ASC' },
      select: { botId: true, updateId: true },
    });
  }

  summary(): Promise<{ bot: string; count: number; failures: string[] }[]> {
    return summaryOf(this.db);
  }

  /** Takes one out; undefined when another replay was faster. */
  async take(tx: EntityManager, { botId, updateId }: UpdateKey): Promise<{ content: unknown } | undefined> {
    // A second replay waits here for the first one: overtaking it, it would change the order.
    const lock = { mode: 'pessimistic_write' } as const;
    const where = [IN_QUARANTINE, HELD].map((state) => ({ botId, updateId, ...state }));
    const row = await tx.findOne(InboundUpdateRow, { where, lock });
    if (!row?.content) return undefined;
    const content = JSON.parse(this.cipher.decrypt(row.content, CONTENT, rowIdOf(row))) as unknown;
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

  /** The row stays: the update was taken. */
  private async empty(tx: EntityManager, { botId, updateId }: UpdateKey): Promise<void> {
    await tx.update(InboundUpdateRow, { botId, updateId }, { failure: null, held: false, content: null, mentioned: null });
  }

  private kept({ botId, id, content }: InboundUpdate) {
    const key = { botId, updateId: id };
    const json = JSON.stringify(content ?? null);
    const encrypted = this.cipher.encrypt(json, CONTENT, rowIdOf(key));
    return { ...key, mentioned: this.hashesOfIds(botId, json), content: encrypted };
  }

  /** Why it failed is not known, so neither is where its ids stand: all that may be one counts. */
  private hashesOfIds(botId: string, json: string): string[] {
    const channel = this.bots.find(botId)?.channel.kind;
    if (channel === undefined) return [];
    const ids = new Set(json.split(/[\s"{}[\],:]+/).filter((part) => /\d/.test(part)));
    return [...ids].map((id) => this.addresses.hash(channel, id).slice(0, PREFIX));
  }
}

const rowIdOf = ({ botId, updateId }: UpdateKey) => `${botId}/${updateId}`;

const reasonOf = (error: unknown) => (error instanceof Error ? `${error.name}: ${error.message}` : String(error));

const summaryOf = (db: DataSource) =>
  db.query<{ bot: string; count: number; failures: string[] }[]>(
    `SELECT bot_id AS bot, count(*)::integer AS count, (array_agg(DISTINCT failure))[1:10] AS failures
     FROM inbound_updates WHERE failure IS NOT NULL GROUP BY 1 ORDER BY 1`,
  );
