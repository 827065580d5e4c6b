import { createTestDatabase, startApp, type TestApp, type TestDatabase, until } from '@switchboard/testing';
import { shopApp } from '../test/shop.app';
import { LeaderElection, type Leadership, LeadershipLost } from './leader-election';

describe('an election of leaders', () => {
  let database: TestDatabase;
  let apps: TestApp[];
  const start = async () => {
    const app = await startApp(shopApp, { database });
    apps.push(app);
    return app;
  };
  const electionOf = (app: TestApp) => app.service.nest.get(LeaderElection);
  /** Stands for a name, and tells of each term. */
  const stand = (app: TestApp, name: string, end: (leadership: Leadership) => Promise<void> = untilAborted) => {
    const terms: Leadership[] = [];
    electionOf(app).stand(name, (leadership) => {
      terms.push(leadership);
      return end(leadership);
    });
    return terms;
  };
  const untilLeads = (app: TestApp, name: string) =>
    until(() => electionOf(app).leadershipOf(name), { what: `the lead of ${name}` });

  beforeEach(async () => {
    apps = [];
    database = await createTestDatabase();
  });
  afterEach(async () => {
    await Promise.all(apps.map((app) => app.stop({ keepDatabase: true })));
    await database.drop();
  });

  it('lets one process at a time lead each name, and another follow when it stops', async () => {
    const [one, two] = [await start(), await start()];
    const first = stand(one, 'tram');
    await untilLeads(one, 'tram');
    const second = stand(two, 'tram');
    stand(two, 'ferry');
    await untilLeads(two, 'ferry');
    expect([electionOf(two).leads('tram'), second.length]).toEqual([false, 0]);
    apps.splice(0, 1);
    await one.stop({ keepDatabase: true });
    expect(first[0]!.signal.aborted).toBe(true);
    const { token } = await untilLeads(two, 'tram');
    expect(token).toBeGreaterThan(first[0]!.token);
  });

  it('waits for what was begun to end before it leaves a name to others', async () => {
    const [one, two] = [await start(), await start()];
    const ended = Promise.withResolvers<void>();
    const [term] = [stand(one, 'tram', () => ended.promise)];
    await untilLeads(one, 'tram');
    stand(two, 'tram');
    stand(two, 'ferry');
    let withdrawn = false;
    const withdrawing = electionOf(one)
      .withdraw('tram')
      .then(() => (withdrawn = true));
    expect([term[0]!.signal.aborted, electionOf(one).leads('tram')]).toEqual([true, false]);
    await untilLeads(two, 'ferry');
    expect([withdrawn, electionOf(two).leads('tram')]).toEqual([false, false]);
    ended.resolve();
    await withdrawing;
    await untilLeads(two, 'tram');
  });

  it('begins anew what has failed', async () => {
    const one = await start();
    const terms = stand(one, 'tram', (leadership) =>
      leadership.token === 1 ? Promise.reject(new Error('derailed')) : untilAborted(leadership),
    );
    await until(() => terms.length === 2, { what: 'the second term' });
    expect(terms.map(({ token }) => token)).toEqual([1, 2]);
  });

  it('refuses what an older leader writes, and no newer one begins while a confirmed transaction goes on', async () => {
    const [one, two] = [await start(), await start()];
    stand(one, 'tram');
    const old = await untilLeads(one, 'tram');
    const write = (leadership: Leadership, work = () => Promise.resolve()) =>
      one.service.db.transaction(async (tx) => {
        await electionOf(one).confirm(tx, leadership);
        await work();
      });
    const written = Promise.withResolvers<void>();
    const confirmed = Promise.withResolvers<void>();
    const writing = write(old, () => {
      confirmed.resolve();
      return written.promise;
    });
    await confirmed.promise;
    stand(two, 'tram');
    await electionOf(one).withdraw('tram');
    const waiting = `SELECT FROM pg_stat_activity WHERE datname = current_database()
      AND application_name = 'shop leaders' AND wait_event_type = 'Lock'`;
    await until(async () => ((await one.service.db.query(waiting)) as unknown[]).length > 0, {
      what: 'the next leader',
    });
    expect(electionOf(two).leads('tram')).toBe(false);
    written.resolve();
    await writing;
    const { token } = await untilLeads(two, 'tram');
    expect(token).toBe(old.token + 1);
    await expect(write(old)).rejects.toThrow(LeadershipLost);
  });

  it('ends the terms of a process whose session was ended, and goes on', async () => {
    const one = await start();
    const terms = stand(one, 'tram');
    await untilLeads(one, 'tram');
    await one.service.db
      .query(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'shop leaders'
      AND datname = current_database()`);
    await until(() => terms.length === 2, { what: 'the second term' });
    expect(terms[0]!.signal.aborted).toBe(true);
    expect(electionOf(one).leadershipOf('tram')).toBe(terms[1]);
  });
});

const untilAborted = ({ signal }: Leadership) =>
  new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
