import { SandboxClient } from '../client';
import { type Sandbox, startSandbox } from '../sandbox';
import { until } from '../start-for-spec';

type Answer = { status: number } & Record<string, unknown>;

describe('Hetzner Cloud', () => {
  let sandbox: Sandbox;
  let client: SandboxClient;

  beforeAll(async () => {
    sandbox = await startSandbox({ pace: 0.05 });
    client = new SandboxClient(sandbox.url);
  });
  beforeEach(() => client.reset());
  afterAll(() => sandbox.close());

  const send = (method: string, path: string, body?: object, token = 'sandbox-hetzner-token') =>
    fetch(`${sandbox.addresses['hetzner']}/v1${path}`, {
      method,
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      ...(body && { body: JSON.stringify(body) }),
    });
  const ask = async (...call: Parameters<typeof send>): Promise<Answer> => {
    const answer = await send(...call);
    return { status: answer.status, ...((await answer.json()) as object) } as Answer;
  };
  const asked = { name: 'one', server_type: 'cx23', image: 'debian-13', location: 'hel1' };

  it('lets in who has the token, and says how often they may ask', async () => {
    expect(await ask('GET', '/servers', undefined, 'wrong')).toMatchObject({
      status: 401,
      error: { code: 'unauthorized' },
    });
    const answer = await send('GET', '/servers');
    expect(answer.headers.get('ratelimit-limit')).toBe('3600');
    expect(Number(answer.headers.get('ratelimit-remaining'))).toBeLessThan(3600);
  });

  it('makes a server, which is locked until it runs, and comes up with a panel', async () => {
    const { server, action, status } = await ask('POST', '/servers', { ...asked, labels: { a: 'b' } });
    expect([status, action]).toEqual([201, expect.objectContaining({ command: 'create_server', status: 'running' })]);
    expect(server).toMatchObject({
      name: 'one',
      status: 'initializing',
      labels: { a: 'b' },
      location: { name: 'hel1' },
    });
    const { id } = server as { id: number };
    expect(await ask('DELETE', `/servers/${id}`)).toMatchObject({ status: 423, error: { code: 'locked' } });
    const marzban = client.panels('marzban');
    await until(async () => (await marzban.servers()).some(({ name }) => name === 'one'));
    expect(await ask('GET', `/servers/${id}`)).toMatchObject({ server: { status: 'running' } });
    expect(await ask('DELETE', `/servers/${id}`)).toMatchObject({ action: { command: 'delete_server' } });
    expect(await ask('GET', `/servers/${id}`)).toMatchObject({ status: 404, error: { code: 'not_found' } });
    await until(async () => (await marzban.servers()).every(({ name }) => name !== 'one'));
  });

  it.each([
    ['a name that is taken', { name: 'theirs' }, 409, 'uniqueness_error'],
    ['a name that is none', { name: 'no host!' }, 422, 'invalid_input'],
    ['no image', { image: undefined }, 422, 'invalid_input'],
    ['a type that there is not', { server_type: 'cx1' }, 422, 'invalid_input'],
    ['a place where it is not', { location: 'ash' }, 422, 'invalid_input'],
    ['what is gone', { server_type: 'cx22' }, 412, 'resource_unavailable'],
    ['what is sold out', { location: 'nbg1' }, 412, 'resource_unavailable'],
  ])('refuses %s', async (_, change, status, code) => {
    await client.hetzner.addServers(['theirs']);
    await client.hetzner.setStock('cx23', 'nbg1', false);
    expect(await ask('POST', '/servers', { ...asked, ...change })).toMatchObject({ status, error: { code } });
    expect(await client.hetzner.servers()).toHaveLength(1);
  });

  it('finds servers by name and by label, page by page', async () => {
    await client.hetzner.addServers(
      Array.from({ length: 30 }, (_, i) => `web-${i}`),
      { kind: 'web' },
    );
    await client.hetzner.addServers(['db']);
    const { servers, meta } = await ask('GET', '/servers?label_selector=kind%3Dweb&page=2');
    expect(servers).toHaveLength(5);
    expect(meta).toEqual({ pagination: expect.objectContaining({ next_page: null, last_page: 2, total_entries: 30 }) });
    expect(await ask('GET', '/servers?name=db')).toMatchObject({ servers: [{ name: 'db' }] });
    expect(await ask('GET', '/servers?label_selector=kind')).toMatchObject({
      meta: { pagination: { total_entries: 30 } },
    });
  });

  it('tells prices with ten digits, and shows its servers on a page in two languages', async () => {
    const { pricing } = await ask('GET', '/pricing');
    const { currency, server_types } = pricing as {
      currency: string;
      server_types: { name: string; prices: object[] }[];
    };
    const cx23 = server_types.find(({ name }) => name === 'cx23')!;
    expect([currency, cx23.prices[0]]).toMatchObject([
      'EUR',
      { location: 'fsn1', price_monthly: { net: '3.4900000000', gross: '4.1531000000' } },
    ]);
    await client.hetzner.addServers(['theirs']);
    const page = async (language: string) =>
      (await fetch(`${sandbox.url}/hetzner`, { headers: { 'accept-language': language } })).text();
    expect(await page('ru')).toContain('работает');
    expect(await page('en')).toMatch(/€3\.49 \/ month/);
  });
});
