import {
  AuditEntryAppendRequested,
  ChangeServer,
  CreateServer,
  ListPanelKinds,
  ListServers,
  TryServer,
} from '@switchboard/contracts';
import { tablesWith, until } from '@switchboard/testing';
import type { z } from 'zod';
import { TestVpn } from '../../test/build';
import { panelAt } from '../../test/pretended.panel';

let vpn: TestVpn;
beforeAll(async () => {
  vpn = await TestVpn.start();
});
afterAll(() => vpn.app.stop());

const change = (serverId: string, revision: number, body: z.input<(typeof ChangeServer)['body']>) =>
  vpn.app.gateway.call(ChangeServer, { params: { serverId }, body, ifMatch: `"${revision}"` });

describe('a server', () => {
  it('is added when its panel answers, and is in the list with how it is', async () => {
    const server = await vpn.server({ name: 'Frankfurt 1', secrets: { password: 'planted-password' } });
    const { data } = await vpn.app.gateway.call(ListServers, { query: { region: 'de' } });
    expect(data.find(({ id }) => id === server.id)).toMatchObject({
      ...{ name: 'Frankfurt 1', state: 'in-service', people: 0, secretNames: ['password'], revision: 1 },
      health: { state: 'up', onlineUsers: 0, version: '1.0', error: null },
    });
    // Neither the password nor what may be one in the address is told or stored as it is.
    expect(JSON.stringify(data)).not.toMatch(/planted-password|panel-1/);
    expect(await tablesWith(vpn.app, 'planted-password')).toEqual([]);
    const created = await vpn.app.probe.until(AuditEntryAppendRequested, ({ data }) => data.resourceId === server.id);
    expect(created.data).toMatchObject({
      action: CreateServer.id,
      after: { name: 'Frankfurt 1', secrets: ['password'] },
    });
    expect(JSON.stringify(created.data)).not.toMatch(/planted-password|panel-1/);
  });

  it('whose panel does not answer is refused, unless staff insist; it serves nobody until it does', async () => {
    const url = 'http://127.0.0.1:9/of-tomorrow';
    panelAt(url).power = 'dead';
    await expect(vpn.newServer({ url })).rejects.toMatchObject({
      status: 422,
      problem: { code: 'vpn-provisioner.panel_unreachable' },
    });
    const server = await vpn.newServer({ url, force: true });
    await vpn.probe();
    expect((await vpn.read(server.id)).health.state).toBe('down');
    panelAt(url).power = 'up';
    await vpn.untilUp(server.id);
  });

  it.each([
    ['http://169.254.169.254/latest', 'vpn-provisioner.address_refused'],
    ['http://[fe80::1]/', 'vpn-provisioner.address_refused'],
    ['http://[fd00:ec2::254]/', 'vpn-provisioner.address_refused'],
    ['http://100.100.100.200/', 'vpn-provisioner.address_refused'],
    ['http://example.com/', 'vpn-provisioner.address_refused'],
  ])('is not sought at %s, also when staff insist', async (url, code) => {
    await expect(vpn.newServer({ url, force: true })).rejects.toMatchObject({ status: 422, problem: { code } });
  });

  it('may lie in a private network', async () => {
    await vpn.newServer({ url: 'http://10.1.2.3:2053/abc' });
    await vpn.newServer({ url: 'http://192.168.1.1/' });
  });

  it('is described as its kind of panel wants', async () => {
    const { data } = await vpn.app.gateway.call(ListPanelKinds, {});
    expect(data).toMatchObject([{ kind: 'pretended', secrets: ['password'], settings: { type: 'object' } }]);
    await expect(vpn.newServer({ panelKind: 'unheard-of' })).rejects.toMatchObject({
      problem: { code: 'vpn-provisioner.panel_kind_unknown' },
    });
    await expect(
      vpn.newServer({ settings: { inbound: 5, other: true }, secrets: { token: 'x' } }),
    ).rejects.toMatchObject({
      ...{
        status: 422,
        problem: { errors: expect.arrayContaining([expect.objectContaining({ pointer: '/settings/inbound' })]) },
      },
    });
  });

  it('has a name of its own as long as it is not retired', async () => {
    const server = await vpn.newServer({ name: 'Twin' });
    await expect(vpn.newServer({ name: 'Twin' })).rejects.toMatchObject({
      problem: { code: 'vpn-provisioner.server_name_taken' },
    });
    await change(server.id, 1, { state: 'retired' });
    await vpn.newServer({ name: 'Twin' });
  });

  it('has a panel of its own', async () => {
    await vpn.newServer({ url: 'http://127.0.0.1:9/shared' });
    await expect(vpn.newServer({ url: 'HTTP://127.0.0.1:9/shared/' })).rejects.toMatchObject({
      problem: { code: 'vpn-provisioner.panel_taken' },
    });
  });

  it('whose panel was made anew has its people again', async () => {
    const server = await vpn.server({ region: 'no' });
    await vpn.buy({ region: 'no' });
    const url = 'http://127.0.0.1:9/made-anew';
    await change(server.id, 1, { url });
    await vpn.tick('tend-accesses');
    await until(() => panelAt(url).active.length === 1, { what: 'the new panel to know them' });
  });

  it('is changed by who has seen what it is; secrets that are not named stay', async () => {
    const server = await vpn.newServer();
    const changed = await change(server.id, 1, { capacity: 7, secrets: {} });
    expect(changed).toMatchObject({ capacity: 7, revision: 2, secretNames: ['password'] });
    await expect(change(server.id, 1, { capacity: 8 })).rejects.toMatchObject({ status: 412 });
    const dead = 'http://127.0.0.1:9/dead';
    panelAt(dead).power = 'dead';
    await expect(change(server.id, 2, { url: dead })).rejects.toMatchObject({
      problem: { code: 'vpn-provisioner.panel_unreachable' },
    });
    const audited = await vpn.app.probe.until(
      AuditEntryAppendRequested,
      ({ data }) => data.resourceId === server.id && data.action === ChangeServer.id,
    );
    expect(audited.data).toMatchObject({ before: { capacity: 100 }, after: { capacity: 7 } });
  });

  it('that serves people is not retired; one that is gone for good is, with what is left on its panel', async () => {
    const server = await vpn.server({ region: 'se' });
    await vpn.buy({ region: 'se' });
    await expect(change(server.id, 1, { state: 'retired', force: true })).rejects.toMatchObject({
      ...{ status: 409, problem: { code: 'vpn-provisioner.server_in_use' } },
    });
    await vpn.db.query(`UPDATE access_keys SET state = 'leaving', occupies = false WHERE server_id = $1`, [server.id]);
    await expect(change(server.id, 1, { state: 'retired' })).rejects.toMatchObject({ status: 409 });
    expect(await change(server.id, 1, { state: 'retired', force: true })).toMatchObject({
      state: 'retired',
      leaving: 0,
    });
  });

  it('can be tried before it is saved', async () => {
    const body = { panelKind: 'pretended', url: 'http://127.0.0.1:9/tried' };
    expect(await vpn.app.gateway.call(TryServer, { body })).toMatchObject({
      answers: true,
      version: '1.0',
      error: null,
    });
    panelAt(body.url).power = 'dead';
    expect(await vpn.app.gateway.call(TryServer, { body })).toMatchObject({
      ...{ answers: false, error: 'unreachable', detail: 'nobody answers' },
    });
    const metadata = { ...body, url: 'http://169.254.169.254/' };
    await expect(vpn.app.gateway.call(TryServer, { body: metadata })).rejects.toMatchObject({ status: 422 });
  });
});
