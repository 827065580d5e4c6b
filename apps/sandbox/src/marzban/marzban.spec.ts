import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SandboxClient } from '../client';
import { type Sandbox, startSandbox } from '../sandbox';
import { until } from '../start-for-spec';

const GB = 1_000_000_000;

describe('Marzban in the sandbox', () => {
  let sandbox: Sandbox;
  let client: SandboxClient;
  let url: string;
  let token: string;

  beforeEach(() => start());
  afterEach(() => sandbox.close());

  async function start(data?: string): Promise<void> {
    sandbox = await startSandbox({ data, pace: 0.05 });
    client = new SandboxClient(sandbox.url);
    url = `${sandbox.url}/marzban/frankfurt`;
    token = await signIn();
  }

  async function signIn(password = 'sandbox-marzban'): Promise<string> {
    const body = new URLSearchParams({ grant_type: 'password', username: 'admin', password });
    const answer = await fetch(`${url}/api/admin/token`, { method: 'POST', body });
    return ((await answer.json()) as { access_token: string }).access_token;
  }

  async function ask(method: string, path: string, body?: object, authorization = `Bearer ${token}`) {
    const answer = await fetch(url + path, {
      method,
      headers: { authorization, ...(body && { 'content-type': 'application/json' }) },
      ...(body && { body: JSON.stringify(body) }),
    });
    return { status: answer.status, headers: answer.headers, body: (await answer.json()) as Record<string, unknown> };
  }
  const make = (username: string, more: object = {}) =>
    ask('POST', '/api/user', { username, proxies: { vless: {} }, ...more });
  const server = () => client.panels('marzban').server('frankfurt');
  const later = (seconds: number) => Math.floor(Date.now() / 1000) + seconds;

  it('lets in whoever knows the password, and says in its words who does not', async () => {
    const body = new URLSearchParams({ username: 'admin', password: 'wrong' });
    const answer = await fetch(`${url}/api/admin/token`, { method: 'POST', body });
    expect([answer.status, answer.headers.get('www-authenticate'), await answer.json()]).toEqual([
      401,
      'Bearer',
      { detail: 'Incorrect username or password' },
    ]);
    expect(await ask('GET', '/api/users', undefined, '')).toMatchObject({
      status: 401,
      body: { detail: 'Not authenticated' },
    });
    await server().signOut();
    expect(await ask('GET', '/api/users')).toMatchObject({
      status: 401,
      body: { detail: 'Could not validate credentials' },
    });
    const claims = JSON.parse(Buffer.from(token.split('.')[1]!, 'base64url').toString()) as object;
    expect(claims).toMatchObject({ sub: 'admin', access: 'sudo', exp: expect.any(Number) });
  });

  it('shows administrators without all rights their own users', async () => {
    const admin = { username: 'sales', password: 'sales-password', is_sudo: false };
    expect(await ask('POST', '/api/admin', admin)).toMatchObject({ status: 200, body: { username: 'sales' } });
    expect(await ask('POST', '/api/admin', admin)).toMatchObject({
      status: 409,
      body: { detail: 'Admin already exists' },
    });
    await make('of_admin');
    const form = new URLSearchParams(admin as unknown as Record<string, string>);
    const answer = await fetch(`${url}/api/admin/token`, { method: 'POST', body: form });
    const { access_token } = (await answer.json()) as { access_token: string };
    const bearer = `Bearer ${access_token}`;
    const own = { username: 'of_sales', proxies: { vless: {} } };
    expect(await ask('POST', '/api/user', own, bearer)).toMatchObject({ status: 200 });
    expect(await ask('GET', '/api/users', undefined, bearer)).toMatchObject({ body: { total: 1 } });
    for (const path of ['/api/user/of_admin', '/api/nodes'])
      expect(await ask('GET', path, undefined, bearer)).toMatchObject({
        status: 403,
        body: { detail: "You're not allowed" },
      });
    expect(await ask('GET', '/api/users')).toMatchObject({ body: { total: 2 } });
  });

  it('makes a user as the real one shows it', async () => {
    const { status, body } = await make('sb_one', { expire: later(60), data_limit: 5 * GB });
    expect(status).toBe(200);
    expect(body).toMatchObject({
      ...{ username: 'sb_one', status: 'active', data_limit: 5 * GB, data_limit_reset_strategy: 'no_reset' },
      ...{ used_traffic: 0, lifetime_used_traffic: 0, online_at: null, next_plan: null, note: null },
      proxies: { vless: { id: expect.stringMatching(/^[0-9a-f-]{36}$/), flow: '' } },
      inbounds: { vless: ['VLESS TCP REALITY', 'VLESS Websocket TLS'] },
      excluded_inbounds: { vless: [] },
      created_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d$/),
      links: [expect.stringMatching(/^vless:.*security=reality/), expect.stringMatching(/^vless:.*type=ws/)],
      subscription_url: expect.stringMatching(/^\/sub\//),
      admin: { username: 'admin', is_sudo: true },
    });
    expect(await make('sb_one')).toMatchObject({ status: 409, body: { detail: 'User already exists' } });
    expect(await make('SB_ONE')).toMatchObject({ status: 409 });
    expect(await ask('GET', '/api/user/nobody')).toMatchObject({ status: 404, body: { detail: 'User not found' } });
  });

  it.each<[string, object, number, unknown]>([
    [
      'a name with a hyphen among its first characters',
      { username: 'sb-one' },
      422,
      { username: /3 to 32 characters/ },
    ],
    ['a short name', { username: 'ab' }, 422, { username: /3 to 32 characters/ }],
    ['no name', { username: undefined }, 422, { username: /Field required/ }],
    ['no proxies', { proxies: {} }, 422, { proxies: /at least one proxy/ }],
    ['a limit in words', { data_limit: '5' }, 422, { data_limit: /valid (int|number)/ }],
    ['a status that only the panel gives', { status: 'disabled' }, 422, { status: /./ }],
    ['an inbound that is not there', { inbounds: { vless: ['nowhere'] } }, 422, { inbounds: /nowhere doesn't exist/ }],
    ['a protocol that is not served', { proxies: { vmess: {} } }, 400, /Protocol vmess is disabled on your server/],
    ['on hold without an end', { status: 'on_hold' }, 422, { status: /valid on_hold_expire_duration/ }],
  ])('refuses %s', async (_, over, status, detail) => {
    const refused = await make('sb_one', over);
    expect(refused.status).toBe(status);
    const told = refused.body['detail'];
    if (detail instanceof RegExp) expect(told).toMatch(detail);
    else
      for (const [field, words] of Object.entries(detail as object))
        expect((told as Record<string, string>)[field]).toMatch(words as RegExp);
    expect(await server().users()).toEqual([]);
  });

  describe('a status', () => {
    const statusAfter = async (change: object) => (await ask('PUT', '/api/user/sb_one', change)).body['status'];

    it('limited and expired come by themselves, and a change alone may leave them', async () => {
      await make('sb_one', { data_limit: GB, expire: later(3600) });
      await server().use('sb_one', GB);
      expect((await ask('GET', '/api/user/sb_one')).body['status']).toBe('limited');
      expect(await statusAfter({ expire: later(7200) })).toBe('limited');
      expect(await statusAfter({ data_limit: 2 * GB })).toBe('active');
      expect(await statusAfter({ expire: 1 })).toBe('expired');
      expect(await statusAfter({ data_limit: 3 * GB })).toBe('expired');
      expect(await statusAfter({ expire: later(60) })).toBe('active');
      expect(await statusAfter({ status: 'disabled', data_limit: 0, expire: 0 })).toBe('disabled');
      expect(await statusAfter({ expire: later(60) })).toBe('disabled');
      expect(await statusAfter({ status: 'active' })).toBe('active');
    });

    it('disabled is lost by a reset, by a mistake of the real one; expired is not', async () => {
      await make('sb_one', { expire: later(3600) });
      await server().use('sb_one', GB);
      expect(await statusAfter({ status: 'disabled' })).toBe('disabled');
      expect((await ask('POST', '/api/user/sb_one/reset')).body).toMatchObject({
        ...{ status: 'active', used_traffic: 0, lifetime_used_traffic: GB },
      });
      await statusAfter({ expire: 1 });
      expect((await ask('POST', '/api/user/sb_one/reset')).body['status']).toBe('expired');
    });

    it('on hold ends when the user first connects', async () => {
      await make('sb_one', { status: 'on_hold', on_hold_expire_duration: 3600 });
      await server().use('sb_one', 1);
      const { body } = await ask('GET', '/api/user/sb_one');
      expect(body).toMatchObject({ status: 'active', online_at: expect.any(String) });
      expect(body['expire']).toBeGreaterThan(later(3500));
    });
  });

  it('changes what is told and leaves the rest, but forgets the next plan', async () => {
    const next_plan = { data_limit: GB, expire: 60, add_remaining_traffic: false, fire_on_either: true };
    const made = await make('sb_one', { note: 'first', next_plan });
    const proxies = { trojan: { password: 'given' } };
    const { body } = await ask('PUT', '/api/user/sb_one', { proxies });
    expect(body).toMatchObject({
      note: 'first',
      next_plan: null,
      proxies: { trojan: { password: 'given', flow: '' } },
    });
    expect(body['proxies']).not.toHaveProperty('vless');
    expect(made.body['next_plan']).toEqual(next_plan);
  });

  it('pages through its users in the order that is asked for', async () => {
    for (const name of ['ccc', 'aaa', 'bbb']) await make(name);
    const page = async (query: string) =>
      ((await ask('GET', `/api/users?${query}`)).body['users'] as { username: string }[]).map(
        ({ username }) => username,
      );
    expect(await page('sort=username&limit=2')).toEqual(['aaa', 'bbb']);
    expect(await page('sort=-username&offset=1&limit=2')).toEqual(['bbb', 'aaa']);
    expect(await page('username=aaa&username=ccc')).toEqual(['ccc', 'aaa']);
    expect(await ask('GET', '/api/users?sort=age')).toMatchObject({
      status: 400,
      body: { detail: '"age" is not a valid sort option' },
    });
  });

  it('gives apps their links, until the subscription is revoked', async () => {
    const { body } = await make('sb_one', { data_limit: 5 * GB });
    const address = url + String(body['subscription_url']);
    const list = await fetch(address);
    expect(list.headers.get('subscription-userinfo')).toBe(`upload=0; download=0; total=${5 * GB}; expire=0`);
    expect(
      Buffer.from(await list.text(), 'base64')
        .toString()
        .split('\n'),
    ).toEqual(body['links']);
    expect(await (await fetch(`${address}/info`)).json()).toMatchObject({ username: 'sb_one' });
    // Of the same second as the revocation it would be good for ever.
    const later = jest.spyOn(Date, 'now').mockReturnValue(Date.now() + 2000);
    const revoked = await ask('POST', '/api/user/sb_one/revoke_sub');
    later.mockRestore();
    expect(revoked.body['links']).not.toEqual(body['links']);
    for (const path of [address, `${url}/sub/nonsense`]) expect((await fetch(path)).status).toBe(404);
  });

  it('tells how it is', async () => {
    await make('sb_one');
    await server().use('sb_one', GB);
    expect((await ask('GET', '/api/system')).body).toMatchObject({
      ...{ version: '0.8.4', total_user: 1, users_active: 1, online_users: 1, outgoing_bandwidth: GB },
    });
    await server().setCore({ started: false, node: { status: 'error', message: 'no route to host' } });
    expect((await ask('GET', '/api/core')).body).toMatchObject({ started: false });
    expect((await ask('GET', '/api/nodes')).body).toMatchObject([{ status: 'error', message: 'no route to host' }]);
    expect(Object.keys((await ask('GET', '/api/inbounds')).body)).toEqual(['vless', 'trojan', 'shadowsocks']);
  });

  describe('a server', () => {
    it('stands beside others, dies in two ways and comes back', async () => {
      await client.panels('marzban').addServer({ name: 'oslo' });
      await expect(client.panels('marzban').addServer({ name: 'oslo' })).rejects.toThrow('400');
      await make('sb_one');
      expect(await client.panels('marzban').server('oslo').users()).toEqual([]);
      await server().setPower('refusing');
      await expect(ask('GET', '/api/users')).rejects.toThrow();
      expect(await server().use('sb_one', 1)).toEqual({ served: false });
      await server().setPower('silent');
      await expect(fetch(`${url}/api/users`, { signal: AbortSignal.timeout(50) })).rejects.toThrow('aborted');
      await server().setPower('up');
      expect(await ask('GET', '/api/users')).toMatchObject({ body: { total: 1 } });
    });

    it('has a page in both languages that says what is on it, also when it is dead', async () => {
      await make('<b>');
      await make('sb_one', { data_limit: 5 * GB });
      await server().setPower('refusing');
      const page = async (path: string, language: string) =>
        (await fetch(sandbox.url + path, { headers: { 'accept-language': language } })).text();
      expect(await page('/marzban', 'en')).toContain('frankfurt');
      expect(await page('/marzban/frankfurt', 'en')).toMatch(
        /sb_one.*5 GB.*Bring it back|Bring it back.*sb_one.*5 GB/s,
      );
      expect(await page('/marzban/frankfurt', 'ru')).toContain('Вернуть сервер');
    });

    it('lets traffic flow by itself to those that it serves', async () => {
      await make('sb_one');
      await make('sb_off');
      await ask('PUT', '/api/user/sb_off', { status: 'disabled' });
      await server().setPace(1_000_000);
      const used = await until(async () => (await server().user('sb_one'))!.usedBytes);
      expect(used).toBeGreaterThan(0);
      expect(await server().user('sb_off')).toMatchObject({ usedBytes: 0, onlineAt: null });
    });

    it('goes back to its backup', async () => {
      await make('sb_one', { data_limit: GB });
      await server().backUp();
      await server().edit('sb_one', { limitBytes: 2 * GB });
      await make('sb_two');
      await server().restoreBackup();
      expect(await server().users()).toMatchObject([{ name: 'sb_one', limitBytes: GB }]);
    });

    it('says yes to what it does not keep, or keeps otherwise', async () => {
      await client.setFaults({ target: 'marzban.create', kind: 'unkept', server: 'frankfurt', times: 1 });
      expect((await make('sb_one')).status).toBe(200);
      expect(await server().users()).toEqual([]);
      await client.setFaults({ target: 'marzban.create', kind: 'altered:limitBytes', server: 'oslo' });
      await make('sb_one', { data_limit: GB });
      expect(await server().user('sb_one')).toMatchObject({ limitBytes: GB });
      await client.setFaults({ target: 'marzban.change', kind: 'altered:limitBytes' });
      expect((await ask('PUT', '/api/user/sb_one', { data_limit: 3 * GB })).body['data_limit']).toBe(3 * GB);
      expect(await server().user('sb_one')).toMatchObject({ limitBytes: 3 * GB + 1_000_000 });
    });

    it('is as it was after a restart, with its power, its backup and its sessions', async () => {
      await sandbox.close();
      const data = await mkdtemp(join(tmpdir(), 'sandbox-spec-'));
      await start(data);
      await client.panels('marzban').addServer({ name: 'oslo' });
      await client.panels('marzban').server('oslo').setPower('silent');
      await make('sb_one');
      await server().backUp();
      await make('sb_two');
      const before = token;
      await sandbox.close();
      await start(data);
      expect(await ask('GET', '/api/users', undefined, `Bearer ${before}`)).toMatchObject({ body: { total: 2 } });
      await server().restoreBackup();
      expect(await server().users()).toHaveLength(1);
      expect(await client.panels('marzban').servers()).toMatchObject([{ name: 'frankfurt' }, { power: 'silent' }]);
      await sandbox.close();
      await rm(data, { recursive: true });
    });
  });
});
