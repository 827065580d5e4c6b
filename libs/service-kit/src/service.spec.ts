import { once } from 'node:events';
import { connect } from 'node:net';
import { join } from 'node:path';
import { Injectable, Module, type OnApplicationBootstrap, type OnModuleInit } from '@nestjs/common';
import { startApp, type TestApp, until } from '@switchboard/testing';
import { Client } from 'pg';
import { z } from 'zod';
import { shipping, ItemSold, shopApp } from '../test/shop.app';
import { defineApp } from './define-app';
import { periodicTasksOf, schedulesOf } from './kit.module';

describe('a service', () => {
  let app: TestApp;
  const shipped = async (item: string) => {
    const [row] = await app.service.db.query('SELECT shipped FROM sales WHERE item = $1', [item]);
    return (row as { shipped: number } | undefined)?.shipped;
  };
  const post = (body: string, path = '/sales') =>
    fetch(app.url + path, { method: 'POST', headers: { 'content-type': 'application/json' }, body });

  beforeAll(async () => {
    app = await startApp(shopApp, { env: { SHOP_GREETING: 'hello' }, events: [ItemSold] });
  });
  afterAll(() => app.stop());
  afterEach(() => {
    shipping.work = () => Promise.resolve();
  });

  it('gives its features their configuration', async () => {
    expect(await (await fetch(`${app.url}/greeting`)).json()).toEqual({ greeting: 'hello' });
  });

  it('says its event and does its job after the commit, both once', async () => {
    expect((await post('{"item":"book"}')).status).toBe(201);
    await until(async () => (await shipped('book')) === 101, { what: 'event and job' });
    await app.probe.until(ItemSold, (event) => event.data.item === 'book');
    expect(app.probe.all(ItemSold).filter((event) => event.data.item === 'book')).toHaveLength(1);
  });

  it('says and does nothing when the transaction is rolled back', async () => {
    expect((await post('{"item":"regret"}')).status).toBe(400);
    await post('{"item":"marker"}');
    await until(async () => (await shipped('marker')) === 101, { what: 'the marker' });
    expect(await shipped('regret')).toBeUndefined();
    expect(app.probe.all(ItemSold).map((event) => event.data.item)).not.toContain('regret');
  });

  it('tries a failed job again', async () => {
    const attempts: number[] = [];
    shipping.work = (_item, run) => {
      attempts.push(run.attempt);
      return attempts.length === 1 ? Promise.reject(new Error('the van broke down')) : Promise.resolve();
    };
    await post('{"item":"bicycle"}');
    await until(async () => (await shipped('bicycle')) === 101, { what: 'the second try' });
    expect(attempts).toEqual([1, 2]);
  });

  describe('answers bad requests with a problem document', () => {
    const problem = async (response: Response) => {
      expect(response.headers.get('content-type')).toMatch('application/problem+json');
      return (await response.json()) as Record<string, unknown>;
    };

    it('of a rule of ours, with its code and facts', async () => {
      expect(await problem(await post('{"item":"moon"}'))).toEqual({
        type: '/problems/shop.not_for_sale',
        title: 'Conflict',
        status: 409,
        code: 'shop.not_for_sale',
        detail: 'The moon is not for sale',
        params: { item: 'moon' },
        instance: expect.stringMatching(/^\/requests\/[0-9a-f-]{36}$/) as string,
      });
    });

    it('of a wrong shape, saying where', async () => {
      const answer = await problem(await post('{"item":""}'));
      expect(answer).toMatchObject({ status: 422, code: 'validation_failed' });
      expect(answer['errors']).toEqual([
        expect.objectContaining({
          pointer: '/item',
          code: 'too_small',
          params: expect.objectContaining({ minimum: 1 }),
        }),
      ]);
    });

    it('of something that is not JSON, or too large', async () => {
      expect(await problem(await post('{"item":'))).toMatchObject({ status: 400 });
      expect(await problem(await post(JSON.stringify({ item: 'x'.repeat(2_000_000) })))).toMatchObject({
        status: 413,
        code: 'body_too_large',
      });
    });

    it('of an unknown address', async () => {
      expect(await problem(await fetch(`${app.url}/nowhere`))).toMatchObject({ status: 404, code: 'not_found' });
    });

    it('of our own failure, without its details', async () => {
      const answer = await problem(await fetch(`${app.url}/broken`));
      expect(answer).toMatchObject({ status: 500, code: 'internal_error' });
      expect(JSON.stringify(answer)).not.toContain('must not leave');
    });
  });

  it('opens a private endpoint to the named service only', async () => {
    const ask = async (headers: Record<string, string>) => (await fetch(`${app.url}/private`, { headers })).status;
    expect(await ask({})).toBe(401);
    expect(await ask({ authorization: 'Bearer forged' })).toBe(401);
    expect(await ask(await app.as('analytics'))).toBe(404);
    expect(await ask(await app.as('payments'))).toBe(200);
  });

  it('tells that it is alive and ready, and its metrics', async () => {
    expect((await fetch(`${app.url}/health/live`)).status).toBe(200);
    expect(await (await fetch(`${app.url}/health/ready`)).json()).toEqual({
      status: 'ok',
      checks: { database: true, broker: true, migrations: true },
    });
    const metrics = await (await fetch(`${app.url}/metrics`)).text();
    for (const name of [
      'bus_outbox_depth',
      'bus_outbox_oldest_unpublished_seconds',
      'bus_relay_leader',
      'jobs_waiting',
      'http_server_request_duration_seconds_count',
    ]) {
      expect(metrics).toMatch(new RegExp(`^${name}`, 'm'));
    }
  });

  it('keeps the kind of an error that a handler throws', async () => {
    await app.probe.say(ItemSold({ item: 'ghost' }));
    const dead = () =>
      app.service.db.query(`SELECT reason, error FROM parked_events WHERE subject = 'ghost'`) as Promise<object[]>;
    const letters = await until(async () => (await dead()).length > 0 && dead(), { what: 'a dead letter' });
    expect(letters).toEqual([{ reason: 'permanent', error: 'PermanentError: ghosts are not sold' }]);
  });

  it('reads nothing that is not its own: its role sees its schema only', async () => {
    const admin = new Client({ connectionString: app.database.url });
    await admin.connect();
    await admin.query('CREATE SCHEMA other_service; CREATE TABLE other_service.secrets (secret text)');
    await admin.end();
    await expect(app.service.db.query('SELECT * FROM other_service.secrets')).rejects.toThrow(
      'permission denied for schema other_service',
    );
    await expect(app.service.db.query('CREATE TABLE public.mine ()')).rejects.toThrow(
      'permission denied for schema public',
    );
    const [{ me }] = await app.service.db.query('SELECT current_user AS me');
    expect(me).toMatch(/^switchboard_shop_[0-9a-f]{8}$/);
  });
});

const began: string[] = [];

@Injectable()
class Beginner implements OnModuleInit, OnApplicationBootstrap {
  onModuleInit() {
    began.push('module');
  }
  onApplicationBootstrap() {
    began.push('application');
  }
}

@Module({ providers: [Beginner] })
class BeginnerModule {}

const beginnerApp = defineApp({
  name: 'beginner',
  module: BeginnerModule,
  config: z.object({}),
  entities: [],
  migrations: [],
  port: 0,
});

describe('a service that starts', () => {
  let app: TestApp | undefined;
  afterEach(async () => {
    await app?.stop();
    app = undefined;
  });

  it('tells each of its features once', async () => {
    began.length = 0;
    app = await startApp(beginnerApp);
    expect(began).toEqual(['module', 'application']);
  });

  it('has no other clock or speed in production', async () => {
    const env = { NODE_ENV: 'production', CLOCK_AHEAD_SECONDS: '60', PERIODIC_TASKS_SPEED: '1000' };
    const start = startApp(beginnerApp, { env });
    await expect(start).rejects.toThrow(/CLOCK_AHEAD_SECONDS: is for tests[^]*PERIODIC_TASKS_SPEED: is for tests/);
  });

  it('lists all that it does again and again', async () => {
    const bots = { BOTS_FOLDER: join(__dirname, '..', '..', '..', 'deploy', 'demo', 'bots') };
    const started = (app = await startApp(beginnerApp, { env: bots }));
    const listed = [...periodicTasksOf(beginnerApp), ...schedulesOf(beginnerApp).map(({ job }) => job)];
    const told = async () => {
      const metrics = await (await fetch(`${started.url}/metrics`)).text();
      return [...metrics.matchAll(/^periodic_task_interval_seconds\{task="([^"]+)"/gm)].map(([, task]) => task!);
    };
    const names = listed.map(({ name }) => name);
    await until(async () => (await told()).length >= names.length, { what: 'all tasks' });
    expect((await told()).sort()).toEqual(names.sort());
  });
});

it('a service that stops does not wait for a connection by which nothing was ever asked', async () => {
  const app = await startApp(shopApp, { env: { SHOP_GREETING: 'hello' } });
  const silent = connect(Number(new URL(app.url).port), '127.0.0.1');
  await once(silent, 'connect');
  const closed = once(silent, 'close');
  // Node's own time-out of it is a minute, like that of this test.
  await app.stop();
  await closed;
}, 40_000);

describe('jobs of a process that died', () => {
  it('are taken over by the next one, and so is the queue they were in', async () => {
    const first = await startApp(shopApp);
    await first.stop({ keepDatabase: true });
    // What a kill -9 leaves behind: a job and its queue, locked by a worker that no longer holds its lease.
    const admin = new Client({ connectionString: first.database.url });
    await admin.connect();
    await admin.query(`INSERT INTO shop.sales (item) VALUES ('parcel')`);
    await admin.query(`SELECT FROM shop_jobs.add_job('ship', '{"item":"parcel"}', queue_name => 'van')`);
    await admin.query(`UPDATE shop_jobs._private_jobs SET locked_by = 'gone', locked_at = now(), attempts = 1`);
    await admin.query(`UPDATE shop_jobs._private_job_queues SET locked_by = 'gone', locked_at = now()`);
    const second = await startApp(shopApp, { database: first.database });
    const shipped = async () => {
      const { rows } = await admin.query<{ shipped: number }>(`SELECT shipped FROM shop.sales WHERE item = 'parcel'`);
      return rows[0]!.shipped === 1;
    };
    await until(shipped, { what: 'the takeover', timeoutMs: 20_000 });
    await admin.end();
    await second.stop();
  }, 40_000);

  it('stay with a living process, however long they take', async () => {
    let tries = 0;
    shipping.work = async () => {
      tries++;
      // Longer than three looks at the leases.
      await new Promise((resolve) => setTimeout(resolve, 7000));
    };
    const app = await startApp(shopApp);
    await app.service.db.transaction(async (tx) => {
      await tx.query(`INSERT INTO sales (item) VALUES ('slow')`);
      await tx.query(`SELECT FROM shop_jobs.add_job('ship', '{"item":"slow"}')`);
    });
    const shipped = async () => {
      const [row] = (await app.service.db.query('SELECT shipped FROM sales')) as { shipped: number }[];
      return row!.shipped === 1;
    };
    await until(shipped, { what: 'the slow job', timeoutMs: 20_000 });
    expect(tries).toBe(1);
    shipping.work = () => Promise.resolve();
    await app.stop();
  }, 40_000);
});
