import { randomUUID } from 'node:crypto';
import { aUser, listed, panelContract } from '../../test/panel.contract';
import { type PanelUnderTest, startPanels } from '../../test/start-panels';
import { threeXUi } from './three-x-ui.panel';

const GB = 1_000_000_000;
const SIGNAL = new AbortController().signal;

const world = (version: string, inbounds: number[], signedInBy: 'password' | 'token' = 'password') => ({
  definition: threeXUi,
  party: 'three-x-ui',
  version,
  setUp: ({ url, username, ...secrets }: Readonly<Record<string, string>>) => ({
    url: url!,
    settings: { ...(signedInBy === 'password' && { username }), inbounds, flow: 'xtls-rprx-vision' },
    secrets: { [signedInBy]: secrets[signedInBy]! },
  }),
  wrongSecrets: { password: 'not the password', token: 'not the token' },
  signsIn: true as const,
  refusal: {
    answer: { status: 200, body: { success: false, msg: 'Something went wrong (disk is full)', obj: null } },
    words: 'disk is full',
  },
});

describe('3X-UI 2.x', () => panelContract(world('2.9.4', [1])));
describe('3X-UI 3.x', () => panelContract(world('3.6.0', [1, 2])));

/** As somebody else who may do everything with the panel, signed in as browsers do. */
async function asStaff({ account }: PanelUnderTest) {
  const { url, username, password } = account as Record<string, string>;
  const signedIn = await fetch(`${url}login`, {
    method: 'POST',
    body: new URLSearchParams({ username: username!, password: password! }),
  });
  const cookie = signedIn.headers.getSetCookie()[0]!.split(';')[0]!;
  return async (path: string, body?: object) => {
    const answer = await fetch(`${url}panel/api${path}`, {
      headers: { cookie, 'content-type': 'application/json' },
      ...(body && { method: 'POST', body: JSON.stringify(body) }),
    });
    return ((await answer.json()) as { obj: never }).obj;
  };
}

describe.each([
  ['2.8.5, which leaves on whoever is used up', world('2.8.5', [1])],
  ['3.0.2, which has marks and no calls for clients', world('3.0.2', [1])],
  ['3.6.0 by a token', world('3.6.0', [1], 'token')],
])('3X-UI %s', (_, one) => {
  let panels: Awaited<ReturnType<typeof startPanels>>;
  beforeAll(async () => void (panels = await startPanels(one)));
  afterAll(() => panels.close());

  it('makes, renews and removes a user', async () => {
    const { panel, byHand } = await panels.server();
    const user = aUser({ limitBytes: 5 * GB });
    expect(await panel.ensure(user, SIGNAL)).toMatchObject({ isServed: true });
    await byHand.use(user.name, 5 * GB);
    expect(await panel.read(user.name, SIGNAL)).toMatchObject({ enabled: true, isServed: false });
    const renewed = { ...user, limitBytes: 9 * GB };
    expect(await panel.ensure(renewed, SIGNAL)).toMatchObject({ isServed: true, usedBytes: 5 * GB });
    const disabled = { ...renewed, enabled: false, limitBytes: 2 * GB };
    expect(await panel.ensure(disabled, SIGNAL)).toMatchObject({ enabled: false, isServed: false });
    expect(await panel.read(user.name, SIGNAL)).toMatchObject({ enabled: false });
    await panel.remove(user.name, SIGNAL);
    expect(await panel.read(user.name, SIGNAL)).toBeUndefined();
    expect(await panel.health(SIGNAL)).toMatchObject({ onlineUsers: 0, cpu: expect.any(Number) });
  });

  it('refuses a token or a password that the panel does not know', async () => {
    const stranger = (await panels.server()).again({ secrets: one.wrongSecrets });
    await expect(stranger.health(SIGNAL)).rejects.toMatchObject({ trouble: 'unauthorized' });
  });
});

describe('3X-UI 2.x with a person in two inbounds', () => {
  let panels: Awaited<ReturnType<typeof startPanels>>;
  let server: PanelUnderTest;
  beforeAll(async () => void (panels = await startPanels(world('2.9.4', [1, 2]))));
  afterAll(() => panels.close());
  beforeEach(async () => void (server = await panels.server()));

  it('is one user, who is in both and whose traffic is the sum', async () => {
    const { panel, byHand } = server;
    const user = aUser();
    await panel.ensure(user, SIGNAL);
    expect((await byHand.users()).map(({ name }) => name)).toEqual([user.name, `${user.name}-2`]);
    await byHand.use(user.name, GB);
    await byHand.use(`${user.name}-2`, 2 * GB);
    const seen = await panel.read(user.name, SIGNAL);
    expect(seen).toMatchObject({ name: user.name, enabled: true, usedBytes: 3 * GB });
    expect(await listed(panel)).toEqual([seen]);
    await panel.remove(user.name, SIGNAL);
    expect(await listed(panel)).toEqual([]);
  });

  it('is seen when it is missing in one of them, or different there, and put right', async () => {
    const { panel, byHand } = server;
    const user = aUser();
    await panel.ensure(user, SIGNAL);
    await panel.ensure(aUser(), SIGNAL);
    await byHand.remove(`${user.name}-2`);
    expect(await panel.read(user.name, SIGNAL)).toMatchObject({ enabled: false });
    expect(await panel.ensure(user, SIGNAL)).toMatchObject({ enabled: true });
    await byHand.edit(`${user.name}-2`, { limitBytes: 1 });
    expect(await panel.ensure(user, SIGNAL)).toMatchObject({ enabled: true });
    expect(await byHand.user(`${user.name}-2`)).toMatchObject({ limitBytes: user.limitBytes });
  });

  it('leaves what it does not set as somebody else has set it, and others alone', async () => {
    const staff = await asStaff(server);
    const { panel } = server;
    const [user, other] = [aUser(), { email: 'somebody', id: randomUUID(), enable: true, totalGB: 1, tgId: 77 }];
    await staff('/inbounds/addClient', { id: 1, settings: JSON.stringify({ clients: [other] }) });
    await panel.ensure(user, SIGNAL);
    const clients = async (): Promise<Record<string, unknown>[]> =>
      (JSON.parse((await staff('/inbounds/get/1'))['settings']) as { clients: Record<string, unknown>[] }).clients;
    const ours = (await clients()).find(({ email }) => email === user.name)!;
    const settings = JSON.stringify({ clients: [{ ...ours, tgId: 42 }] });
    await staff(`/inbounds/updateClient/${user.credentials.uuid}`, { id: 1, settings });
    await panel.ensure({ ...user, limitBytes: 60 * GB }, SIGNAL);
    expect(await clients()).toMatchObject([other, { email: user.name, tgId: 42, totalGB: 60 * GB }]);
  });
});

it('3X-UI tells how apps connect', async () => {
  const panels = await startPanels(world('2.9.4', [1, 2]));
  const { panel } = await panels.server();
  expect(await panel.endpoints!('anybody', SIGNAL)).toEqual([
    {
      ...{ protocol: 'vless', host: '127.0.0.1', port: 443, transport: 'tcp', security: 'reality' },
      ...{ sni: 'www.example.com', fingerprint: 'chrome', flow: 'xtls-rprx-vision' },
      ...{ publicKey: 'Z84J2IelR9ch3k8VtlVhhs5ycBUlXA7wHBWcBrjqnAw', shortId: '6ba85179e30d4fc2' },
    },
    {
      ...{ protocol: 'trojan', host: '127.0.0.1', port: 8443, transport: 'ws', path: '/cdn', security: 'tls' },
      ...{ sni: 'vpn.example.com', fingerprint: 'firefox', alpn: ['h2', 'http/1.1'] },
    },
  ]);
  await panels.close();
});
