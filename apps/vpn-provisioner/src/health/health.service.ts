import { Inject, Injectable } from '@nestjs/common';
import { Outbox } from '@switchboard/bus';
import { ServerDown, ServerUp } from '@switchboard/contracts';
import { Clock, defineJob, Jobs, LOG, type Log } from '@switchboard/service-kit';
import { Gauge, Registry } from 'prom-client';
import { DataSource, type EntityManager, In } from 'typeorm';
import { z } from 'zod';
import { panelQueue } from '../accesses/access-queue';
import { KeySyncService } from '../accesses/key-sync.service';
import { DriftService } from '../drift/drift.service';
import type { PanelHealth } from '../panels/panel';
import { panelErrorOf, PanelsService } from '../panels/panels.service';
import { withDeadline } from '../panels/with-deadline';
import { Server } from '../servers/server.entity';
import { ServerHealth } from '../servers/server-health.entity';
import { HealthSample } from './health-sample.entity';
import { MaintenanceService } from './maintenance.service';
import { observed } from './server-health.states';

/** Puts right what a server that answers again still holds of people who were moved meanwhile; then it is up. */
export const ReturnServer = defineJob('return-server', z.object({ serverId: z.uuid() }));

export const PROBE_EVERY_MS = 10_000;
const PROBE_TIMEOUT_MS = 5000;
const DAY_MS = 86_400_000;
/** So long a fall is remembered. */
const FALL_REMEMBERED_MS = DAY_MS;
const KEEP_SAMPLES_MS = 7 * DAY_MS;
const MINUTE_MS = 60_000;

type Probe =
  | { readonly isGood: true; readonly latencyMs: number; readonly health: PanelHealth }
  | { readonly isGood: false; readonly error: string };

/** Whether servers are there. */
@Injectable()
export class HealthService {
  constructor(
    private readonly db: DataSource,
    private readonly panels: PanelsService,
    private readonly keySync: KeySyncService,
    private readonly drift: DriftService,
    private readonly maintenance: MaintenanceService,
    private readonly jobs: Jobs,
    private readonly outbox: Outbox,
    private readonly clock: Clock,
    registry: Registry,
    @Inject(LOG) private readonly log: Log,
  ) {
    const states = () => this.states().catch(() => []);
    new Gauge({
      name: 'vpn_server_up',
      help: '1 while a server is there for people; 0 while it is down, or answers again and is not put right yet.',
      labelNames: ['server', 'region'],
      registers: [registry],
      async collect() {
        const all = await states();
        this.reset();
        for (const { server, region, up } of all) this.set({ server, region }, up ? 1 : 0);
      },
    });
  }

  /** Asks those that no process has asked within the last seconds. */
  async probeDue(): Promise<void> {
    const now = this.clock.now();
    const [claimed] = await this.db.query<[{ id: string }[], number]>(
      `UPDATE server_health SET probed_at = $1 WHERE server_id IN (
         SELECT h.server_id FROM server_health h JOIN servers s ON s.id = h.server_id
         WHERE s.state <> 'retired' AND (h.probed_at IS NULL OR h.probed_at <= $2 OR h.probed_at > $1)
         FOR UPDATE OF h SKIP LOCKED)
       RETURNING server_id AS id`,
      [now, new Date(now.getTime() - PROBE_EVERY_MS)],
    );
    const servers = await this.db.manager.findBy(Server, { id: In(claimed.map(({ id }) => id)) });
    const probed = servers.map(async (server) => {
      const probe = await this.probe(server);
      await this.db.transaction((tx) => this.observe(tx, server, probe));
    });
    // One that cannot be noted says nothing of the others.
    await Promise.allSettled(probed);
    await Promise.all(probed);
  }

  /** What one more probe says of a server. */
  async observe(tx: EntityManager, server: Server, probe: Probe): Promise<void> {
    const where = { serverId: server.id };
    const row = await tx.findOne(ServerHealth, { where, lock: { mode: 'pessimistic_write' } });
    if (!row) return;
    const now = this.clock.now();
    const isLongAgo = row.fellAt !== null && now.getTime() - row.fellAt.getTime() > FALL_REMEMBERED_MS;
    const falls = isLongAgo ? Math.min(1, row.falls) : row.falls;
    const before = { state: row.state === 'down' ? 'down' : 'up', against: row.against, falls } as const;
    const after = observed(before, probe.isGood);
    Object.assign(row, { against: after.against, falls: after.falls, error: probe.isGood ? null : probe.error });
    if (probe.isGood) Object.assign(row, { latencyMs: probe.latencyMs, ...probe.health });
    if (before.state === 'up' && after.state === 'down') await this.fall(tx, server, row);
    if (before.state === 'down' && after.state === 'up') await this.beginReturn(tx, row);
    await tx.save(ServerHealth, row);
    await this.note(tx, server.id, probe);
    if (before.state !== after.state) await this.maintenance.evaluate(tx);
  }

  /** What a server holds is put right, and it is there for people again. Nobody who was moved is served by it as well. */
  async return(serverId: string, signal: AbortSignal): Promise<void> {
    const server = await this.db.manager.findOneBy(Server, { id: serverId });
    const before = await this.db.manager.findOneBy(ServerHealth, { serverId });
    if (!server || before?.state !== 'returning') return;
    await this.drift.check(server, signal);
    if (!(await this.keySync.drain(serverId, signal))) throw new Error(`${server.name} does not answer again`);
    await this.db.transaction(async (tx) => {
      const row = await tx.findOneOrFail(ServerHealth, { where: { serverId }, lock: { mode: 'pessimistic_write' } });
      // It went down once more meanwhile.
      if (row.state !== 'returning' || row.epoch !== before.epoch) return;
      await this.refuseDoublyActive(tx, server);
      const downSeconds = row.fellAt ? Math.round((this.clock.now().getTime() - row.fellAt.getTime()) / 1000) : 0;
      Object.assign(row, { state: 'up', since: this.clock.now(), cleanedEpoch: row.epoch });
      await tx.save(ServerHealth, row);
      this.log.info({ server: server.name, downSeconds }, 'a server is up');
      if (row.epoch > 0) await this.outbox.add(tx, ServerUp({ ...factsOf(server), downSeconds }));
      await this.maintenance.evaluate(tx);
    });
  }

  /** Those whose job was lost, or has failed too often. */
  async goOnReturning(): Promise<void> {
    const rows = await this.db.manager.findBy(ServerHealth, { state: 'returning' });
    await this.db.transaction(async (tx) => {
      for (const { serverId } of rows) await this.requestReturn(tx, serverId);
      await this.maintenance.evaluate(tx);
    });
  }

  samples(serverId: string, hours: number): Promise<HealthSample[]> {
    const since = new Date(this.clock.now().getTime() - hours * 60 * MINUTE_MS);
    return this.db.manager
      .createQueryBuilder(HealthSample, 's')
      .where('s.serverId = :serverId AND s.at >= :since', { serverId, since })
      .orderBy('s.at')
      .getMany();
  }

  async forgetOldSamples(): Promise<void> {
    await this.db.query('DELETE FROM health_samples WHERE at < $1', [
      new Date(this.clock.now().getTime() - KEEP_SAMPLES_MS),
    ]);
  }

  private async probe(server: Server): Promise<Probe> {
    const begunAt = performance.now();
    try {
      const panel = this.panels.of(server);
      const health = await withDeadline(PROBE_TIMEOUT_MS, undefined, (signal) => panel.health(signal));
      return { isGood: true, latencyMs: Math.round(performance.now() - begunAt), health };
    } catch (error) {
      return { isGood: false, error: panelErrorOf(error) };
    }
  }

  private async fall(tx: EntityManager, server: Server, row: ServerHealth): Promise<void> {
    const now = this.clock.now();
    const wasUp = row.state === 'up';
    Object.assign(row, { state: 'down', since: now, fellAt: wasUp ? now : row.fellAt, epoch: row.epoch + 1 });
    this.log.error({ server: server.name, error: row.error }, 'a server is down');
    // One that was returning has been told of already.
    if (!wasUp) return;
    const [{ people }] = (await tx.query(
      'SELECT count(*)::int AS people FROM access_keys WHERE server_id = $1 AND occupies',
      [server.id],
    )) as [{ people: number }];
    await this.outbox.add(tx, ServerDown({ ...factsOf(server), people, since: now.toISOString() }));
  }

  private async beginReturn(tx: EntityManager, row: ServerHealth): Promise<void> {
    Object.assign(row, { state: 'returning', since: this.clock.now() });
    await this.requestReturn(tx, row.serverId);
  }

  private async requestReturn(tx: EntityManager, serverId: string): Promise<void> {
    await this.jobs.add(tx, ReturnServer, { serverId }, { key: `return:${serverId}`, queue: panelQueue(serverId) });
  }

  private async refuseDoublyActive(tx: EntityManager, { id, name }: Server): Promise<void> {
    const [{ n }] = (await tx.query(
      `SELECT count(*)::int AS n FROM access_keys
       WHERE server_id = $1 AND state = 'leaving' AND (applied->>'enabled')::boolean IS DISTINCT FROM false`,
      [id],
    )) as [{ n: number }];
    if (n > 0) throw new Error(`${name} still lets in ${n} people who were moved`);
  }

  private async note(tx: EntityManager, serverId: string, probe: Probe): Promise<void> {
    const at = new Date(Math.floor(this.clock.now().getTime() / MINUTE_MS) * MINUTE_MS);
    const { latencyMs = null, health = undefined } = probe.isGood ? probe : {};
    await tx.query(
      `INSERT INTO health_samples AS s (server_id, at, probes, failures, latency_ms, online_users, cpu, memory)
       VALUES ($1, $2, 1, $3, $4, $5, $6, $7)
       ON CONFLICT (server_id, at) DO UPDATE SET probes = s.probes + 1, failures = s.failures + excluded.failures,
         latency_ms = coalesce(excluded.latency_ms, s.latency_ms), online_users = coalesce(excluded.online_users, s.online_users),
         cpu = coalesce(excluded.cpu, s.cpu), memory = coalesce(excluded.memory, s.memory)`,
      [
        ...[serverId, at, probe.isGood ? 0 : 1, latencyMs],
        ...[health?.onlineUsers ?? null, health?.cpu ?? null, health?.memory ?? null],
      ],
    );
  }

  private states() {
    return this.db.query<{ server: string; region: string; up: boolean }[]>(
      `SELECT s.name AS server, s.region, h.state = 'up' AS up FROM servers s JOIN server_health h ON h.server_id = s.id
       WHERE s.state <> 'retired'`,
    );
  }
}

const factsOf = ({ id, region, name }: Server) => ({ serverId: id, region, serverName: name });
