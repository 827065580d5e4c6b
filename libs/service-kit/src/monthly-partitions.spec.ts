import { FakeClock, startApp, type TestApp } from '@switchboard/testing';
import { DataSource } from 'typeorm';
import { diaryApp } from '../test/diary.app';
import { MonthlyPartitions } from './monthly-partitions';

describe('partitions by month', () => {
  let app: TestApp;
  let tables = 0;
  beforeAll(async () => {
    app = await startApp(diaryApp);
  });
  afterAll(() => app.stop());

  const names = async (months: MonthlyPartitions) => (await months.list()).map(({ name }) => name.slice(-6));

  /** As it is in the middle of November. */
  async function aTable() {
    const table = `hours_${++tables}_of`;
    const clock = new FakeClock();
    clock.set(new Date('2026-11-15T12:00:00Z'));
    await app.service.db.query(
      `CREATE TABLE ${table} (at timestamptz NOT NULL, bytes bigint NOT NULL) PARTITION BY RANGE (at)`,
    );
    const write = (at: string, db: Pick<DataSource, 'query'> = app.service.db) =>
      db.query(`INSERT INTO ${table} VALUES ($1, 1)`, [at]);
    return { table, clock, write, months: new MonthlyPartitions(app.service.db, clock, table) };
  }

  it('are made ahead, once, however many processes start at the same time', async () => {
    const { clock, months, table } = await aTable();
    const others = [1, 2, 3].map(() => new MonthlyPartitions(app.service.db, clock, table));
    await Promise.all([months, ...others].map((one) => one.makeAhead()));
    expect(await names(months)).toEqual(['202610', '202611', '202612', '202701']);
    const [first] = await months.list();
    expect(first).toMatchObject({ from: new Date('2026-10-01T00:00:00Z'), to: new Date('2026-11-01T00:00:00Z') });
  });

  it('let a process start on the first of a month beside whoever reads for long, as a dump does', async () => {
    const { clock, months, table, write } = await aTable();
    await months.makeAhead();
    const reader = app.service.db.createQueryRunner();
    await reader.startTransaction();
    await reader.query(`LOCK TABLE ${table} IN ACCESS SHARE MODE`);
    clock.set(new Date('2027-03-01T00:00:01Z'));
    const begun = performance.now();
    await new MonthlyPartitions(app.service.db, clock, table).makeAhead();
    expect(performance.now() - begun).toBeLessThan(2000);
    await write('2027-03-01T00:00:02Z');
    await reader.rollbackTransaction();
    await reader.release();
    expect(await names(months)).toEqual([
      ...['202610', '202611', '202612', '202701'],
      ...['202702', '202703', '202704', '202705'],
    ]);
  });

  it('are made in the transaction that needs one, and again where that was in vain', async () => {
    const { clock, months, write } = await aTable();
    await months.makeAhead();
    clock.set(new Date('2027-02-01T00:00:00Z'));
    const time = new Date('2027-02-01T01:00:00Z');
    const writing = (then: () => void) =>
      app.service.db.transaction(async (tx) => {
        await months.ensure([time], tx);
        await write(time.toISOString(), tx as unknown as DataSource);
        then();
      });
    const refused = () => {
      throw new Error('something else went wrong');
    };
    await expect(writing(refused)).rejects.toThrow('something else');
    await writing(() => undefined);
    expect(await names(months)).toContain('202702');
  });

  it('of a database that was restored from an old backup are those of the present as well', async () => {
    const { clock, months, table, write } = await aTable();
    clock.set(new Date('2026-05-01T00:00:00Z'));
    await months.makeAhead();
    clock.set(new Date('2026-11-15T12:00:00Z'));
    await new MonthlyPartitions(app.service.db, clock, table).makeAhead();
    await write('2026-11-15T12:00:00Z');
    expect(await names(months)).toEqual([
      ...['202604', '202605', '202606', '202607'],
      ...['202610', '202611', '202612', '202701'],
    ]);
  });

  it('are dropped with all that is in them, and made again when they are needed', async () => {
    const { months, write } = await aTable();
    await months.makeAhead();
    await write('2026-10-02T00:00:00Z');
    const october = new Date('2026-10-01T00:00:00Z');
    await months.alone((tx) => months.drop(tx, october));
    expect(await names(months)).toEqual(['202611', '202612', '202701']);
    await months.ensure([october]);
    expect(await names(months)).toContain('202610');
  });
});
