import {
  CapacityProposed,
  DecideCapacityProposal,
  ListCapacityProposals,
  ReadLoadForecast,
} from '@switchboard/contracts';
import { startApp, type TestApp, until } from '@switchboard/testing';
import { randomUUID } from 'node:crypto';
import { pretended } from '../../test/pretended.panel';
import { Rows } from '../../test/rows';
import { Server } from '../servers/server.entity';
import { defineVpnProvisioner } from '../vpn-provisioner.module';
import { ForecastService } from './forecast.service';
import { HOURS_PER_WEEK } from './load-forecast';
import { RegionLoads } from './region-loads.service';

const vpn = defineVpnProvisioner([pretended]);
const HOUR_MS = 60 * 60_000;
const DAY_MS = 24 * HOUR_MS;

describe('the forecast', () => {
  let app: TestApp;
  let rows: Rows;

  beforeAll(async () => {
    app = await startApp(vpn);
    rows = new Rows(app);
  });
  afterAll(() => app.stop());

  const hourOf = (time: number) => new Date(Math.floor(time / HOUR_MS) * HOUR_MS);
  /** Weeks in which the evenings of weekends are the highest, each by so much more than the one before. */
  const wasBusy = (region: string, highest: number, weeks: number, growth = 0) => {
    const until = hourOf(app.clock.now().getTime()).getTime();
    const loads = Array.from({ length: weeks * HOURS_PER_WEEK }, (_, i) => {
      const at = new Date(until - (weeks * HOURS_PER_WEEK - i) * HOUR_MS);
      const isPeak = at.getUTCDay() === 6 && at.getUTCHours() === 19;
      const level = (1 + growth) ** (i / HOURS_PER_WEEK - weeks);
      return { at, load: Math.round(highest * level * (isPeak ? 1 : 0.5)) };
    });
    return app.service.db.query(
      `INSERT INTO region_loads (region, hour, people, online) SELECT $1, hour, people, 0 FROM unnest($2::timestamptz[], $3::int[]) AS l (hour, people)`,
      [region, loads.map(({ at }) => at), loads.map(({ load }) => load)],
    );
  };
  const propose = () => app.service.nest.get(ForecastService, { strict: false }).propose();
  const proposals = async (region: string) =>
    (await app.gateway.call(ListCapacityProposals, { query: { region } })).data;
  const decide = (proposalId: string, accept: boolean) =>
    app.gateway.call(DecideCapacityProposal, {
      ...{ params: { proposalId }, body: { accept }, idempotencyKey: randomUUID() },
    });

  it('proposes a server before the region is full, once, and no more when it was added', async () => {
    await rows.server({ region: 'fr', capacity: 100, monthlyCostMinor: 700 });
    // Until now never more than 80.
    await wasBusy('fr', 84, 8, 0.06);
    await propose();
    await propose();
    await until(() => app.probe.all(CapacityProposed).length > 0, { what: 'the proposal' });
    const [{ data: said }] = app.probe.all(CapacityProposed).filter(({ data }) => data.region === 'fr') as [never];
    expect(said).toMatchObject({ kind: 'add', monthlyCostMinor: 700, currency: 'EUR' });
    expect(said['expectedPercent']).toBeGreaterThanOrEqual(80);
    const [open, ...others] = await proposals('fr');
    expect([open!.state, others]).toEqual(['open', []]);
    const { capacity, hours, expected } = await app.gateway.call(ReadLoadForecast, { params: { region: 'fr' } });
    expect([capacity, hours.length, expected.length]).toEqual([100, 8 * HOURS_PER_WEEK, HOURS_PER_WEEK]);
    expect(expected[0]!.at).toEqual(hourOf(app.clock.now().getTime()));

    await rows.server({ region: 'fr', capacity: 100, monthlyCostMinor: 700 });
    await propose();
    expect((await proposals('fr')).map(({ state }) => state)).toEqual(['outdated']);
  });

  it('proposes to drop what is not needed; staff who accept it see it takes nobody new, and who dismiss it are not asked soon again', async () => {
    const dear = await rows.server({ region: 'se', capacity: 100, monthlyCostMinor: 900 });
    await rows.server({ region: 'se', capacity: 100, monthlyCostMinor: 600 });
    await wasBusy('se', 30, 4);
    await propose();
    const [first] = await proposals('se');
    expect(first).toMatchObject({ kind: 'drop', serverId: dear.id, monthlyCostMinor: 900, expectedPercent: 15 });
    expect(await decide(first!.id, false)).toMatchObject({ state: 'dismissed', decidedBy: 'staff:root' });
    await propose();
    expect(await proposals('se')).toHaveLength(1);
    app.clock.advance(15 * DAY_MS);
    await propose();
    const [second] = await proposals('se');
    expect(second!.state).toBe('open');
    await decide(second!.id, true);
    expect((await app.service.db.manager.findOneByOrFail(Server, { id: dear.id })).state).toBe('draining');
    await expect(decide(second!.id, true)).rejects.toMatchObject({
      problem: { code: 'vpn-provisioner.proposal_is_decided' },
    });
    await expect(decide(randomUUID(), true)).rejects.toMatchObject({
      problem: { code: 'vpn-provisioner.proposal_not_found' },
    });
  });

  it('knows each hour by the people who were served, or were online where those were more', async () => {
    const busy = await rows.server({ region: 'no' });
    await rows.server({ region: 'no' });
    await rows.access([busy]);
    await rows.access([busy]);
    const loads = app.service.nest.get(RegionLoads, { strict: false });
    await loads.record();
    await loads.record();
    app.clock.advance(2 * HOUR_MS);
    await app.service.db.query(
      `INSERT INTO health_samples (server_id, at, probes, failures, online_users) VALUES ($1, $2, 1, 0, 7)`,
      [busy.id, new Date(hourOf(app.clock.now().getTime()).getTime() - HOUR_MS / 2)],
    );
    await loads.record();
    // In the hour between nobody counted.
    expect((await loads.history('no')).map(({ load }) => load)).toEqual([2, 2, 7]);
  });
});
