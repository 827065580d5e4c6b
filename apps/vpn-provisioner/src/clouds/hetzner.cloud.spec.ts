import { until } from '@switchboard/testing';
import { cloudContract, listed } from '../../test/cloud.contract';
import { startClouds } from '../../test/start-clouds';
import { hetzner } from './hetzner.cloud';

const SIGNAL = new AbortController().signal;

const world = {
  definition: hetzner,
  party: 'hetzner',
  apiRoot: (address: string) => `${address}/v1`,
  settings: {},
  secrets: { token: 'sandbox-hetzner-token' },
  byHand: ({ hetzner: byHand }: Awaited<ReturnType<typeof startClouds>>['client']) => byHand,
};

describe('Hetzner', () => cloudContract(world));

describe('Hetzner', () => {
  let clouds: Awaited<ReturnType<typeof startClouds>>;
  beforeAll(async () => void (clouds = await startClouds(world)));
  afterAll(() => clouds.close());

  it('costs what server and address cost without tax; what has another architecture or is gone is not offered', async () => {
    const offers = await clouds.cloud.offers(SIGNAL);
    expect(offers.filter(({ plan }) => plan === 'cx23')).toMatchObject([
      { location: 'fsn1', country: 'de', city: 'Falkenstein', monthly: { amountMinor: 399, currency: 'EUR' } },
      { location: 'nbg1', country: 'de', trafficBytes: 20 * 1024 ** 4, memoryBytes: 4 * 1024 ** 3 },
      { location: 'hel1', country: 'fi' },
    ]);
    // 6.49 € and 15 % are 7.4635 €, and 50 cents the address.
    expect(offers.find(({ plan, location }) => plan === 'cpx22' && location === 'ash')?.monthly.amountMinor).toBe(797);
    expect(offers.map(({ plan }) => plan)).not.toContain('cax11');
    expect(offers.map(({ plan }) => plan)).not.toContain('cx22');
  });

  it('leaves the servers of another installation in the same project alone', async () => {
    const other = clouds.cloudOf({ settings: { label: 'another' } });
    const server = { name: 'sb-shared', plan: 'cx23', location: 'fsn1', userData: '' };
    await clouds.cloud.create(server, SIGNAL);
    expect(await other.read('sb-shared', SIGNAL)).toBeUndefined();
    expect(await listed(other)).toEqual([]);
    await expect(other.create(server, SIGNAL)).rejects.toMatchObject({ reason: 'invalid' });
  });

  it.each([
    ['# panel: three-x-ui', 'three-x-ui'],
    ['', 'marzban'],
  ])('brings up a panel with a new server (%s)', async (line, kind) => {
    const name = `sb-with-${kind}`;
    await clouds.cloud.create({ name, plan: 'cx23', location: 'fsn1', userData: `#cloud-config\n${line}\n` }, SIGNAL);
    const find = async () => (await clouds.client.panels(kind).servers()).find((one) => one.name === name);
    expect(await until(find, { what: 'the panel' })).toMatchObject({ power: 'up' });
    await until(async () => (await clouds.cloud.read(name, SIGNAL))?.state === 'running', { what: 'the server' });
    await clouds.cloud.remove(name, SIGNAL);
    await until(async () => (await find()) === undefined, { what: 'the end of the panel' });
  });
});
