import { aUser, panelContract } from '../../test/panel.contract';
import { type PanelUnderTest, startPanels } from '../../test/start-panels';
import { remnawave } from './remnawave.panel';

const GB = 1_000_000_000;
const SIGNAL = new AbortController().signal;

const world = (version: string) => ({
  definition: remnawave,
  party: 'remnawave',
  version,
  setUp: ({ url, squad, token }: Readonly<Record<string, string>>) => ({
    url: url!,
    settings: { squads: [squad!] },
    secrets: { token: token! },
  }),
  wrongSecrets: { token: 'not the token' },
  refusal: {
    answer: { status: 400, body: { statusCode: 400, message: 'Validation failed', errors: [{ path: ['tag'] }] } },
    words: 'Validation failed',
  },
});

describe('Remnawave 2.x', () => panelContract(world('2.8.1')));
describe('Remnawave 3.x', () => panelContract(world('3.3.2')));

describe('Remnawave', () => {
  let panels: Awaited<ReturnType<typeof startPanels>>;
  let server: PanelUnderTest;
  beforeAll(async () => void (panels = await startPanels(world('3.3.2'))));
  afterAll(() => panels.close());
  beforeEach(async () => void (server = await panels.server()));

  /** As staff ask it, by way of its proxy. */
  async function asStaff(method: string, path: string, body?: object) {
    const { url, token } = server.account as { url: string; token: string };
    const answer = await fetch(`${url}/api${path}`, {
      method,
      headers: {
        ...{ authorization: `Bearer ${token}`, 'content-type': 'application/json' },
        ...{ 'x-forwarded-for': '203.0.113.7', 'x-forwarded-proto': 'https' },
      },
      ...(body && { body: JSON.stringify(body) }),
    });
    return ((await answer.json()) as { response: Record<string, never> }).response;
  }

  it('puts back who was taken out of the squad, whereby they are let in nowhere', async () => {
    const user = aUser();
    await server.panel.ensure(user, SIGNAL);
    await asStaff('PATCH', '/users', { username: user.name, activeInternalSquads: [] });
    expect(await server.panel.read(user.name, SIGNAL)).toMatchObject({ enabled: false, isServed: false });
    expect(await server.panel.ensure(user, SIGNAL)).toMatchObject({ enabled: true, isServed: true });
    const { activeInternalSquads } = await asStaff('GET', `/users/by-username/${user.name}`);
    expect(activeInternalSquads).toEqual([{ uuid: server.account['squad'], name: 'Default-Squad' }]);
  });

  it('disables whoever is used up, which a change alone would not', async () => {
    const user = aUser({ limitBytes: GB });
    await server.panel.ensure(user, SIGNAL);
    await server.byHand.use(user.name, GB);
    expect(await server.panel.ensure({ ...user, enabled: false }, SIGNAL)).toMatchObject({ enabled: false });
    expect(await asStaff('GET', `/users/by-username/${user.name}`)).toMatchObject({ status: 'DISABLED' });
  });

  it('ends early whom it cannot give an end in the past, and serves again who gets more time', async () => {
    const user = aUser();
    await server.panel.ensure(user, SIGNAL);
    const over = { ...user, expiresAt: new Date(Date.now() - 60_000), limitBytes: 60 * GB };
    expect(await server.panel.ensure(over, SIGNAL)).toMatchObject({ isServed: false, limitBytes: 60 * GB });
    expect(await server.panel.ensure(user, SIGNAL)).toMatchObject({ isServed: true, limitBytes: user.limitBytes });
  });

  it('is not well while none of its nodes is connected', async () => {
    expect(await server.panel.health(SIGNAL)).toMatchObject({ version: '3.3.2', cpu: 0.1, memory: 0.3 });
    const [node] = (await asStaff('GET', '/nodes')) as unknown as { uuid: string }[];
    await asStaff('POST', `/nodes/${node!.uuid}/actions/disable`);
    await expect(server.panel.health(SIGNAL)).rejects.toMatchObject({ trouble: 'failed' });
  });

  it('tells how apps connect, as the panel does', async () => {
    const user = aUser();
    await server.panel.ensure(user, SIGNAL);
    expect(await server.panel.endpoints!(user.name, SIGNAL)).toMatchObject([
      { protocol: 'vless', host: 'vpn.example.com', port: 443, security: 'reality', flow: 'xtls-rprx-vision' },
      { protocol: 'trojan', host: 'vpn.example.com', port: 8443, transport: 'ws', path: '/cdn', security: 'tls' },
    ]);
  });
});
