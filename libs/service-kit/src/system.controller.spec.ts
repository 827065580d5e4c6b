import { ReadSystem } from '@switchboard/contracts';
import { startApp, type TestApp, until } from '@switchboard/testing';
import { ItemSold, shopApp } from '../test/shop.app';

describe('how a service is', () => {
  let app: TestApp;
  const service = 'shop';
  const read = () => app.gateway.call(ReadSystem, { service });

  beforeAll(async () => {
    app = await startApp(shopApp);
  });
  afterAll(() => app.stop());

  it('names its version, its processes, and what it does by the clock', async () => {
    await until(async () => (await read()).schedules.length > 0, { what: 'schedules' });
    const { version, processes, checks, schedules, jobs } = await read();
    expect(version).toMatch(/^\d+\.\d+\.\d+$/);
    expect(processes).toBe(1);
    expect(checks).toEqual(expect.arrayContaining([{ name: 'database', passes: true }]));
    const partitions = schedules.find(({ job }) => job === 'keep-inbox-partitions')!;
    expect(partitions).toMatchObject({ lateMs: 0 });
    expect(partitions.nextAt.getTime()).toBeGreaterThan(Date.now() - 60_000);
    expect(jobs).toMatchObject({ failed: 0 });
  });

  it('counts what its groups gave up', async () => {
    await app.probe.say(ItemSold({ item: 'ghost' }));
    const sales = async () => (await read()).groups.find(({ name }) => name === 'sales');
    await until(async () => (await sales())?.dead === 1, { what: 'a dead letter' });
    expect(await sales()).toMatchObject({ retrying: 0, isAbandoned: false });
  });

  it('is told to whoever may read it', async () => {
    const support = { kind: 'staff' as const, id: 'anna', roles: ['support'], scopes: ['people:*'] };
    await expect(app.gateway.call(ReadSystem, { service }, { actor: support })).rejects.toMatchObject({ status: 403 });
  });
});
