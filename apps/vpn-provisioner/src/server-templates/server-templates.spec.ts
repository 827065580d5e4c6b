import {
  ChangeServer,
  DecideCapacityProposal,
  ListCapacityProposals,
  ListServers,
  ListServerTemplates,
  RemoveServerTemplate,
  SetServerTemplate,
} from '@switchboard/contracts';
import { FieldCipher } from '@switchboard/service-kit';
import { until } from '@switchboard/testing';
import { v7 as uuidv7 } from 'uuid';
import type { z } from 'zod';
import { TestVpn } from '../../test/build';
import { Rows } from '../../test/rows';
import { startClouds } from '../../test/start-clouds';
import { hetzner } from '../clouds/hetzner.cloud';
import { marzban } from '../panels/marzban.panel';
import { pretended } from '../../test/pretended.panel';
import { ForecastService } from '../forecast/forecast.service';
import { HOURS_PER_WEEK } from '../forecast/load-forecast';
import { ServerOrdersJobs } from './server-orders.jobs';

type Asked = z.input<(typeof SetServerTemplate)['body']>;

const HOUR_MS = 3_600_000;

let sandbox: Awaited<ReturnType<typeof startClouds>>;
let vpn: TestVpn;
let panel: { username: string; password: string };
beforeAll(async () => {
  sandbox = await startClouds({
    ...{ definition: hetzner, party: 'hetzner', apiRoot: (address: string) => `${address}/v1` },
    ...{ settings: {}, secrets: {}, byHand: (client) => client.hetzner },
  });
  const env = { VPN_PROVISIONER_CLOUDS_SANDBOX_URL: sandbox.url };
  vpn = await TestVpn.start({ env }, [marzban, pretended], [hetzner]);
  const { account } = await sandbox.client.panels('marzban').addServer({ name: 'any' });
  panel = account as typeof panel;
});
afterAll(async () => {
  await vpn.app.stop();
  await sandbox.close();
});

const template = (more: Partial<Asked> = {}): Asked => ({
  ...{ cloudKind: 'hetzner', cloudSecrets: { token: 'sandbox-hetzner-token' }, plan: 'cx23', location: 'fsn1' },
  ...{ maxServers: 2, serverName: 'Frankfurt {number}', capacity: 500, monthlyCostMinor: 499, currency: 'EUR' },
  ...{ panelKind: 'marzban', panelUrl: `${sandbox.url}/marzban/{name}`, panelSettings: { username: panel.username } },
  ...{ panelSecrets: { password: panel.password }, userData: '#cloud-config\npanel: marzban\n' },
  ...more,
});
const set = (region: string, more?: Partial<Asked>, cloudSettings = {}) =>
  vpn.app.gateway.call(SetServerTemplate, { params: { region }, body: { ...template(more), cloudSettings } });
const propose = () => vpn.app.service.nest.get(ForecastService, { strict: false }).propose();
const proposals = async (region: string) =>
  (await vpn.app.gateway.call(ListCapacityProposals, { query: { region } })).data;
const decide = (proposalId: string, accept = true) =>
  vpn.app.gateway.call(DecideCapacityProposal, {
    ...{ params: { proposalId }, body: { accept }, idempotencyKey: uuidv7() },
  });
const serversOf = async (region: string) => (await vpn.app.gateway.call(ListServers, { query: { region } })).data;

/** What an operator is told of servers that did not come about. */
async function notMade(): Promise<string[]> {
  const metrics = await (await fetch(`${vpn.app.url}/metrics`, { headers: await vpn.app.as('operator') })).text();
  return metrics.split('\n').filter((line) => line.startsWith('vpn_servers_not_made_within_day{'));
}

/** Makes a region so busy that the forecast proposes a server. */
async function isBusy(region: string): Promise<string> {
  await new Rows(vpn.app).server({ region, capacity: 100, monthlyCostMinor: 700, currency: 'EUR' });
  const now = Math.floor(vpn.app.clock.now().getTime() / HOUR_MS) * HOUR_MS;
  const hours = Array.from({ length: 8 * HOURS_PER_WEEK }, (_, i) => new Date(now - (i + 1) * HOUR_MS));
  await vpn.db.query(
    `INSERT INTO region_loads (region, hour, people, online) SELECT $1, unnest($2::timestamptz[]), 97, 0`,
    [region, hours],
  );
  await propose();
  const [proposal] = await proposals(region);
  expect(proposal).toMatchObject({ kind: 'add' });
  return proposal!.id;
}

/** Until a server that is made has come to its end. It is looked for at once, not in ten seconds. */
async function untilOrder(region: string, state: string) {
  const hasten = `UPDATE vpn_provisioner_jobs._private_jobs SET run_at = now() WHERE locked_at IS NULL AND run_at > now()`;
  await until(
    async () => {
      const [proposal] = await proposals(region);
      if (proposal?.order?.state === state) return true;
      await vpn.db.query(hasten);
      return false;
    },
    { what: `a server that is ${state}` },
  );
  return (await proposals(region))[0]!.order!;
}

it('an accepted proposal becomes a server that people are sent to, and leaves the cloud when it is retired', async () => {
  await set('de-fra');
  const proposalId = await isBusy('de-fra');
  expect((await decide(proposalId)).order).toMatchObject({ state: 'asked' });
  const { serverId } = await untilOrder('de-fra', 'added');
  const made = (await serversOf('de-fra')).find(({ id }) => id === serverId);
  expect(made).toMatchObject({ name: 'Frankfurt 1', capacity: 500, panelKind: 'marzban', state: 'in-service' });
  await vpn.untilUp(serverId!);
  const [inCloud] = await sandbox.byHand.servers();
  expect(inCloud).toMatchObject({ name: expect.stringMatching(/^vpn-de-fra-/) });
  await vpn.app.gateway.call(ChangeServer, {
    ...{ params: { serverId: serverId! }, body: { state: 'retired' }, ifMatch: '*' },
  });
  await vpn.tick('remove-retired-servers');
  expect(await sandbox.byHand.servers()).toEqual([]);
  expect((await proposals('de-fra'))[0]!.order).toMatchObject({ state: 'removed' });
});

it('with leave to do so one is made without anybody, and never more than allowed', async () => {
  await set('de-auto', { automatic: true, maxServers: 1 });
  await isBusy('de-auto');
  expect((await proposals('de-auto'))[0]).toMatchObject({ state: 'accepted', decidedBy: 'service:vpn-provisioner' });
  await untilOrder('de-auto', 'added');
  const inCloud = (await sandbox.byHand.servers()).length;
  await vpn.db.query(`UPDATE servers SET capacity = 1 WHERE region = 'de-auto'`);
  await propose();
  const [latest] = await proposals('de-auto');
  // Somebody has to look at it.
  expect(latest).toMatchObject({ kind: 'add', state: 'open', order: null });
  expect(await sandbox.byHand.servers()).toHaveLength(inCloud);
});

it('while one is made no other one is ordered for the same need, and two processes make it once', async () => {
  await set('de-twice', { automatic: true, maxServers: 5 });
  const orderId = await isBusy('de-twice');
  await propose();
  await propose();
  expect((await proposals('de-twice')).filter(({ order }) => order)).toHaveLength(1);
  const jobs = vpn.app.service.nest.get(ServerOrdersJobs, { strict: false });
  const run = { attempt: 1, isLastAttempt: false, signal: new AbortController().signal };
  await until(
    async () => {
      await Promise.allSettled([1, 2, 3].map(() => jobs.make({ orderId }, run)));
      return (await proposals('de-twice'))[0]!.order!.state === 'added';
    },
    { what: 'the server' },
  );
  const names = (await sandbox.byHand.servers()).map(({ name }) => name);
  expect(names.filter((name) => name.startsWith('vpn-de-twice-'))).toHaveLength(1);
  expect(await serversOf('de-twice')).toHaveLength(2);
});

it('one that was not made costs nothing, and is not ordered again before somebody has changed what it is made of', async () => {
  // A panel that never comes up.
  await set('de-bad', { automatic: true, maxServers: 5, panelUrl: `${sandbox.url}/nothing/{name}` });
  await isBusy('de-bad');
  await untilOrder('de-bad', 'starting');
  vpn.app.clock.advance(46 * 60_000);
  expect((await untilOrder('de-bad', 'failed')).failure).toContain('panel');
  await propose();
  expect((await proposals('de-bad'))[0]).toMatchObject({ state: 'open', order: null });
  await vpn.tick('remove-retired-servers');
  const inCloud = async () => (await sandbox.byHand.servers()).filter(({ name }) => name.startsWith('vpn-de-bad-'));
  expect(await inCloud()).toEqual([]);
  expect(await notMade()).toContainEqual(expect.stringMatching(/region="de-bad".* 1$/));
  vpn.app.clock.advance(1000);
  await set('de-bad', { automatic: true, maxServers: 5 });
  await vpn.db.query(`UPDATE capacity_proposals SET state = 'outdated' WHERE region = 'de-bad' AND state = 'open'`);
  await propose();
  await untilOrder('de-bad', 'added');
});

it('leaves the account that it was ordered with, whatever became of the template, and keeps no other one back', async () => {
  await set('de-moved', {}, { label: 'first' });
  await decide(await isBusy('de-moved'));
  const { serverId } = await untilOrder('de-moved', 'added');
  await set('de-moved', {}, { label: 'second' });
  await vpn.app.gateway.call(RemoveServerTemplate, { params: { region: 'de-moved' } });
  const params = { serverId: serverId! };
  await vpn.app.gateway.call(ChangeServer, { params, body: { state: 'retired' }, ifMatch: '*' });
  const before = (await sandbox.byHand.servers()).length;
  await vpn.tick('remove-retired-servers');
  expect(await sandbox.byHand.servers()).toHaveLength(before - 1);
  const [order] = await vpn.db.query<[{ secrets: unknown }]>('SELECT secrets FROM server_orders WHERE server_id = $1', [
    serverId,
  ]);
  expect(order.secrets).toBeNull();
});

it('leaves its account also by the token that came after that of its order, and no other account', async () => {
  await set('de-rotated');
  await decide(await isBusy('de-rotated'));
  const { serverId } = await untilOrder('de-rotated', 'added');
  // As it is after the token was changed: that of then is known to the cloud no more.
  const cipher = vpn.app.service.nest.get(FieldCipher, { strict: false });
  const [{ id }] = await vpn.db.query<[{ id: string }]>('SELECT id FROM server_orders WHERE server_id = $1', [
    serverId,
  ]);
  const old = cipher.encrypt(JSON.stringify({ cloud: { token: 'old' }, panel: {} }), 'server_orders.secrets', id);
  await vpn.db.query('UPDATE server_orders SET secrets = $2 WHERE id = $1', [id, old]);
  const params = { serverId: serverId! };
  await vpn.app.gateway.call(ChangeServer, { params, body: { state: 'retired' }, ifMatch: '*' });
  const inCloud = async () => (await sandbox.byHand.servers()).filter(({ name }) => name.startsWith('vpn-de-rotated-'));
  expect(await inCloud()).toHaveLength(1);
  await vpn.tick('remove-retired-servers');
  expect(await inCloud()).toEqual([]);
  expect((await proposals('de-rotated'))[0]!.order).toMatchObject({ state: 'removed' });
});

it('one that was never made and whose token is known no more counts no longer', async () => {
  await set('de-refused', { automatic: true, maxServers: 1 });
  await sandbox.byHand.setLimit(0);
  await isBusy('de-refused');
  await untilOrder('de-refused', 'failed');
  const { id } = (await proposals('de-refused'))[0]!;
  await sandbox.byHand.setLimit(100);
  const cipher = vpn.app.service.nest.get(FieldCipher, { strict: false });
  const old = cipher.encrypt(JSON.stringify({ cloud: { token: 'old' }, panel: {} }), 'server_orders.secrets', id);
  await vpn.db.query('UPDATE server_orders SET secrets = $2 WHERE id = $1', [id, old]);
  await vpn.tick('remove-retired-servers');
  expect((await proposals('de-refused'))[0]!.order).toMatchObject({ state: 'removed' });
  vpn.app.clock.advance(1000);
  await set('de-refused', { automatic: true, maxServers: 1 });
  await propose();
  await untilOrder('de-refused', 'added');
});

it('servers that a cloud bills and that nobody here knows are told of and left alone', async () => {
  await set('de-lost');
  const unknown = () => vpn.metric('vpn_cloud_servers_unknown', 'region="de-lost"');
  await vpn.tick('compare-clouds');
  expect(await unknown()).toBe(0);
  await sandbox.byHand.addServers(['vpn-de-lost-1'], (await sandbox.byHand.servers())[0]!.labels);
  await sandbox.byHand.addServers(['theirs']);
  // All regions of one account see it; it is told of once.
  await vpn.db.query(`DELETE FROM server_templates WHERE region <> 'de-lost'`);
  await vpn.tick('compare-clouds');
  expect(await unknown()).toBe(1);
  expect((await sandbox.byHand.servers()).map(({ name }) => name)).toContain('vpn-de-lost-1');
  // That by which it was found first is removed; the other one sees it still.
  await set('aa-first');
  await vpn.db.query('DELETE FROM unknown_cloud_servers');
  await vpn.tick('compare-clouds');
  expect(await unknown()).toBe(0);
  await vpn.app.gateway.call(RemoveServerTemplate, { params: { region: 'aa-first' } });
  await vpn.tick('compare-clouds');
  expect(await unknown()).toBe(1);
  await sandbox.byHand.removeServer('vpn-de-lost-1');
  await vpn.tick('compare-clouds');
  expect(await unknown()).toBe(0);
});

it('a cloud that refuses says why, and nothing is added', async () => {
  await set('de-full');
  await sandbox.byHand.setLimit(0);
  const id = await isBusy('de-full');
  await decide(id);
  expect((await untilOrder('de-full', 'failed')).failure).toContain('limit');
  expect(await serversOf('de-full')).toHaveLength(1);
  await sandbox.byHand.setLimit(100);
});

it('a region without a template has to be given a server by hand', async () => {
  const id = await isBusy('de-none');
  expect((await decide(id)).order).toBeNull();
});

it('what the cloud does not have, an unknown cloud, a wrong token and a panel without its settings are refused', async () => {
  const code = async (more: Partial<Asked>) =>
    set('de-wrong', more).then(
      () => undefined,
      ({ problem }: { problem: { code: string; errors: { pointer: string }[] } }) => problem.errors[0]!.pointer,
    );
  expect(await code({ plan: 'cx-none' })).toBe('/plan');
  expect(await code({ cloudKind: 'none' })).toBe('/cloudKind');
  expect(await code({ cloudSecrets: { token: 'wrong' } })).toBe('/cloudSecrets');
  expect(await code({ panelUrl: 'nowhere' })).toBe('/panelUrl');
  // As the panel of a server in production it would be asked in the open.
  expect(await code({ panelUrl: 'http://{address}:8000' })).toBe('/url');
  expect(await code({ serverName: 'Frankfurt' })).toBe('/serverName');
  expect(await code({ monthlyCostMinor: 100 })).toBe('/plan');
  expect(await code({ panelSecrets: { nothing: 'x' } })).toBe('/secrets/nothing');
});

it('secrets are never shown, stay while they are not given anew, and a template can be removed', async () => {
  await set('de-kept');
  const shown = await set('de-kept', { cloudSecrets: {}, panelSecrets: {}, capacity: 700 });
  expect(shown).toMatchObject({ capacity: 700, cloudSecretNames: ['token'], panelSecretNames: ['password'] });
  expect(JSON.stringify(await vpn.app.gateway.call(ListServerTemplates))).not.toContain('sandbox-hetzner-token');
  await vpn.app.gateway.call(RemoveServerTemplate, { params: { region: 'de-kept' } });
  await expect(vpn.app.gateway.call(RemoveServerTemplate, { params: { region: 'de-kept' } })).rejects.toMatchObject({
    status: 404,
  });
});

it('what was made is not told of as missing, and what was not only for a day', async () => {
  expect((await notMade()).join()).not.toMatch(/de-fra|de-auto|de-twice/);
  vpn.app.clock.advance(25 * HOUR_MS);
  expect(await notMade()).toEqual([]);
});
