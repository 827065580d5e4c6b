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
import { DataSource, type EntityManager, In, Not } from 'typeorm';
import { z } from 'zod';
import { CloudRefused, CloudUnavailable } from '../clouds/cloud';
import { Server } from '../servers/server.entity';
import { ServersService } from '../servers/servers.service';
import { ServerOrder, type ServerOrderState } from './server-order.entity';
import { ServerTemplate } from './server-template.entity';
import { filled, nameOf, ServerTemplatesService } from './server-templates.service';

const MakeServer = defineJob('make-server', z.object({ orderId: z.uuid() }));
const RemoveRetired = defineJob('remove-retired-servers', Slot);

const LOOK_AGAIN_MS = 10_000;
/** From the order to the panel that answers. Some clouds take ten minutes, and an installer as long. */
const MADE_WITHIN_MS = 45 * 60_000;
const ATTEMPTS = 20;
const LONGEST_FAILURE = 300;
const UNDER_WAY: readonly ServerOrderState[] = ['asked', 'making', 'starting'];

type Progress = Partial<Pick<ServerOrder, 'state' | 'address' | 'failure'>>;
type NewServer = RequestOf<typeof CreateServer>['body'];

/**
 * Has servers made by clouds, and removed there once they are retired or were not made as they should be. Every step may be
 * repeated, and done by two at once.
 */
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

  /** Of a region whose servers are made; undefined where one may not be made now, since there are as many as there may be. */
  async templateFor(tx: EntityManager, region: string): Promise<ServerTemplate | undefined> {
    const template = await tx.findOne(ServerTemplate, { where: { region }, lock: { mode: 'pessimistic_write' } });
    if (!template) return undefined;
    // Whatever is not removed costs something.
    const made = await tx.countBy(ServerOrder, { region, state: Not('removed') });
    return made < template.maxServers ? template : undefined;
  }

  isUnderWay(tx: EntityManager, region: string): Promise<boolean> {
    return tx.existsBy(ServerOrder, { region, state: In(UNDER_WAY) });
  }

  /** Whether one was not made since the template is what it is: it would fail again. */
  async hasFailed(tx: EntityManager, { region, changedAt }: ServerTemplate): Promise<boolean> {
    const rows = await tx.query<unknown[]>(
      'SELECT FROM server_orders WHERE region = $1 AND failure IS NOT NULL AND asked_at >= $2 AND server_id IS NULL LIMIT 1',
      [region, changedAt],
    );
    return rows.length > 0;
  }

  async order(tx: EntityManager, proposalId: string, template: ServerTemplate, askedBy: string): Promise<void> {
    const { region } = template;
    await tx.insert(ServerOrder, {
      ...{ id: proposalId, region, cloudName: `vpn-${region}-${proposalId.slice(-12)}`, state: 'asked', askedBy },
      ...{ askedAt: this.clock.now(), ...this.templates.keptWith(proposalId, template) },
    } as never);
    await this.goOn(tx, proposalId, 0);
  }

  private async goOn(tx: EntityManager, orderId: string, delayMs: number): Promise<void> {
    await this.jobs.add(tx, MakeServer, { orderId }, { key: `make:${orderId}`, maxAttempts: ATTEMPTS, delayMs });
  }

  @Runs(MakeServer)
  async make({ orderId }: PayloadOf<typeof MakeServer>, { signal }: JobRun): Promise<void> {
    const order = await this.db.manager.findOneByOrFail(ServerOrder, { id: orderId });
    if (!UNDER_WAY.includes(order.state)) return;
    if (this.clock.now().getTime() - order.askedAt.getTime() > MADE_WITHIN_MS)
      return this.fail(order, order.failure ?? 'it took too long');
    try {
      await this.step(order, signal);
    } catch (error) {
      if (error instanceof CloudRefused || error instanceof InvalidFields || error instanceof FieldRefused)
        return this.fail(order, error.message);
      if (error instanceof CloudUnavailable) await this.note(order, { failure: shortened(error.message) });
      throw error;
    }
  }

  private async step(order: ServerOrder, signal: AbortSignal): Promise<void> {
    const cloud = await this.templates.cloudOf(this.db.manager, order, signal);
    const { cloudName: name, template } = order;
    if (order.state === 'asked') {
      await this.templates.checkPrice(cloud, template, signal);
      const { plan, location } = template;
      const userData = this.templates.secretsOf(order).userData ?? '';
      await cloud.create({ name, plan, location, userData }, signal);
      return this.become(order, { state: 'making', failure: null });
    }
    const made = await cloud.read(name, signal);
    if (!made) return this.fail(order, 'the cloud has it no more');
    const { address } = made;
    if (made.state !== 'running' || address === null) return this.become(order, {});
    const asked = await this.newServer(order, address);
    try {
      await this.servers.checkNew(asked);
    } catch (error) {
      // Its panel comes up after it: until the time is over that is no failure.
      if (!(error instanceof FieldRefused)) throw error;
      return this.become(order, { state: 'starting', address, failure: shortened(error.message) });
    }
    await this.db.transaction(async (tx) => {
      const still = await tx.findOne(ServerOrder, { where: { id: order.id }, lock: { mode: 'pessimistic_write' } });
      if (!still || !UNDER_WAY.includes(still.state)) return;
      const { id } = await this.servers.create(tx, actorOf(order.askedBy), asked);
      await tx.update(ServerOrder, { id: order.id }, { state: 'added', address, failure: null, serverId: id });
    });
  }

  private async newServer(order: ServerOrder, address: string): Promise<NewServer> {
    const { region, template, cloudName } = order;
    const values = { address, name: cloudName };
    const names = new Set((await this.db.manager.find(Server, { select: { name: true } })).map(({ name }) => name));
    let number = 1;
    while (names.has(nameOf(template, number))) number += 1;
    const { capacity, monthlyCostMinor, currency, panelKind, panelSettings, endpoints } = template;
    return {
      ...{ region, capacity, monthlyCostMinor, currency, panelKind, settings: panelSettings },
      name: nameOf(template, number),
      url: filled(template.panelUrl, values),
      endpoints: endpoints.map((endpoint) => ({ ...endpoint, host: filled(endpoint.host, values) })),
      secrets: this.templates.secretsOf(order).panel,
      ...{ weight: 1, parallelCalls: 4, force: false },
    } as NewServer;
  }

  private async become(order: ServerOrder, change: Progress): Promise<void> {
    await this.db.transaction(async (tx) => {
      if (await this.note(order, change, tx)) await this.goOn(tx, order.id, LOOK_AGAIN_MS);
    });
  }

  /** @returns whether it is still under way: another process may have brought it to its end */
  private async note(order: ServerOrder, change: Progress, tx = this.db.manager): Promise<boolean> {
    const { affected } = await tx.update(
      ServerOrder,
      { id: order.id, state: In(UNDER_WAY) },
      { ...change, cloudName: order.cloudName },
    );
    return affected === 1;
  }

  /** What was made of it is removed with those that are retired. */
  private async fail(order: ServerOrder, why: string): Promise<void> {
    if (!(await this.note(order, { state: 'failed', failure: shortened(why) }))) return;
    this.log.error({ order: order.id, region: order.region, why }, 'a server was not made');
  }

  /** One that cannot be removed now is tried again, and keeps none of the others. @throws what the first of them failed with */
  @Scheduled('*/30 * * * *', RemoveRetired, {
    purpose:
      'Removes servers with their cloud that were made there and are retired, or were not made as they should be.',
    timeoutMs: 5 * 60_000,
  })
  async removeRetired(_slot: PayloadOf<typeof RemoveRetired>, { signal }: JobRun): Promise<void> {
    const failures: unknown[] = [];
    for (const { id } of await this.toRemove(this.db.manager)) {
      signal.throwIfAborted();
      try {
        await this.db.transaction((tx) => this.remove(tx, id, signal));
      } catch (error) {
        this.log.error({ err: error, order: id }, 'a server could not be removed with its cloud');
        failures.push(error);
      }
    }
    if (failures.length > 0) throw failures[0];
  }

  private toRemove(tx: EntityManager): Promise<{ id: string }[]> {
    return tx.query(
      `SELECT o.id FROM server_orders o LEFT JOIN servers s ON s.id = o.server_id
       WHERE o.state = 'failed' OR (o.state = 'added' AND s.state = 'retired') ORDER BY o.asked_at`,
    );
  }

  /** Under the lock of its server, so that nobody takes it into service meanwhile. */
  private async remove(tx: EntityManager, id: string, signal: AbortSignal): Promise<void> {
    const order = await tx.findOne(ServerOrder, { where: { id }, lock: { mode: 'pessimistic_write' } });
    if (!order || !['failed', 'added'].includes(order.state)) return;
    const server =
      order.serverId &&
      (await tx.findOne(Server, { where: { id: order.serverId }, lock: { mode: 'pessimistic_write' } }));
    if (server && server.state !== 'retired') return;
    const cloud = await this.templates.cloudOf(tx, order, signal);
    await cloud.remove(order.cloudName, signal);
    await tx.update(ServerOrder, { id }, { state: 'removed', secrets: null });
  }
}

const shortened = (text: string): string => text.slice(0, LONGEST_FAILURE);

/** In whose name the server is added, as the audit log has it: `staff:<id>`. */
const actorOf = (by: string): Actor => {
  const at = by.indexOf(':');
  return { kind: by.slice(0, at) as Actor['kind'], id: by.slice(at + 1), roles: [], scopes: [] };
};
