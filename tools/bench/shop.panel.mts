import { randomBytes, randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { type AppDefinition, PersonalData, startApps } from '@switchboard/service-kit';
import { z } from 'zod';
import type { Panel, PanelDefinition, PanelUser, SeenUser } from '../../apps/vpn-provisioner/dist/src/panels/panel.js';
import { root } from '../local/workspace.mts';
import { control, stopWhenAsked } from './shop.control.mts';

// The provisioner with a kind of panel that answers everything in PANEL_MS; `POST /people/<n>/<server>` at CONTROL_PORT puts people on a server.
const PANEL_MS = 20;
const AT_ONCE = 500;

const users = new Map<string, PanelUser>();
const answer = async <T,>(work: () => T): Promise<T> => {
  await sleep(PANEL_MS);
  return work();
};
const seen = (user: PanelUser): SeenUser => ({ ...user, isServed: user.enabled, usedBytes: 0, onlineAt: null });

const pretended: PanelDefinition = {
  ...{ kind: 'pretended', settings: z.strictObject({}), secrets: [], lacks: [] },
  create: ({ url }): Panel => ({
    ensure: (user) =>
      answer(() => {
        users.set(`${url} ${user.name}`, user);
        return seen(user);
      }),
    read: (name) => answer(() => users.get(`${url} ${name}`)).then((user) => user && seen(user)),
    remove: (name) => answer(() => void users.delete(`${url} ${name}`)),
    async *list() {
      yield* await answer(() => [...users].filter(([at]) => at.startsWith(`${url} `)).map(([, user]) => seen(user)));
    },
    health: () => answer(() => ({ version: '1', onlineUsers: users.size, cpu: 0.1, memory: 0.1 })),
  }),
};

const { defineVpnProvisioner } = (
  (await import(pathToFileURL(join(root, 'apps/vpn-provisioner/dist/src/vpn-provisioner.module.js')).href)) as {
    default: { defineVpnProvisioner(panels: readonly PanelDefinition[]): AppDefinition };
  }
).default;
const { services, stop } = await startApps([defineVpnProvisioner([pretended])], process.env);
const [provisioner] = services;
const personal = provisioner!.nest.get(PersonalData, { strict: false });

control(async (count, serverId) => {
  for (let made = 0; made < Number(count); made += AT_ONCE)
    await seed(serverId!, Math.min(AT_ONCE, Number(count) - made));
});
stopWhenAsked(stop);

/** People whom a server serves, as the service itself would have noted them. */
async function seed(serverId: string, count: number): Promise<void> {
  await provisioner!.db.transaction(async (tx) => {
    const people: { id: string; userId: string; credentials: string }[] = [];
    for (let i = 0; i < count; i++) {
      const [id, userId] = [randomUUID(), randomUUID()];
      const secret = JSON.stringify({ uuid: randomUUID(), password: randomBytes(12).toString('base64url') });
      const { credentials } = await personal.encrypt(tx, { table: 'accesses', id, userId }, { credentials: secret });
      people.push({ id, userId, credentials });
    }
    const columns = (['id', 'userId', 'credentials'] as const).map((name) => people.map((one) => one[name]));
    await tx.query(
      `INSERT INTO accesses (id, subscription_id, user_id, bot_id, revision, status, period_start, valid_until, served_until, limit_bytes,
         device_limit, server_count, used_bytes, panel_user, credentials, enabled, version, told_version, delayed_version, granted_at,
         link_version, created_at)
       SELECT id, gen_random_uuid(), user_id, 'bench', 1, 'active', now(), now() + interval '30 days', now() + interval '30 days',
         100000000000, 3, 1, 0, 'bench-' || id, credentials, true, 1, 1, 0, now(), 1, now()
       FROM unnest($1::uuid[], $2::uuid[], $3::text[]) AS t (id, user_id, credentials)`,
      columns,
    );
    await tx.query(
      `INSERT INTO access_keys (id, access_id, server_id, user_id, state, occupies, applied_version, applied, panel_used_bytes, asked,
         priority, attempts, created_at)
       SELECT gen_random_uuid(), id, $3, user_id, 'serving', true, 1, $4, 0, 0, 0, 0, now()
       FROM unnest($1::uuid[], $2::uuid[]) AS t (id, user_id)`,
      [columns[0], columns[1], serverId, { enabled: true, expiresAt: new Date(), limitBytes: null, devices: 3 }],
    );
  });
}
