import { Injectable } from '@nestjs/common';
import { Outbox } from '@switchboard/bus';
import {
  type Actor,
  AuditEntryAppendRequested,
  CreateCampaign,
  EndCampaign,
  type ListCampaigns,
  type Money,
  type RouteDefinition,
} from '@switchboard/contracts';
import {
  type AnswerOf,
  auditEntry,
  BotsRegistry,
  Clock,
  Cursors,
  DomainError,
  PersonalData,
  type RequestOf,
  seesBot,
} from '@switchboard/service-kit';
import { DataSource, type EntityManager } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import { startUrl } from '../bot-links';
import { CodeTaken } from '../catalogue/offers.service';
import { BotNotFound } from '../terms/terms.service';
import { Campaign } from './campaign.entity';

class CampaignNotFound extends DomainError {
  constructor() {
    super('payments.campaign_not_found', { en: 'There is no such campaign.', ru: 'Такой кампании нет.' }, 404);
  }
}

type Shown = AnswerOf<typeof CreateCampaign>;

/** Whatever somebody buys so long after they came counts for the link. */
const COUNTS_FOR_MS = 30 * 86_400_000;

/** Links by which staff tell where people come from, who came by them, and what those bought. */
@Injectable()
export class CampaignsService {
  constructor(
    private readonly db: DataSource,
    private readonly bots: BotsRegistry,
    private readonly personal: PersonalData,
    private readonly cursors: Cursors,
    private readonly outbox: Outbox,
    private readonly clock: Clock,
  ) {}

  /** Somebody followed a link of a bot. */
  async came(tx: EntityManager, botId: string, userId: string, startParameter: string, at: Date): Promise<void> {
    if (await this.personal.isErased(tx, userId)) return;
    await tx.query(
      `INSERT INTO campaign_arrivals AS known (campaign_id, user_id, first_at, last_at)
       SELECT id, $2, $4, $4 FROM campaigns WHERE bot_id = $1 AND name = $3 AND (ended_at IS NULL OR ended_at > $4)
       ON CONFLICT (campaign_id, user_id) DO UPDATE SET first_at = least(known.first_at, excluded.first_at),
         last_at = greatest(known.last_at, excluded.last_at)`,
      [botId, userId, startParameter, at],
    );
  }

  /** The link that made a person come last, as long as what they buy counts for it. */
  async lastOf(tx: EntityManager, botId: string, userId: string): Promise<string | undefined> {
    const [row] = await tx.query<{ name: string }[]>(
      `SELECT name FROM campaign_arrivals JOIN campaigns ON campaigns.id = campaign_id
       WHERE user_id = $1 AND bot_id = $2 AND last_at > $3 ORDER BY last_at DESC LIMIT 1`,
      [userId, botId, new Date(this.clock.now().getTime() - COUNTS_FOR_MS)],
    );
    return row?.name;
  }

  async list(request: RequestOf<typeof ListCampaigns>): Promise<AnswerOf<typeof ListCampaigns>> {
    const rows = this.db.manager
      .createQueryBuilder(Campaign, 'c')
      .where('c.botId = :botId', { botId: request.query.botId });
    const { data, page } = await this.cursors.select(request, rows, ['id']);
    return { data: await this.shown(this.db.manager, data), page };
  }

  /** @throws BotNotFound, CodeTaken */
  async create(tx: EntityManager, { body, actor }: RequestOf<typeof CreateCampaign>): Promise<Shown> {
    if (!this.bots.find(body.botId)) throw new BotNotFound(body.botId);
    const campaign = tx.create(Campaign, { ...body, id: uuidv7(), createdAt: this.clock.now(), endedAt: null });
    const insert = tx.createQueryBuilder().insert().into(Campaign).values(campaign).orIgnore().returning('id');
    const { raw } = await insert.execute();
    if ((raw as unknown[]).length === 0) throw new CodeTaken(body.name);
    return this.told(tx, actor, CreateCampaign, campaign);
  }

  /** @throws CampaignNotFound */
  async end(tx: EntityManager, { params, actor }: RequestOf<typeof EndCampaign>): Promise<Shown> {
    const where = { id: params.campaignId };
    const campaign = await tx.findOne(Campaign, { where, lock: { mode: 'pessimistic_write' } });
    if (!campaign || !seesBot(actor.bots, campaign.botId)) throw new CampaignNotFound();
    if (campaign.endedAt) return (await this.shown(tx, [campaign]))[0]!;
    campaign.endedAt = this.clock.now();
    await tx.update(Campaign, where, { endedAt: campaign.endedAt });
    return this.told(tx, actor, EndCampaign, campaign);
  }

  private async told(tx: EntityManager, actor: Actor, route: RouteDefinition, campaign: Campaign): Promise<Shown> {
    const { id: resourceId, botId, name, endedAt } = campaign;
    const after = { name, ended: endedAt !== null };
    const entry = auditEntry(actor, route, { resourceType: 'campaign', resourceId, botId, after });
    await this.outbox.add(tx, AuditEntryAppendRequested(entry));
    return (await this.shown(tx, [campaign]))[0]!;
  }

  private async shown(tx: EntityManager, campaigns: readonly Campaign[]): Promise<Shown[]> {
    const ids = [campaigns.map(({ id }) => id)];
    const people = await tx.query<{ id: string; n: number }[]>(
      'SELECT campaign_id AS id, count(*)::int AS n FROM campaign_arrivals WHERE campaign_id = ANY($1) GROUP BY 1',
      ids,
    );
    const sold = await tx.query<Sold[]>(SOLD, ids);
    return campaigns.map((campaign) => {
      const { id, botId, name } = campaign;
      const mine = sold.filter((row) => row.id === id);
      const sums = (column: 'paid' | 'refunded'): Money[] =>
        mine
          .filter((row) => row.currency !== null && Number(row[column]) > 0)
          .map((row) => ({ currency: row.currency!, amountMinor: Number(row[column]) }));
      const all = mine.find(({ currency }) => currency === null);
      return {
        ...campaign,
        url: startUrl(this.bots, botId, name),
        results: {
          people: people.find((row) => row.id === id)?.n ?? 0,
          buyers: all?.buyers ?? 0,
          orders: all?.orders ?? 0,
          revenue: sums('paid'),
          refunds: sums('refunded'),
        },
      };
    });
  }
}

interface Sold {
  readonly id: string;
  /** Null: in all of them. */
  readonly currency: string | null;
  readonly orders: number;
  readonly buyers: number;
  readonly paid: string;
  readonly refunded: string;
}

/** An order that goes on by itself came by no link, and names none. A top-up is spent once something is bought for it. */
const SOLD = `
  SELECT c.id, o.currency, count(*)::int AS orders, count(DISTINCT o.user_id)::int AS buyers, sum(o.total_minor) AS paid,
    sum(o.refunded_minor) AS refunded
  FROM campaigns c JOIN orders o ON o.bot_id = c.bot_id AND o.campaign = c.name AND o.paid_at IS NOT NULL AND o.kind <> 'top-up'
    AND o.created_at >= c.created_at
  WHERE c.id = ANY($1) GROUP BY GROUPING SETS ((c.id, o.currency), (c.id)) ORDER BY c.id, o.currency`;
