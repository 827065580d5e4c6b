import { Inject, Injectable } from '@nestjs/common';
import type { Actor, CreateServer } from '@switchboard/contracts';
import {
  Clock,
  defineJob,
  FieldRefused,
  InvalidFields,
  type JobRun,
  Jobs,
  LOG,
  type Log,
  type PayloadOf,
  type RequestOf,
  Runs,
  Scheduled,
  Slot,
} from '@switchboard/service-kit';
import { DataSource, type EntityManager, In } from 'typeorm';
import { z } from 'zod';
import { CloudRefused } from '../clouds/cloud';
import { Server } from '../servers/server.entity';
import { ServersService } from '../servers/servers.service';
import { ServerOrder } from './server-order.entity';
import { ServerTemplate } from './server-template.entity';
import { filled, ServerTemplatesService } from './server-templates.service';

const MakeServer = defineJob('make-server', z.object({ orderId: z.uuid() }));
const RemoveRetired = defineJob('remove-retired-servers', Slot);

const LOOK_AGAIN_MS = 10_000;
/** From the order to the panel that answers. Some clouds take ten minutes, and an installer as long. */
const MADE_WITHIN_MS = 45 * 60_000;
const ATTEMPTS = 20;
const LONGEST_FAILURE = 300;

type NewServer = RequestOf<typeof CreateServer>['body'];

/** Has servers made by clouds, and removed there once they are retired. Every step may be repeated. */
@Injectable()
export class ServerOrdersJobs {
  constructor(
    private readonly db: DataSource,
    private readonly jobs: Jobs,
    private readonly templates: ServerTemplatesService,
    private readonly servers: ServersService,
    private readonly clock: Clock,
    @Inject(LOG) private readonly log: Log,
  ) {}

  /** Unless no server may be made for the region, or no more of them. @returns whether one is made */
  async order(tx: EntityManager, proposalId: string, region: string, askedBy: string): Promise<boolean> {
    const template = await tx.findOne(ServerTemplate, { where: { region }, lock: { mode: 'pessimistic_write' } });
    if (!template) return false;
    const made = await tx.countBy(ServerOrder, { region, state: In(['asked', 'making', 'starting', 'added']) });
    if (made >= template.maxServers) return false;
    const cloudName = `vpn-${region}-${proposalId.slice(-12)}`;
    const order = { id: proposalId, region, cloudName, state: 'asked' as const, askedBy, askedAt: this.clock.now() };
    await tx.insert(ServerOrder, order);
    await this.goOn(tx, proposalId, 0);
    return true;
  }

  async isAutomatic(tx: EntityManager, region: string): Promise<boolean> {
    return (await this.templates.find(tx, region))?.automatic ?? false;
  }

  private async goOn(tx: EntityManager, orderId: string, delayMs: number): Promise<void> {
    await this.jobs.add(tx, MakeServer, { orderId }, { maxAttempts: ATTEMPTS, delayMs });
  }

  @Runs(MakeServer)
  async make({ orderId }: PayloadOf<typeof MakeServer>, { signal }: JobRun): Promise<void> {
    const order = await this.db.manager.findOneByOrFail(ServerOrder, { id: orderId });
    if (!['asked', 'making', 'starting'].includes(order.state)) return;
    const template = await this.templates.find(this.db.manager, order.region);
    if (!template) return this.fail(order, 'no servers are made for the region any more');
    if (this.clock.now().getTime() - order.askedAt.getTime() > MADE_WITHIN_MS)
      return this.fail(order, order.failure ?? 'it took too long');
    try {
      await this.step(order, template, signal);
    } catch (error) {
      if (!(error instanceof CloudRefused)) throw error;
      await this.fail(order, error.message);
    }
  }

  private async step(order: ServerOrder, template: ServerTemplate, signal: AbortSignal): Promise<void> {
    const cloud = this.templates.cloudOf(template);
    const { cloudName: name } = order;
    if (order.state === 'asked') {
      const { plan, location } = template;
      await cloud.create({ name, plan, location, userData: this.templates.secretsOf(template).userData ?? '' }, signal);
      return this.become(order, { state: 'making' });
    }
    const made = await cloud.read(name, signal);
    if (!made) return this.fail(order, 'the cloud has it no more');
    if (made.state !== 'running' || made.address === null) return this.become(order, {});
    const asked = await this.newServer(template, order, made.address);
    try {
      await this.servers.checkNew(asked);
    } catch (error) {
      if (error instanceof InvalidFields) return this.fail(order, error.message);
      if (!(error instanceof FieldRefused)) throw error;
      return this.become(order, { state: 'starting', address: made.address, failure: failureOf(error) });
    }
    await this.db.transaction(async (tx) => {
      const still = await tx.findOne(ServerOrder, { where: { id: order.id }, lock: { mode: 'pessimistic_write' } });
      if (!still || still.state === 'added' || still.state === 'failed') return;
      const { id } = await this.servers.create(tx, actorOf(order.askedBy), asked);
      await tx.update(
        ServerOrder,
        { id: order.id },
        { state: 'added', address: made.address, failure: null, serverId: id },
      );
    });
  }

  private async newServer(template: ServerTemplate, { cloudName }: ServerOrder, address: string): Promise<NewServer> {
    const values = { address, name: cloudName };
    const names = new Set((await this.db.manager.find(Server, { select: { name: true } })).map(({ name }) => name));
    let number = 1;
    while (
      names.has(filled(template.serverName, { number: String(number) })) &&
      template.serverName.includes('{number}')
    )
      number += 1;
    const { region, capacity, monthlyCostMinor, currency, panelKind, panelSettings, endpoints } = template;
    return {
      ...{ region, capacity, monthlyCostMinor, currency, panelKind, settings: panelSettings },
      name: filled(template.serverName, { number: String(number) }),
      url: filled(template.panelUrl, values),
      endpoints: endpoints.map((endpoint) => ({ ...endpoint, host: filled(endpoint.host, values) })),
      secrets: this.templates.secretsOf(template).panel,
      ...{ weight: 1, parallelCalls: 4, force: false },
    } as NewServer;
  }

  private async become({ id }: ServerOrder, change: Partial<ServerOrder>): Promise<void> {
    await this.db.transaction(async (tx) => {
      if (Object.keys(change).length > 0) await tx.update(ServerOrder, { id }, change);
      await this.goOn(tx, id, LOOK_AGAIN_MS);
    });
  }

  /** What was made stays, so that staff can look at it: they remove it with the cloud. */
  private async fail({ id, region }: ServerOrder, why: string): Promise<void> {
    this.log.error({ order: id, region, why }, 'a server was not made');
    await this.db.manager.update(ServerOrder, { id }, { state: 'failed', failure: why.slice(0, LONGEST_FAILURE) });
  }

  @Scheduled('*/30 * * * *', RemoveRetired, {
    purpose: 'Removes servers with their cloud that were made there and are retired.',
    timeoutMs: 5 * 60_000,
  })
  async removeRetired(_slot: PayloadOf<typeof RemoveRetired>, { signal }: JobRun): Promise<void> {
    const orders = await this.db.manager
      .createQueryBuilder(ServerOrder, 'o')
      .innerJoin(Server, 's', 's.id = o.serverId')
      .where(`o.state = 'added' AND s.state = 'retired'`)
      .getMany();
    for (const order of orders) {
      const template = await this.templates.find(this.db.manager, order.region);
      if (!template) continue;
      await this.templates.cloudOf(template).remove(order.cloudName, signal);
      await this.db.manager.update(ServerOrder, { id: order.id }, { state: 'removed' });
    }
  }
}

const failureOf = (error: FieldRefused): string => error.message.slice(0, LONGEST_FAILURE);

/** In whose name the server is added, as the audit log has it. */
const actorOf = (by: string): Actor => {
  const [kind, id] = by.split(':');
  return { kind: kind as Actor['kind'], id: id!, roles: [], scopes: [] };
};
