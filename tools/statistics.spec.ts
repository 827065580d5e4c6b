import { analyticsApp } from '@switchboard/analytics';
import { startApp, type TestApp } from '@switchboard/testing';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

jest.mock('./verbs/build.mts', () => ({ build: () => Promise.resolve() }));

describe('npm run statistics', () => {
  let folder: string;
  let app: TestApp;
  /** After a loss: the same storage, another database. */
  let empty: TestApp;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'statistics-'));
    app = await startApp(analyticsApp, { env: { MEDIA_FOLDER: folder } });
    empty = await startApp(analyticsApp, { env: { MEDIA_FOLDER: folder } });
    await app.service.db.query(
      `INSERT INTO measures VALUES (5, now() - interval '1 day', 'shop.order.paid', 'amountMinor', '', '', 'RUB', '', '', 0, 3, 4200)`,
    );
  });
  afterEach(() => jest.restoreAllMocks());
  afterAll(async () => {
    await Promise.all([app.stop(), empty.stop()]);
    await rm(folder, { recursive: true, force: true });
  });

  /** What it answers, and what it says of a failure. */
  async function run({ url, keys }: TestApp, ...args: string[]) {
    const [log, error] = [jest.spyOn(console, 'log').mockReturnValue(), jest.spyOn(console, 'error').mockReturnValue()];
    process.env['OPERATOR_PRIVATE_KEY'] = JSON.stringify(keys.private.get('operator'));
    const { main } = await import('./verbs/statistics.mts');
    const code = await main([...args, '--url', url]);
    const said = (code === 0 ? log : error).mock.calls.at(-1)?.[0] as string | undefined;
    return { code, said };
  }
  const json = ({ said }: { said: string | undefined }) => JSON.parse(said!) as Record<string, unknown>;

  it('backs up, lists, and restores into an empty database', async () => {
    const { id } = json(await run(app, 'backup'));
    expect(json(await run(app, 'list'))).toMatchObject({ backups: [{ id, rows: { measures: 1 } }] });
    expect(json(await run(empty, 'restore', 'latest'))).toMatchObject({ id });
    const sums = `SELECT sum(events)::int AS events, sum(total)::int AS total FROM measures`;
    expect(await empty.service.db.query(sums)).toEqual(await app.service.db.query(sums));
  });

  it('checks what lies in storage', async () => {
    const { id } = json(await run(app, 'backup'));
    expect(await run(app, 'check')).toEqual({
      code: 0,
      said: expect.stringMatching(/^[1-9]\d* backups and 0 days of events were read, 0 are damaged$/) as string,
    });
    expect((await run(app, 'check', id as string)).said).toContain('"measures":1');
    expect(await run(app, 'check', '2020-02-29')).toMatchObject({
      code: 1,
      said: expect.stringContaining('analytics.archive_not_found') as string,
    });
  });

  it('says what was wrong', async () => {
    expect(await run(app, 'restore', 'latest')).toMatchObject({ code: 1 });
    expect(json(await run(app, 'restore', 'latest'))).toMatchObject({ code: 'analytics.statistics_not_empty' });
    expect(json(await run(app, 'import', '2020-02-29'))).toMatchObject({ code: 'analytics.archive_not_found' });
    expect(await run(app, 'restore')).toMatchObject({ code: 2 });
  });
});
