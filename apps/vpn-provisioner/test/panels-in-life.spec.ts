import { AccessMoved, AccessRevoked, ChangeMigration, PlanMigration, SubscriptionPaused } from '@switchboard/contracts';
import { until } from '@switchboard/testing';
import { v7 as uuidv7 } from 'uuid';
import { marzban } from '../src/panels/marzban.panel';
import { outline } from '../src/panels/outline.panel';
import type { PanelDefinition } from '../src/panels/panel';
import { remnawave } from '../src/panels/remnawave.panel';
import { threeXUi } from '../src/panels/three-x-ui.panel';
import { DAY_MS, GB, TestVpn } from './build';
import { startPanels } from './start-panels';

type Account = Readonly<Record<string, string>>;
interface SetUp {
  url: string;
  settings: Record<string, unknown>;
  secrets: Record<string, string>;
}

const ofMarzban = ({ url, username, password }: Account): SetUp => ({
  ...{ url: url!, settings: { username }, secrets: { password: password! } },
});
const ofThreeXUi = ({ url, username, password }: Account): SetUp => ({
  ...{ url: url!, settings: { username, inbounds: [1] }, secrets: { password: password! } },
});
const ofOutline = ({ apiUrl, certSha256 }: Account): SetUp => {
  const { origin, pathname } = new URL(apiUrl!);
  return { url: origin, settings: { certSha256 }, secrets: { apiPath: pathname.slice(1) } };
};
const ofRemnawave = ({ url, squad, token }: Account): SetUp => ({
  ...{ url: url!, settings: { squads: [squad!] }, secrets: { token: token! } },
});

let vpn: TestVpn;
beforeAll(async () => {
  vpn = await TestVpn.start({}, [marzban, threeXUi, outline, remnawave]);
});
afterAll(() => vpn.app.stop());

it.each<[string, PanelDefinition, (account: Account) => SetUp, string | undefined]>([
  ['Marzban', marzban, ofMarzban, undefined],
  ['3X-UI 2.x', threeXUi, ofThreeXUi, '2.9.4'],
  ['3X-UI 3.x', threeXUi, ofThreeXUi, '3.6.0'],
  ['Outline', outline, ofOutline, undefined],
  ['Remnawave 2.x', remnawave, ofRemnawave, '2.8.1'],
  ['Remnawave 3.x', remnawave, ofRemnawave, '3.3.2'],
])('what is bought, moved and taken back is so on %s', async (name, definition, setUp, version) => {
  const { kind, lacks } = definition;
  const panels = await startPanels({ definition, party: kind, setUp, ...(version && { version }) });
  const place = name.toLowerCase().replace(/[^a-z0-9]/g, '');
  const regions = [`de-${place}`, `nl-${place}`];
  const servers = [];
  for (const region of regions) {
    const { byHand, account } = await panels.server();
    const server = await vpn.server({ name: region, region, panelKind: kind, ...setUp(account) });
    // 3X-UI 2.x never lets go of the last one.
    await byHand.add(['stranger']);
    const ours = async () => (await byHand.users()).filter((user) => user.name !== 'stranger');
    servers.push({ ...server, byHand, ours });
  }
  const [from, to] = servers as [(typeof servers)[number], (typeof servers)[number]];

  const state = await vpn.buy({ region: regions[0]! });
  const [user, ...others] = await from.ours();
  expect(others).toEqual([]);
  expect(user).toMatchObject({
    served: true,
    ...(!lacks.includes('limit') && { limitBytes: 100 * GB }),
    ...(!lacks.includes('expiry') && { expiresAt: Date.parse(state.servedUntil) }),
  });
  await from.byHand.use(user!.name, 30 * GB);

  const body = { fromServerId: from.id, toServerIds: [to.id] };
  const { id, revision } = await vpn.app.gateway.call(PlanMigration, { body, idempotencyKey: uuidv7() });
  const running = { params: { migrationId: id }, body: { state: 'running' as const }, ifMatch: `"${revision}"` };
  await vpn.app.gateway.call(ChangeMigration, running);
  await vpn.app.probe.until(AccessMoved, ({ data }) => data.subscriptionId === state.subscriptionId);
  await vpn.settled();
  expect(await to.ours()).toMatchObject([
    { name: user!.name, served: true, ...(!lacks.includes('limit') && { limitBytes: 70 * GB }) },
  ]);
  expect((await from.byHand.user(user!.name))?.served ?? false).toBe(false);

  await vpn.app.probe.say(SubscriptionPaused({ ...state, status: 'paused', revision: 2 }));
  await vpn.app.probe.until(AccessRevoked, ({ data }) => data.subscriptionId === state.subscriptionId);
  expect((await to.byHand.user(user!.name))!.served).toBe(false);
  vpn.app.clock.advance(8 * DAY_MS);
  await vpn.tick('tend-accesses');
  await until(async () => [...(await from.ours()), ...(await to.ours())].length === 0, {
    what: 'the panels to forget',
  });
  for (const { byHand } of servers) expect(await byHand.users()).toMatchObject([{ name: 'stranger' }]);
  await panels.close();
});
