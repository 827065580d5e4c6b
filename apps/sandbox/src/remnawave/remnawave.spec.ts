import { SandboxClient } from '../client';
import { type Sandbox, startSandbox } from '../sandbox';

type Answer = { status: number } & Record<string, unknown>;

describe('Remnawave', () => {
  let sandbox: Sandbox;
  let client: SandboxClient;
  let made = 0;

  beforeAll(async () => {
    sandbox = await startSandbox();
    client = new SandboxClient(sandbox.url);
  });
  afterAll(() => sandbox.close());

  const BY_PROXY = { 'x-forwarded-for': '203.0.113.7', 'x-forwarded-proto': 'https' };

  async function panel(version: string) {
    const { name, account } = await client.panels('remnawave').addServer({ name: `spec-${++made}`, version });
    const send = (method: string, path: string, body?: object, headers: Record<string, string> = {}) =>
      fetch(`${account['url']}/api${path}`, {
        method,
        headers: {
          ...{ authorization: `Bearer ${account['token']}`, 'content-type': 'application/json' },
          ...{ ...BY_PROXY, ...headers },
        },
        ...(body && { body: JSON.stringify(body) }),
      });
    const ask = async (...call: Parameters<typeof send>): Promise<Answer> => {
      const answer = await send(...call);
      const text = await answer.text();
      const body = (text ? JSON.parse(text) : {}) as { response?: object };
      return { status: answer.status, ...(body.response ?? body) } as Answer;
    };
    return { account, send, ask, byHand: client.panels('remnawave').server(name) };
  }
  const FAR = '2099-01-01T00:00:00.000Z';
  const ann = { username: 'ann', expireAt: FAR };

  it('hangs up on whoever has not come by way of its proxy, and says who is let in', async () => {
    const { account, ask } = await panel('3.3.2');
    const authorization = `Bearer ${account['token']}`;
    await expect(fetch(`${account['url']}/api/users`, { headers: { authorization } })).rejects.toThrow();
    const wrong = { authorization: 'Bearer wrong' };
    expect(await ask('GET', '/users', undefined, wrong)).toMatchObject({ status: 401, errorCode: 'A003' });
    const { accessToken } = await ask('POST', '/auth/login', {
      username: account['username'],
      password: account['password'],
    });
    const asAdmin = { authorization: `Bearer ${accessToken as string}` };
    const asked = { name: 'reader', expiresInDays: 1, scopes: ['users:read'] };
    expect(await ask('POST', '/tokens', asked)).toMatchObject({ status: 403 });
    const { token } = await ask('POST', '/tokens', asked, asAdmin);
    const asReader = { authorization: `Bearer ${token as string}` };
    expect(await ask('GET', '/users', undefined, asReader)).toMatchObject({ status: 200, total: 0 });
    expect(await ask('POST', '/users', ann, asReader)).toMatchObject({ status: 403, message: 'Forbidden' });
  });

  it.each([
    ['2.8.1', 'uuid'],
    ['3.3.2', 'id'],
  ])('%s names users by %s', async (version, field) => {
    const { ask, send } = await panel(version);
    const user = await ask('POST', '/users', ann);
    expect(user).toMatchObject({ status: 'ACTIVE', username: 'ann' });
    expect('uuid' in user).toBe(field === 'uuid');
    const key = String(user[field]);
    const other = String(user[field === 'id' ? 'shortUuid' : 'id']);
    expect(await ask('GET', `/users/${key}`)).toMatchObject({ username: 'ann' });
    expect(await ask('GET', `/users/${other}`)).toMatchObject({ message: 'Validation failed' });
    expect((await send('DELETE', `/users/${key}`)).status).toBe(field === 'uuid' ? 200 : 204);
    expect(await ask('GET', '/users/by-username/ann')).toMatchObject({ status: 404, errorCode: 'A025' });
  });

  it('refuses what it cannot take, by the numbers of its contract', async () => {
    const { ask } = await panel('3.3.2');
    await ask('POST', '/users', { ...ann, shortUuid: 'short-one' });
    expect(await ask('POST', '/users', ann)).toMatchObject({ status: 400, errorCode: 'A019' });
    const twin = { username: 'twin', expireAt: FAR, shortUuid: 'short-one' };
    expect(await ask('POST', '/users', twin)).toMatchObject({ status: 400, errorCode: 'A020' });
    for (const wrong of [{ username: 'a b', expireAt: FAR }, { username: 'bob' }, { ...ann, trojanPassword: 'short' }])
      expect(await ask('POST', '/users', wrong)).toMatchObject({ statusCode: 400, message: 'Validation failed' });
    const past = { username: 'ann', expireAt: '2001-01-01T00:00:00.000Z' };
    expect(await ask('PATCH', '/users', past)).toMatchObject({ statusCode: 400 });
    expect(await ask('PATCH', '/users', { status: 'ACTIVE' })).toMatchObject({ statusCode: 400 });
  });

  it('disables and enables by calls of their own, and not whoever is used up by a change', async () => {
    const { ask, byHand, account } = await panel('3.3.2');
    const { id } = await ask('POST', '/users', {
      ...ann,
      trafficLimitBytes: 10,
      activeInternalSquads: [account['squad']],
    });
    expect(await byHand.use('ann', 10)).toEqual({ served: true });
    expect(await ask('GET', `/users/${id}`)).toMatchObject({ status: 'LIMITED' });
    expect(await ask('PATCH', '/users', { id, status: 'DISABLED' })).toMatchObject({ status: 'LIMITED' });
    expect(await ask('POST', `/users/${id}/actions/disable`)).toMatchObject({ status: 'DISABLED' });
    expect(await ask('POST', `/users/${id}/actions/disable`)).toMatchObject({ errorCode: 'A029' });
    expect(await ask('PATCH', '/users', { id, trafficLimitBytes: 20 })).toMatchObject({ status: 'DISABLED' });
    expect(await ask('PATCH', '/users', { id, status: 'ACTIVE' })).toMatchObject({ status: 'ACTIVE' });
    expect(await ask('POST', `/users/${id}/actions/enable`)).toMatchObject({ errorCode: 'A030' });
    await byHand.use('ann', 10);
    expect(await ask('POST', `/users/${id}/actions/reset-traffic`)).toMatchObject({
      status: 'ACTIVE',
      userTraffic: { usedTrafficBytes: 0, lifetimeUsedTrafficBytes: 20 },
    });
  });

  it('lets nobody in who is in no squad', async () => {
    const { ask, byHand, account } = await panel('3.3.2');
    await ask('POST', '/users', ann);
    expect(await byHand.use('ann', 1)).toEqual({ served: false });
    await ask('PATCH', '/users', { username: 'ann', activeInternalSquads: [account['squad']] });
    expect(await byHand.use('ann', 1)).toEqual({ served: true });
    expect(await ask('GET', `/internal-squads/${account['squad']}`)).toMatchObject({ info: { membersCount: 1 } });
  });

  it('lets as many devices ask for the list as a user may have', async () => {
    const { ask, send, account } = await panel('3.3.2');
    const { id, shortUuid } = await ask('POST', '/users', {
      ...{ ...ann, hwidDeviceLimit: 1, activeInternalSquads: [account['squad']] },
    });
    const asked = async (hwid: string) => {
      const answer = await send('GET', `/sub/${shortUuid as string}`, undefined, { 'x-hwid': hwid });
      const links = Buffer.from(await answer.text(), 'base64')
        .toString()
        .split('\n');
      return { links: links.length, refused: answer.headers.get('x-hwid-max-devices-reached') };
    };
    expect(await asked('device-number-1')).toEqual({ links: 2, refused: null });
    expect(await asked('device-number-2')).toEqual({ links: 1, refused: 'true' });
    expect(await ask('POST', '/hwid/devices/delete-all', { userId: id })).toMatchObject({ total: 0 });
    expect(await asked('device-number-2')).toEqual({ links: 2, refused: null });
  });

  it('streams its users page by page', async () => {
    const { ask, byHand } = await panel('2.8.1');
    await byHand.add(['ann', 'bob', 'eve']);
    const first = await ask('GET', '/users/stream?size=2');
    expect(first).toMatchObject({ users: [{ username: 'ann' }, { username: 'bob' }], hasMore: true });
    expect(await ask('GET', `/users/stream?size=2&cursor=${first['nextCursor'] as string}`)).toMatchObject({
      users: [{ username: 'eve' }],
      hasMore: false,
      nextCursor: null,
    });
  });
});
