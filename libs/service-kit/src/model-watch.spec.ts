import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { PassThrough } from 'node:stream';
import { FakeClock } from '@switchboard/testing';
import { Registry } from 'prom-client';
import { createLog } from './log';
import { ModelWatch } from './model-watch';

describe('models that are going to be switched off', () => {
  let server: Server;
  let baseUrl: string;
  let answer: { status: number; body: unknown };
  const asked: { path: string | undefined; key: string | undefined }[] = [];

  beforeAll(async () => {
    server = createServer((request, response) => {
      asked.push({ path: request.url, key: request.headers.authorization });
      response.writeHead(answer.status, { 'content-type': 'application/json' }).end(JSON.stringify(answer.body));
    });
    await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
    baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`;
  });
  afterAll(() => new Promise((closed) => server.close(closed)));
  beforeEach(() => void asked.splice(0));

  /** What is known of `ours` after one check on 26 November 2026, and the warnings that were logged. */
  async function check(body: unknown, status = 200, access: { apiKey?: string } = { apiKey: 'sk-1' }) {
    answer = { status, body };
    const registry = new Registry();
    const out = new PassThrough();
    const log = createLog({ level: 'warn', format: 'json' }, out);
    const watch = new ModelWatch(registry, log, new FakeClock(new Date('2026-11-26T12:00:00Z')));
    await watch.check([{ model: 'ours', baseUrl, ...access }]);
    const values = async (name: string) => (await registry.getSingleMetric(name)!.get()).values;
    const known = (await values('model_status')).find(({ value }) => value === 1)?.labels['status'];
    const [ends] = await values('model_shutdown_timestamp_seconds');
    const lines = String(out.read() ?? '')
      .split('\n')
      .filter(Boolean);
    return { status: known, ends: ends?.value, warnings: lines.map((line) => JSON.parse(line) as object) };
  }

  const listing = (entry: object) => ({
    object: 'list',
    data: [{ id: 'other' }, { id: 'ours', object: 'model', ...entry }],
  });

  it('one that ends within 90 days is warned of, with its day', async () => {
    const { status, ends, warnings } = await check(listing({ shutdown_date: '2027-01-14' }));
    expect([status, ends]).toEqual(['ending', Date.parse('2027-01-14') / 1000]);
    expect(warnings).toMatchObject([{ model: 'ours', date: '2027-01-14', daysLeft: 49 }]);
    expect(asked).toEqual([{ path: '/v1/models', key: 'Bearer sk-1' }]);
  });

  it('one that has ended, and one that the server does not list, are warned of', async () => {
    expect((await check(listing({ shutdown_date: '2026-11-20' }))).warnings).toMatchObject([{ daysLeft: -6 }]);
    const { status, warnings } = await check({ object: 'list', data: [{ id: 'other', shutdown_date: null }] });
    expect([status, warnings.length]).toEqual(['missing', 1]);
  });

  it.each([
    ['that ends later is told by its date only', listing({ shutdown_date: '2028-01-01' }), 'listed'],
    ['without an end is listed', listing({ shutdown_date: null }), 'listed'],
    ['of a server that tells no dates is unknown, and not taken for fine', listing({}), 'unknown'],
  ])('one %s', async (_, body, status) => {
    expect(await check(body)).toMatchObject({ status, warnings: [] });
  });

  it.each([
    ['without a list', { error: 'no such route' }, 404],
    ['that answers something else', { models: [] }, 200],
  ])('a server %s leaves it unknown and disturbs nothing', async (_, body, httpStatus) => {
    expect(await check(body, httpStatus)).toMatchObject({ status: 'unknown', warnings: [] });
  });

  it('a server that needs no key is asked without one', async () => {
    await check(listing({}), 200, {});
    expect(asked).toEqual([{ path: '/v1/models', key: undefined }]);
  });
});
