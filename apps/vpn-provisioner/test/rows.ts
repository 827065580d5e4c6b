import { PersonalData } from '@switchboard/service-kit';
import type { TestApp } from '@switchboard/testing';
import { randomUUID } from 'node:crypto';
import type { ObjectLiteral } from 'typeorm';
import { AccessKey } from '../src/accesses/access-key.entity';
import { Access } from '../src/accesses/access.entity';
import type { Endpoint } from '../src/panels/panel';
import { Server } from '../src/servers/server.entity';

const DAY_MS = 24 * 60 * 60_000;

export const REALITY: Endpoint = {
  ...{ protocol: 'vless', host: 'de1.example.net', port: 443, transport: 'tcp', security: 'reality' },
  ...{ sni: 'www.example.com', publicKey: 'public-key', shortId: '0123', flow: 'xtls-rprx-vision' },
};

/** Rows as the service itself would have written them, for specs of what is built on them. */
export class Rows {
  constructor(private readonly app: TestApp) {}

  async server(with_: Partial<Server> = {}, { state = 'up', latencyMs = 30 } = {}): Promise<Server> {
    const now = this.app.clock.now();
    const id = randomUUID();
    const server: Server = {
      ...{ id, name: `Frankfurt ${id.slice(0, 4)}`, region: 'de', capacity: 100, weight: 1, monthlyCostMinor: 500 },
      ...{ currency: 'EUR', panelKind: 'pretended', url: `http://127.0.0.1:9/${id}`, settings: {}, secrets: null },
      ...{ endpoints: [{ ...REALITY }], parallelCalls: 4, state: 'in-service', revision: 1 },
      ...{ createdAt: now, changedAt: now, ...with_ },
    };
    await this.app.service.db.manager.insert(Server, server as never);
    await this.app.service.db.query(
      `INSERT INTO server_health (server_id, state, against, falls, since, epoch, cleaned_epoch, latency_ms)
       VALUES ($1, $2, 0, 0, $3, 0, 0, $4)`,
      [server.id, state, now, latencyMs],
    );
    return server;
  }

  /** Served by these servers. */
  async access(servers: readonly Server[], with_: Partial<Access> = {}): Promise<Access> {
    const now = this.app.clock.now();
    const [id, userId] = [randomUUID(), with_.userId ?? randomUUID()];
    const later = new Date(now.getTime() + 30 * DAY_MS);
    const personal = this.app.service.nest.get(PersonalData, { strict: false });
    return this.app.service.db.transaction(async (tx) => {
      const secret = { uuid: randomUUID(), password: `pw-${id}` };
      const { credentials } = await personal.encrypt(
        tx,
        { table: 'accesses', id, userId },
        { credentials: JSON.stringify(secret) },
      );
      const access: Access = {
        ...{ id, subscriptionId: randomUUID(), userId, botId: 'shop', revision: 1, status: 'active' },
        ...{ periodStart: now, validUntil: later, servedUntil: later, limitBytes: 100 * 1024 ** 3, deviceLimit: null },
        ...{ serverCount: Math.max(1, servers.length), region: null, subscriptionRegion: null, suspendedFor: null },
        ...{ usedBytes: 0, usedAt: null, panelUser: `sb-${id}`, credentials, enabled: true, version: 1 },
        ...{ toldVersion: 1, delayedVersion: 0, owedSince: null, grantedAt: now, linkVersion: 1, createdAt: now },
        ...with_,
      };
      await tx.insert(Access, access as never);
      for (const server of servers) await tx.insert(AccessKey, keyOf(access, server, now));
      return access;
    });
  }

  key(access: Access, server: Server): Promise<unknown> {
    return this.app.service.db.manager.insert(AccessKey, keyOf(access, server, this.app.clock.now()));
  }
}

const keyOf = (access: Access, server: Server, now: Date): ObjectLiteral => ({
  ...{ id: randomUUID(), accessId: access.id, serverId: server.id, userId: access.userId, state: 'serving' },
  ...{ occupies: true, appliedVersion: 1, applied: null, accessUrl: null, panelUsedBytes: 0, panelUsedAt: null },
  ...{ asked: 0, dueAt: null, priority: 0, attempts: 0, error: null, removeAt: null, createdAt: now },
});
