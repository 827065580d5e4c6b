import { until } from '@switchboard/testing';
import { browserForFacts, describePages, listOf, type PretendedGateway, STAFF_ID } from './pretended-gateway';

const THEN = '2026-05-04T10:00:00.000Z';
const server = (n: number, name: string) => ({
  ...{ id: `0190b000-0000-7000-8000-00000000000${n}`, name, region: 'de', capacity: 100, weight: 1 },
  ...{ monthlyCostMinor: 500, currency: 'EUR', panelKind: 'marzban', url: 'https://panel.example', settings: {} },
  ...{ endpoints: [], parallelCalls: 4, secretNames: ['password'], state: 'in-service', people: 40, leaving: 0 },
  ...{ waiting: 0, revision: 3, createdAt: THEN, changedAt: THEN },
  health: {
    ...{ state: 'up', since: THEN, probedAt: THEN, latencyMs: 30, onlineUsers: 5, cpu: 0.1, memory: 0.2 },
    ...{ version: '0.8.4', error: null },
  },
});
const [from, to] = [server(1, 'Frankfurt 1'), server(2, 'Frankfurt 2')];
const data = (...rows: object[]) => ({ data: rows });

describePages('servers', () => {
  const open = browserForFacts();
  let gateway: PretendedGateway;
  beforeEach(async () => {
    gateway = await open();
    gateway.answer({
      'GET /v1/vpn/servers': data(from, to),
      'GET /v1/vpn/servers/*': from,
      'GET /v1/vpn/servers/*/health': data(),
      'GET /v1/vpn/servers/*/drift-reports': data(),
      'GET /v1/vpn/migrations': listOf(),
    });
  });

  it('are emptied by a migration that is planned, started, watched, paused and rolled back', async () => {
    const { page } = gateway;
    const progress = { total: 0, waiting: 0, preparing: 0, moved: 0, rolledBack: 0, dropped: 0 };
    const migration = {
      ...{ id: '0190c000-0000-7000-8000-000000000001', kind: 'planned', fromServerId: from.id, toServerIds: [to.id] },
      ...{ people: null, reason: 'The machine is old', state: 'planned', createdBy: `staff:${STAFF_ID}` },
      ...{ createdAt: THEN, endedAt: null as string | null, revision: 1, progress },
    };
    const change = (more: Partial<typeof migration>) => Object.assign(migration, more);
    gateway.answer({
      'GET /v1/vpn/migration-preview': {
        ...{ people: 40, withoutRoom: 2, targets: [{ serverId: to.id, people: 38 }] },
      },
      'POST /v1/vpn/migrations': () => migration,
      'GET /v1/vpn/migrations': () => listOf(migration),
      'GET /v1/vpn/migrations/*': () => migration,
      'PATCH /v1/vpn/migrations/*': ({ body }) =>
        change({ ...(JSON.parse(body!) as { state: string }), revision: migration.revision + 1 }),
    });
    const wanted = () =>
      gateway.askedFor('PATCH /v1/vpn/migrations/*').map(({ body, headers }) => ({
        ...(JSON.parse(body!) as { state: string }),
        seen: headers['if-match'],
      }));
    const inDialog = (name: string) => gateway.dialog().getByRole('button', { name, exact: true }).click();

    await page.goto(`/console/servers/${from.id}`);
    await gateway.press('Move people away');
    await gateway.says('40 people would be moved');
    await gateway.says('For 2 people there is no room');
    await gateway.dialog().locator('label.ui-toggle', { hasText: 'Frankfurt 2' }).click();
    await gateway.dialog().getByLabel('Reason').fill('The machine is old');
    await inDialog('Plan it');
    await until(() => gateway.askedFor('POST /v1/vpn/migrations').length === 1, { what: 'the plan' });
    expect(JSON.parse(gateway.askedFor('POST /v1/vpn/migrations')[0]!.body!)).toMatchObject({
      ...{ fromServerId: from.id, toServerIds: [to.id], people: null, reason: 'The machine is old' },
    });
    // Nobody is moved by the plan.
    const side = page.getByRole('dialog', { name: 'Migration' });
    const is = (state: string) => side.getByText(state, { exact: true }).waitFor();
    // By the keyboard: what was said last lies above them for a while.
    const act = (name: string) => side.getByRole('button', { name, exact: true }).press('Enter');
    const confirm = (question: string, name: string) =>
      page.getByRole('alertdialog', { name: question }).getByRole('button', { name, exact: true }).click();
    await is('Planned');
    expect(wanted()).toEqual([]);

    await act('Start');
    await confirm('Start moving people?', 'Start');
    await is('Under way');
    change({ progress: { ...progress, total: 40, waiting: 2, preparing: 8, moved: 30 } });
    // It is watched: nobody has pressed anything.
    await side.getByText('30 of 40').waitFor();

    await act('Pause');
    await is('Paused');
    await act('Go on');
    await is('Under way');

    await act('Roll it back');
    await confirm('Roll this migration back?', 'Roll it back');
    await is('Being rolled back');
    change({ state: 'rolled-back', endedAt: THEN, progress: { ...progress, total: 40, rolledBack: 40 } });
    await is('Rolled back');
    expect(await side.getByRole('button', { name: 'Roll it back' }).count()).toBe(0);
    expect(wanted()).toEqual([
      ...[{ state: 'running', seen: '"1"' }],
      ...[{ state: 'paused', seen: '"2"' }],
      ...[{ state: 'running', seen: '"3"' }],
      ...[{ state: 'rolling-back', seen: '"4"' }],
    ]);
  });

  it('whose panels hold people that an older database does not know lose them only when staff say so', async () => {
    const { page } = gateway;
    const report = { id: 'r1', at: THEN, seen: 50, repaired: 0, orphans: 0, held: 30, strangers: 1 };
    gateway.answer({
      'GET /v1/vpn/servers/*/drift-reports': data(report),
      'POST /v1/vpn/servers/*/drift-checks': { serverId: from.id },
    });
    await page.goto(`/console/servers/${from.id}`);
    await gateway.press('Remove who is held');
    await gateway.says('Remove 30 users from the panel?');
    expect(gateway.askedFor('POST /v1/vpn/servers/*/drift-checks')).toEqual([]);
    await gateway.dialog().getByRole('button', { name: 'Remove who is held' }).click();
    await until(() => gateway.askedFor('POST /v1/vpn/servers/*/drift-checks').length === 1, { what: 'the removal' });
    expect(gateway.askedFor('POST /v1/vpn/servers/*/drift-checks')[0]!.url.searchParams.get('removals')).toBe('30');
  });
});
