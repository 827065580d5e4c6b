import { AccessMoved } from '@switchboard/contracts';
import { until } from '@switchboard/testing';
import { TestVpn } from '../../test/build';

const PEOPLE = 10_000;
const MINUTES = 60_000;

it(
  `${PEOPLE} people of a server that died are served by others, by panels that take 20 ms; the aim is five minutes`,
  async () => {
    const vpn = await TestVpn.start({ env: { DATABASE_POOL: '20' } });
    const dying = await vpn.server({ capacity: PEOPLE, parallelCalls: 16 });
    for (let i = 0; i < PEOPLE / 1000; i++) await vpn.buyMany(1000);
    await vpn.settled();
    const others = [];
    for (let i = 0; i < 2; i++) others.push(await vpn.server({ region: 'nl', capacity: PEOPLE, parallelCalls: 16 }));
    for (const { panel } of others) panel.delayMs = 20;
    dying.panel.power = 'dead';
    while ((await vpn.read(dying.id)).health.state === 'up') await vpn.probe();
    const begunAt = performance.now();
    await until(() => vpn.app.probe.all(AccessMoved).length === PEOPLE, {
      what: 'all to be moved',
      timeoutMs: 10 * MINUTES,
    });
    const seconds = (performance.now() - begunAt) / 1000;
    console.log(`${PEOPLE} people were moved in ${Math.round(seconds)} s`);
    expect(others.map(({ panel }) => panel.active.length)).toEqual([PEOPLE / 2, PEOPLE / 2]);
    await vpn.app.stop();
  },
  20 * MINUTES,
);
