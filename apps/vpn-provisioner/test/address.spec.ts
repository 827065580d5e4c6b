import { ChooseMyServer, ListMyAccesses, SubscriptionChanged } from '@switchboard/contracts';
import { erasePerson, until } from '@switchboard/testing';
import { v7 as uuidv7 } from 'uuid';
import { GB, TestVpn } from './build';
import { REALITY } from './rows';

/** From the purchase to what an app shows, with everything between. */
describe('the address that a person gives to their apps', () => {
  let vpn: TestVpn;
  beforeAll(async () => {
    vpn = await TestVpn.start({ env: { VPN_PROVISIONER_LINK_REQUESTS_PER_MINUTE: '5000' } });
  });
  afterAll(() => vpn.app.stop());

  const ask = (link: string) =>
    fetch(vpn.app.service.publicUrl + new URL(link).pathname, { headers: { 'user-agent': 'Happ/3.8' } });
  const names = async (link: string) => {
    const lines = Buffer.from(await (await ask(link)).text(), 'base64')
      .toString()
      .split('\n');
    return lines.map((line) => decodeURIComponent(line.split('#')[1] ?? ''));
  };
  const shows = (link: string, ...wanted: string[]) =>
    until(async () => JSON.stringify(await names(link)) === JSON.stringify(wanted), {
      what: wanted.join(),
      timeoutMs: 8000,
    });

  it('leads to the servers that are right now, whatever happens, until the person is forgotten', async () => {
    const endpoints = [{ ...REALITY, alpn: undefined }];
    const [de, nl] = [
      await vpn.server({ name: 'Frankfurt', region: 'de', endpoints }),
      await vpn.server({ name: 'Amsterdam', region: 'nl', endpoints }),
    ];
    const state = await vpn.buy({ region: 'de' });
    const mine = async () =>
      (await vpn.app.gateway.call(ListMyAccesses, { query: {} }, { actor: vpn.person(state.userId) })).data[0]!;
    const { link, id: accessId } = await mine();
    await shows(link!, '🇩🇪 Frankfurt');
    expect(await mine()).toMatchObject({ link, devices: { used: 1, limit: 3 } });

    // The person chooses another region.
    await vpn.app.gateway.call(
      ChooseMyServer,
      { params: { accessId }, body: { region: 'nl' }, idempotencyKey: uuidv7() },
      { actor: vpn.person(state.userId) },
    );
    await shows(link!, '🇳🇱 Amsterdam');

    // All of it is used up, and then some more is bought.
    const [user] = [...nl.panel.users.values()];
    nl.panel.use(user!.name, 100 * GB);
    await vpn.tick('count-traffic');
    await shows(link!, '📊 Traffic is used up: get more in the bot');
    expect(await mine()).toMatchObject({ state: 'used-up', traffic: { usedBytes: 100 * GB } });
    await vpn.settled();
    expect(nl.panel.active).toEqual([]);
    const features = { ...state.features, 'vpn.traffic-bytes': 150 * GB };
    const bought = performance.now();
    await vpn.app.probe.say(SubscriptionChanged({ ...state, revision: 2, features }));
    await shows(link!, '🇳🇱 Amsterdam');
    await vpn.settled();
    expect(performance.now() - bought).toBeLessThan(5000);
    expect(nl.panel.users.get(user!.name)).toMatchObject({ enabled: true, limitBytes: 150 * GB });

    // The server dies, and what was used stays counted.
    nl.panel.power = 'dead';
    for (let i = 0; i < 5; i += 1) await vpn.probe();
    await shows(link!, '🇩🇪 Frankfurt');
    expect([...de.panel.users.values()].find(({ enabled }) => enabled)).toMatchObject({ name: user!.name });
    expect((await mine()).traffic.usedBytes).toBe(100 * GB);

    expect(await erasePerson(vpn.app, state.userId)).toEqual([]);
    await until(async () => (await ask(link!)).status === 404, { what: 'the address to be gone' });
  });
});
