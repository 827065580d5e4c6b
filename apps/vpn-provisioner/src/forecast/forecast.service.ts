import { Injectable } from '@nestjs/common';
import { Outbox } from '@switchboard/bus';
import {
  type Actor,
  AuditEntryAppendRequested,
  CapacityProposed,
  DecideCapacityProposal,
  type ListCapacityProposals,
  type ReadLoadForecast,
} from '@switchboard/contracts';
import { type AnswerOf, auditEntry, Clock, Cursors, DomainError, type RequestOf } from '@switchboard/service-kit';
import { DataSource, type EntityManager, In } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import { ServerOrder } from '../server-templates/server-order.entity';
import type { ServerTemplate } from '../server-templates/server-template.entity';
import { ServerOrdersJobs } from '../server-templates/server-orders.jobs';
import { Server } from '../servers/server.entity';
import { adviceFor, type CapacityAdvice } from './capacity-advice';
import { CapacityProposal } from './capacity-proposal.entity';
import { RegionLoads } from './region-loads.service';

type View = AnswerOf<typeof DecideCapacityProposal>;

const ITSELF: Actor = { kind: 'service', id: 'vpn-provisioner', roles: [], scopes: [] };
const DAY_MS = 24 * 60 * 60_000;
/** What staff did not want is not proposed again for so long. */
const DISMISSED_DAYS = 14;
const KEPT_DAYS = 400;

class ProposalNotFound extends DomainError {
  constructor() {
    super(
      'vpn-provisioner.proposal_not_found',
      { en: 'There is no such proposal.', ru: 'Такого предложения нет.' },
      404,
    );
  }
}
class ProposalIsDecided extends DomainError {
  constructor() {
    const texts = {
      en: 'The proposal was decided already, or holds no more.',
      ru: 'Предложение уже рассмотрено или больше не действует.',
    };
    super('vpn-provisioner.proposal_is_decided', texts, 409);
  }
}

/** Proposes servers before they are missing, and to save what is not needed. */
@Injectable()
export class ForecastService {
  constructor(
    private readonly db: DataSource,
    private readonly loads: RegionLoads,
    private readonly orders: ServerOrdersJobs,
    private readonly outbox: Outbox,
    private readonly cursors: Cursors,
    private readonly clock: Clock,
  ) {}

  async read(region: string): Promise<AnswerOf<typeof ReadLoadForecast>> {
    const hours = await this.loads.history(region);
    const servers = await this.serversOf(this.db.manager, region);
    const capacity = servers.reduce((sum, server) => sum + server.capacity, 0);
    return { capacity, hours, expected: this.loads.forecast(hours) };
  }

  async list(request: RequestOf<typeof ListCapacityProposals>): Promise<AnswerOf<typeof ListCapacityProposals>> {
    const { state, region } = request.query;
    const query = this.db.manager.createQueryBuilder(CapacityProposal, 'proposal');
    if (state) query.andWhere('proposal.state = :state', { state });
    if (region) query.andWhere('proposal.region = :region', { region });
    const { data, page } = await this.cursors.select(request, query, ['madeAt', 'id']);
    const orders = await this.db.manager.findBy(ServerOrder, { id: In(data.map(({ id }) => id)) });
    return { data: data.map((proposal) => shown(proposal, orders)), page };
  }

  /** One that is dropped takes nobody new; whom it serves is moved by a migration. */
  async decide(tx: EntityManager, actor: Actor, id: string, accept: boolean): Promise<View> {
    const proposal = await tx.findOne(CapacityProposal, { where: { id }, lock: { mode: 'pessimistic_write' } });
    if (!proposal) throw new ProposalNotFound();
    if (proposal.state !== 'open') throw new ProposalIsDecided();
    const now = this.clock.now();
    const decision = {
      state: accept ? ('accepted' as const) : ('dismissed' as const),
      ...{ decidedAt: now, decidedBy: `${actor.kind}:${actor.id}` },
    };
    await tx.update(CapacityProposal, { id }, decision);
    if (accept && proposal.kind === 'drop') {
      await tx.query(
        `UPDATE servers SET state = 'draining', revision = revision + 1, changed_at = $2 WHERE id = $1 AND state = 'in-service'`,
        [proposal.serverId, now],
      );
    }
    const template = accept && proposal.kind === 'add' && (await this.orders.templateFor(tx, proposal.region));
    if (template) await this.orders.order(tx, id, template, decision.decidedBy);
    const about = { resourceType: 'capacity-proposal', resourceId: id, after: { state: decision.state } };
    await this.outbox.add(tx, AuditEntryAppendRequested(auditEntry(actor, DecideCapacityProposal, about)));
    return shown({ ...proposal, ...decision }, await tx.findBy(ServerOrder, { id }));
  }

  /** What the forecast of today says, of every region. */
  async propose(): Promise<void> {
    const regions = await this.db.query<{ region: string }[]>(
      `SELECT DISTINCT region FROM servers WHERE state <> 'retired' ORDER BY region`,
    );
    for (const { region } of regions) {
      const expected = await this.loads.expected(region);
      await this.db.transaction(async (tx) => {
        // One that is being made is what the last proposal was for.
        if (await this.orders.isUnderWay(tx, region)) return;
        await this.put(tx, region, adviceFor(await this.serversOf(tx, region), expected));
      });
    }
    await this.db.query(
      `DELETE FROM capacity_proposals p WHERE state <> 'open' AND made_at < $1
         AND NOT EXISTS (SELECT FROM server_orders o WHERE o.id = p.id AND o.state <> 'removed')`,
      [this.daysAgo(KEPT_DAYS)],
    );
  }

  private async put(tx: EntityManager, region: string, advised: CapacityAdvice | undefined): Promise<void> {
    const template = advised?.kind === 'add' ? await this.orders.templateFor(tx, region) : undefined;
    // It costs what is going to be made.
    const advice = advised && template ? { ...advised, ...costOf(template) } : advised;
    const open = await tx.findOne(CapacityProposal, {
      where: { region, state: 'open' },
      lock: { mode: 'pessimistic_write' },
    });
    const serverId = advice?.serverId ?? null;
    if (open && advice && open.kind === advice.kind && open.serverId === serverId) {
      const { expectedPercent, monthlyCostMinor, currency } = advice;
      await tx.update(CapacityProposal, { id: open.id }, { expectedPercent, monthlyCostMinor, currency });
      return;
    }
    if (open) await tx.update(CapacityProposal, { id: open.id }, { state: 'outdated', decidedAt: this.clock.now() });
    if (!advice || (await this.wasDismissed(tx, region, advice))) return;
    const id = uuidv7();
    await tx.insert(CapacityProposal, {
      ...{ id, region, serverId, kind: advice.kind, expectedPercent: advice.expectedPercent, state: 'open' },
      ...{ monthlyCostMinor: advice.monthlyCostMinor, currency: advice.currency, madeAt: this.clock.now() },
    });
    await this.outbox.add(tx, CapacityProposed({ ...advice, proposalId: id, region }));
    // Where it would not be made now, or was not made lately, somebody has to look.
    if (template?.automatic && !(await this.orders.hasFailed(tx, template))) await this.decide(tx, ITSELF, id, true);
  }

  private async wasDismissed(tx: EntityManager, region: string, { kind, serverId }: CapacityAdvice): Promise<boolean> {
    const rows = await tx.query<unknown[]>(
      `SELECT FROM capacity_proposals WHERE region = $1 AND kind = $2 AND server_id IS NOT DISTINCT FROM $3
         AND state = 'dismissed' AND decided_at > $4 LIMIT 1`,
      [region, kind, serverId ?? null, this.daysAgo(DISMISSED_DAYS)],
    );
    return rows.length > 0;
  }

  private serversOf(tx: EntityManager, region: string): Promise<Server[]> {
    return tx.findBy(Server, { region, state: 'in-service' });
  }

  private daysAgo(days: number): Date {
    return new Date(this.clock.now().getTime() - days * DAY_MS);
  }
}

const shown = (proposal: CapacityProposal, orders: readonly ServerOrder[]): View => {
  const order = orders.find(({ id }) => id === proposal.id);
  return {
    ...proposal,
    order: order ? { state: order.state, failure: order.failure, serverId: order.serverId } : null,
  };
};

const costOf = ({ monthlyCostMinor, currency }: ServerTemplate) => ({ monthlyCostMinor, currency });
