import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startApp, type TestApp, until } from '@switchboard/testing';
import { stringify } from 'yaml';
import { z } from 'zod';
import { ItemSold, shopApp } from '../test/shop.app';

const rulesFile = join(__dirname, '..', '..', '..', 'deploy', 'prometheus', 'backbone.rules.yml');

const program = process.env['PROMETHEUS_PATH'];
// Set by `npm test` on a person's machine without Prometheus; in CI the tests run and fail instead.
const describeWithPrometheus =
  process.env['PROMETHEUS_MISSING'] && process.env['CI'] !== 'true' ? describe.skip : describe;

const Alerts = z.object({
  data: z.object({
    alerts: z.array(z.object({ state: z.string(), labels: z.record(z.string(), z.string()), value: z.string() })),
  }),
});

/** A Prometheus of its own that scrapes one service every second and judges it by our rules, with no time to wait. */
class Prometheus {
  private constructor(
    private readonly process: ChildProcess,
    private readonly folder: string,
    private readonly url: string,
  ) {}

  static async watching(service: URL): Promise<Prometheus> {
    if (!program) {
      throw new Error(
        process.env['PROMETHEUS_MISSING'] ?? 'PROMETHEUS_PATH is not set: run specs with `npm test -- <path>`',
      );
    }
    const folder = await mkdtemp(join(tmpdir(), 'switchboard-prometheus-'));
    const rules = (await readFile(rulesFile, 'utf8')).replace(/^( +for:) \w+$/gm, '$1 1s');
    await writeFile(join(folder, 'rules.yml'), rules);
    const config = {
      global: { scrape_interval: '1s', evaluation_interval: '1s', scrape_timeout: '1s' },
      rule_files: ['rules.yml'],
      scrape_configs: [{ job_name: 'switchboard', static_configs: [{ targets: [service.host] }] }],
    };
    await writeFile(join(folder, 'prometheus.yml'), stringify(config));
    const address = `127.0.0.1:${await freePort()}`;
    const child = spawn(
      program,
      [
        `--config.file=${join(folder, 'prometheus.yml')}`,
        `--storage.tsdb.path=${join(folder, 'data')}`,
        `--web.listen-address=${address}`,
        '--log.level=error',
      ],
      { stdio: ['ignore', 'ignore', 'inherit'] },
    );
    return new Prometheus(child, folder, `http://${address}`);
  }

  /** The labels of an alarm that fires, once it does. */
  firing(name: string): Promise<Record<string, string>> {
    return until(
      async () => {
        const response = await fetch(`${this.url}/api/v1/alerts`).catch(() => undefined);
        if (!response?.ok) return undefined;
        const { alerts } = Alerts.parse(await response.json()).data;
        return alerts.find(({ state, labels }) => state === 'firing' && labels['alertname'] === name)?.labels;
      },
      { what: `the alarm ${name}`, timeoutMs: 25_000 },
    );
  }

  /** Resolves when the service was scraped for the first time. */
  scraped(): Promise<true> {
    return until(
      async () => {
        const response = await fetch(`${this.url}/api/v1/query?query=up`).catch(() => undefined);
        return ((await response?.text()) ?? '').includes('"1"]') && true;
      },
      { what: 'the first scrape', timeoutMs: 25_000 },
    );
  }

  async stop(): Promise<void> {
    const gone = once(this.process, 'exit');
    if (this.process.exitCode === null) {
      this.process.kill('SIGTERM');
      await gone;
    }
    await rm(this.folder, { recursive: true, force: true });
  }
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const { port } = server.address() as AddressInfo;
  await new Promise((closed) => server.close(closed));
  return port;
}

describeWithPrometheus('an alarm rings', () => {
  let app: TestApp;
  let prometheus: Prometheus;

  beforeAll(async () => {
    app = await startApp(shopApp);
    prometheus = await Prometheus.watching(new URL(app.url));
    await prometheus.scraped();
  }, 60_000);
  afterAll(() => prometheus.stop());

  it('when a handler gives an event up', async () => {
    await app.probe.say(ItemSold({ item: 'ghost' }));
    expect(await prometheus.firing('DeadLetters')).toMatchObject({
      service: 'shop',
      group: 'sales',
      severity: 'warning',
    });
  }, 40_000);

  it('when a service is gone', async () => {
    const { host } = new URL(app.url);
    await app.stop();
    expect(await prometheus.firing('ServiceDown')).toMatchObject({ instance: host, severity: 'critical' });
  }, 40_000);
});
