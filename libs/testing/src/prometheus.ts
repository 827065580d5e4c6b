import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { until } from './until';

interface Alert {
  readonly state: string;
  readonly labels: Readonly<Record<string, string>>;
}

interface Series {
  readonly metric: Readonly<Record<string, string>>;
  readonly value: readonly [time: number, value: string];
}

const WITHIN_MS = 25_000;

/** Set by `npm test` on a person's machine without Prometheus; in CI the tests run and fail instead. */
export const isPrometheusMissing = (): boolean =>
  Boolean(process.env['PROMETHEUS_MISSING']) && process.env['CI'] !== 'true';

/** Of `prometheus`, or of `promtool` beside it. */
export function prometheusProgram(name = 'prometheus'): string {
  const { PROMETHEUS_PATH: path, PROMETHEUS_MISSING: missing } = process.env;
  if (!path) throw new Error(missing ?? 'PROMETHEUS_PATH is not set: run specs with `npm test -- <path>`');
  return join(dirname(path), name);
}

/** A Prometheus of its own that scrapes services every second, with the job name that our rules want. */
export class Prometheus {
  private constructor(
    private readonly process: ChildProcess,
    private readonly folder: string,
    private readonly url: string,
  ) {}

  /** @param rules the text of a file of alert rules; they fire as soon as they are true */
  static async watching(services: readonly URL[], rules?: string): Promise<Prometheus> {
    const folder = await mkdtemp(join(tmpdir(), 'switchboard-prometheus-'));
    await writeFile(join(folder, 'rules.yml'), (rules ?? '').replace(/^( +for:) \w+$/gm, '$1 1s'));
    // JSON is YAML.
    const config = {
      global: { scrape_interval: '1s', evaluation_interval: '1s', scrape_timeout: '1s' },
      rule_files: rules ? ['rules.yml'] : [],
      scrape_configs: [{ job_name: 'switchboard', static_configs: [{ targets: services.map(({ host }) => host) }] }],
    };
    await writeFile(join(folder, 'prometheus.yml'), JSON.stringify(config));
    const address = `127.0.0.1:${await freePort()}`;
    const files = [`--config.file=${join(folder, 'prometheus.yml')}`, `--storage.tsdb.path=${join(folder, 'data')}`];
    const child = spawn(prometheusProgram(), [...files, `--web.listen-address=${address}`, '--log.level=error'], {
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    return new Prometheus(child, folder, `http://${address}`);
  }

  /** The labels of an alarm that fires, once it does. */
  firing(name: string): Promise<Record<string, string>> {
    const isIt = ({ state, labels }: Alert) => state === 'firing' && labels['alertname'] === name;
    return until(
      async () => {
        const response = await fetch(`${this.url}/api/v1/alerts`).catch(() => undefined);
        if (!response?.ok) return undefined;
        const { data } = (await response.json()) as { data: { alerts: Alert[] } };
        return data.alerts.find(isIt)?.labels;
      },
      { what: `the alarm ${name}`, timeoutMs: WITHIN_MS },
    );
  }

  /** Resolves when all services were scraped. */
  scraped(): Promise<true> {
    return until(
      async () => {
        const up = await this.query('up').catch(() => []);
        return up.length > 0 && up.every(({ value: [, value] }) => value === '1');
      },
      { what: 'the first scrape', timeoutMs: WITHIN_MS },
    );
  }

  /** The series of now that a query finds. @throws what Prometheus has against the query */
  async query(expr: string): Promise<Series[]> {
    const response = await fetch(`${this.url}/api/v1/query`, {
      method: 'POST',
      body: new URLSearchParams({ query: expr }),
    });
    const { data, error } = (await response.json()) as { data?: { result: Series[] }; error?: string };
    if (!data) throw new Error(`${error}: ${expr}`);
    return data.result;
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
