import { spawnSync } from 'node:child_process';
import { globSync, readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { basename, join } from 'node:path';
import { routes } from '@switchboard/contracts';
import { Schedules } from '@switchboard/service-kit';
import { isPrometheusMissing, Prometheus, prometheusProgram, type TestApp, until } from '@switchboard/testing';
import { v7 as uuidv7 } from 'uuid';
import { parse } from 'yaml';
import { z } from 'zod';
import { Installation } from '../apps/all-in-one/test/installation';
import { Person } from '../apps/all-in-one/test/person';
import { NORTHWIND } from '../apps/all-in-one/test/sandbox';
import { signInStaff } from '../apps/gateway/test/sign-in';
import { DASHBOARDS } from './docs/dashboards.list.mts';
import { definedMetrics, familiesIn, labelValuesIn, metricsIn } from './promql';

const root = join(__dirname, '..');
const read = (file: string) => readFileSync(join(root, file), 'utf8');

const Target = z.object({ refId: z.string(), expr: z.string().min(1), legendFormat: z.string().min(1) });
const Datasource = z.object({ type: z.literal('prometheus'), uid: z.literal('${datasource}') });
const Panel = z.object({
  id: z.int().positive(),
  type: z.enum(['row', 'stat', 'timeseries']),
  title: z.string().min(1),
  datasource: Datasource.optional(),
  fieldConfig: z.object({ defaults: z.looseObject({ unit: z.string().min(1) }) }).optional(),
  gridPos: z.object({ x: z.int(), y: z.int(), w: z.int().positive(), h: z.int().positive() }),
  targets: z.array(Target.extend({ datasource: Datasource })).optional(),
});
const Dashboard = z.object({
  uid: z.string().regex(/^[\w-]{1,40}$/),
  title: z.string().min(1),
  schemaVersion: z.int().min(39),
  templating: z.object({ list: z.array(z.looseObject({ name: z.string(), type: z.string() })) }),
  panels: z.array(Panel),
});
const Rules = z.object({
  groups: z.array(z.object({ rules: z.array(z.object({ alert: z.string(), expr: z.string() })) })),
});

const files = globSync('deploy/grafana/dashboards/*.json', { cwd: root }).sort();
const dashboards = files.map((file) => Dashboard.parse(JSON.parse(read(file))));
const charts = dashboards.flatMap(({ title, panels }) =>
  panels.flatMap((panel) => (panel.type === 'row' ? [] : [{ ...panel, title: `${title}: ${panel.title}` }])),
);
const rules = globSync('deploy/prometheus/*.rules.yml', { cwd: root }).flatMap((file) =>
  Rules.parse(parse(read(file))).groups.flatMap((group) => group.rules),
);
const expressions = [...charts.flatMap(({ targets = [] }) => targets), ...rules].map(({ expr }) => expr);

const sources = globSync('{libs,apps}/*/src/**/*.ts', { cwd: root })
  .filter((file) => !file.endsWith('.spec.ts'))
  .map(read)
  .join('\n');
const defined = definedMetrics(sources);
/** Of Prometheus itself, of prom-client and of RabbitMQ's plugin. */
const FOREIGN = /^(process|nodejs|rabbitmq)_/;

describe('the dashboards', () => {
  it('are those of the list, each under a name of its own', () => {
    expect(files.map((file) => basename(file, '.json'))).toEqual(DASHBOARDS.map(({ name }) => name).sort());
    expect(new Set(dashboards.map(({ uid }) => uid)).size).toBe(files.length);
    expect(new Set(dashboards.map(({ title }) => title)).size).toBe(files.length);
  });

  it.each(dashboards)(
    '$title: each panel has an id, a place, a unit, a source, and letters for its queries',
    ({ panels }) => {
      const ids = panels.map(({ id }) => id);
      expect(new Set(ids).size).toBe(ids.length);
      const cells = panels.flatMap(({ gridPos: { x, y, w, h } }) =>
        Array.from({ length: w * h }, (_, i) => `${x + (i % w)} ${y + Math.floor(i / w)}`),
      );
      expect(new Set(cells).size).toBe(cells.length);
      expect(Math.max(...panels.map(({ gridPos }) => gridPos.x + gridPos.w))).toBe(24);
      for (const { type, title, targets = [], datasource, fieldConfig } of panels) {
        if (type === 'row') continue;
        const letters = targets.map(({ refId }) => refId);
        expect({ title, letters, datasource, unit: fieldConfig?.defaults.unit }).toEqual({
          title,
          letters: [...new Set(letters)],
          datasource: expect.anything() as unknown,
          unit: expect.any(String) as unknown,
        });
        expect({ title, isDrawn: letters.length > 0 }).toEqual({ title, isDrawn: true });
      }
    },
  );

  it.each(files)('%s asks by the variables that it has, and by no others', (file) => {
    const text = read(file);
    const known = Dashboard.parse(JSON.parse(text)).templating.list.map(({ name }) => name);
    const used = [...text.matchAll(/\$\{?([a-z]\w*)/g)].map(([, name]) => name!);
    expect([...new Set(used)].sort()).toEqual([...known].sort());
  });

  it('are found by Grafana, with the Prometheus that scrapes the services', () => {
    const provider = parse(read('deploy/grafana/provisioning/dashboards/switchboard.yml')) as {
      providers: { type: string; options: { path: string } }[];
    };
    const { datasources } = parse(read('deploy/grafana/provisioning/datasources/prometheus.yml')) as {
      datasources: { type: string; url: string; isDefault: boolean; jsonData: { timeInterval: string } }[];
    };
    const compose = parse(read('docker-compose.yml'), { merge: true }) as {
      services: Record<'grafana' | 'prometheus', { volumes: string[] }>;
    };
    const { global } = parse(read('deploy/prometheus/prometheus.yml')) as { global: { scrape_interval: string } };
    const [{ type, options }] = provider.providers as [(typeof provider.providers)[0]];
    expect(type).toBe('file');
    expect(compose.services.grafana.volumes).toEqual(
      expect.arrayContaining([
        `./deploy/grafana/dashboards:${options.path}:ro`,
        './deploy/grafana/provisioning:/etc/grafana/provisioning:ro',
      ]),
    );
    expect(compose.services.prometheus.volumes).toContain('./deploy/prometheus:/etc/prometheus:ro');
    expect(datasources).toMatchObject([
      {
        type: 'prometheus',
        url: 'http://prometheus:9090',
        isDefault: true,
        jsonData: { timeInterval: global.scrape_interval },
      },
    ]);
  });
});

describe('dashboards and alert rules', () => {
  it('ask for metrics that the sources define', () => {
    const asked = [...new Set(expressions.flatMap((expr) => familiesIn(expr, defined.histograms)))];
    expect(asked.filter((name) => !FOREIGN.test(name) && !defined.all.has(name))).toEqual([]);
    expect(asked.length).toBeGreaterThan(60);
  });

  it('ask for routes that there are', () => {
    const asked = expressions.flatMap((expr) => labelValuesIn(expr, 'route'));
    expect(asked.filter((id) => !routes.some((route) => route.id === id))).toEqual([]);
  });

  it('show the metric of every alarm', () => {
    const shown = new Set(charts.flatMap(({ targets = [] }) => targets.flatMap(({ expr }) => metricsIn(expr))));
    const family = (name: string) => name.replace(/_(bucket|count|sum)$/, '');
    const families = new Set([...shown].map(family));
    // Of some an alarm only makes its limit.
    const unseen = rules.filter(({ expr }) => !metricsIn(expr).some((name) => families.has(family(name))));
    expect(unseen.map(({ alert }) => alert)).toEqual(['ServiceDown']);
  });
});

(isPrometheusMissing() ? describe.skip : describe)('an installation in which people talk', () => {
  let installation: Installation;
  let prometheus: Prometheus;
  let partner: Server;

  beforeAll(async () => {
    partner = createServer((_request, response) => response.end());
    await new Promise<void>((listening) => partner.listen(0, '127.0.0.1', listening));
    installation = await Installation.start({ GATEWAY_WEBHOOK_PRIVATE_NETWORKS: '127.0.0.0/8' });
    prometheus = await Prometheus.watching(installation.urls);
    await prometheus.scraped();
    await Promise.all([talk(), comeFromOutside(), work()]);
  }, 120_000);
  afterAll(async () => {
    await prometheus?.stop();
    await installation?.stop();
    partner.close();
  });

  /** Text, the knowledge of the shop, and voice in both directions. */
  async function talk(): Promise<void> {
    const { sandbox } = installation;
    const [anna, emma] = await Promise.all([
      Person.meet(sandbox, 'ru', NORTHWIND.username),
      Person.meet(sandbox, 'en'),
    ]);
    await Promise.all([anna.say('Когда мастерская открыта в субботу?'), emma.say('Why is walking good?')]);
    const [, answer] = await Promise.all([anna.reads(/с 10:00 до 16:00/), emma.reads(/Why is walking good/)]);
    // What comes once begins a series, and a series that does not grow has no rate.
    await until(async () => (await prometheus.query('business_replies_total')).length > 1, { what: 'two replies' });
    await Promise.all([anna.say('А в воскресенье?'), emma.say('And swimming?')]);
    await emma.reads(/And swimming/);
    await emma.press(answer, '🔊 Listen');
    const { voice } = await emma.reads((message) => message.voice !== undefined);
    await sandbox.scriptTranscript('How often shall a wheel be checked?');
    await emma.sendVoice(await sandbox.file(voice!.file_id), voice!.duration);
    await emma.reads(/How often shall a wheel be checked/);
  }

  /** What minutes would bring. */
  const work = () =>
    installation
      .service('analytics')
      .nest.get(Schedules)
      .runSlot('watch-usage', new Date(Date.now() + 86_400_000));

  /** The owner, a partner with a webhook, and somebody who guesses. */
  async function comeFromOutside(): Promise<void> {
    const { publicUrl } = installation.service('gateway');
    const owner = await signInStaff({ service: installation.service('gateway') } as unknown as TestApp, 'owner');
    const ask = async (method: string, path: string, body?: object, headers: Record<string, string> = {}) => {
      const response = await fetch(`${publicUrl}/v1${path}`, {
        method,
        headers: {
          'sec-fetch-site': 'same-origin',
          ...(body && { 'content-type': 'application/json', 'idempotency-key': uuidv7() }),
          ...headers,
        },
        ...(body && { body: JSON.stringify(body) }),
      });
      return { status: response.status, body: (await response.json().catch(() => undefined)) as Record<string, never> };
    };
    const url = `http://127.0.0.1:${(partner.address() as AddressInfo).port}/`;
    const endpoint = { url, types: ['bot-adapter.message.received'] };
    const opened = await ask('POST', '/webhook-endpoints', endpoint, owner.headers);
    expect(opened).toMatchObject({ status: 201 });
    const { id } = (opened.body as unknown as { endpoint: { id: string } }).endpoint;
    const comeOnce = async () => {
      const guess = { email: 'nobody@example.com', password: 'a guess' };
      const never = { state: 'x'.repeat(43), code: 'y' };
      const period = 'from=2026-01-01T00:00:00Z&to=2027-01-01T00:00:00Z';
      const answers = [
        await ask('POST', '/staff-sign-in/password', guess),
        await ask('POST', '/sign-in/sessions', never),
        await ask('GET', `/usage?${period}`, undefined, owner.headers),
        await ask('POST', `/webhook-endpoints/${id}/test`, {}, owner.headers),
      ];
      expect(answers.map(({ status }) => status)).toEqual([401, 401, 200, 202]);
    };
    await comeOnce();
    expect(await ask('POST', '/statistics-backups', {}, owner.headers)).toMatchObject({ status: 201 });
    expect(await ask('POST', '/audit/verifications', {}, owner.headers)).toMatchObject({ status: 202 });
    await until(async () => (await prometheus.query('webhook_attempts_total')).length > 0, { what: 'a webhook' });
    await comeOnce();
  }

  it('answers the query of every panel but of those whose reason to be empty is known', async () => {
    const mayBeEmpty = DASHBOARDS.flatMap(({ title, rows }) =>
      Object.values(rows).flatMap((panels) =>
        panels.flatMap((panel) => (panel.empty ? [`${title}: ${panel.title}`] : [])),
      ),
    );
    const silent = async () => {
      const found = await Promise.all(
        charts.map(async ({ title, targets = [] }) => {
          const series = await Promise.all(targets.map(({ expr }) => prometheus.query(withVariables(expr))));
          return series.every((some) => some.some(({ value: [, value] }) => value !== 'NaN')) ? [] : [title];
        }),
      );
      return found.flat().filter((title) => !mayBeEmpty.includes(title));
    };
    let last: string[] = [];
    // What analytics has counted is read again after some seconds.
    await until(async () => (last = await silent()).length === 0, { what: 'data', timeoutMs: 30_000 }).catch(
      () => undefined,
    );
    expect(last).toEqual([]);
    expect(mayBeEmpty.length).toBeLessThan(charts.length / 5);
  }, 60_000);

  it('tells what models cost as the ledger has it', async () => {
    const [ledger] = await installation.rows<{ usd: number }>(
      'chat-ai',
      'SELECT sum(cost_micros)::float8 / 1e6 AS usd FROM usages',
    );
    const told = async () => {
      const [series] = await prometheus.query('sum(business_model_cost_usd_total)');
      return Number(series?.value[1]);
    };
    await until(async () => Math.abs((await told()) - ledger!.usd) < 1e-9, { what: `a cost of ${ledger!.usd}` });
    expect(ledger!.usd).toBeGreaterThan(0);
  });

  it('names no label as Prometheus names its own', async () => {
    expect(await prometheus.query('count by (__name__) ({exported_job!=""} or {exported_instance!=""})')).toEqual([]);
  });

  it('names its metrics as Prometheus wants them named', async () => {
    for (const url of installation.urls) {
      const input = await (await fetch(new URL('/metrics', url))).text();
      const { stdout, stderr } = spawnSync(prometheusProgram('promtool'), ['check', 'metrics'], {
        input,
        encoding: 'utf8',
      });
      const ours = (stdout + stderr).split('\n').filter((line) => line && !FOREIGN.test(line));
      expect({ port: url.port, ours }).toEqual({ port: url.port, ours: [] });
    }
  });
});

/** As Grafana would ask, with everything chosen. */
const withVariables = (expr: string) =>
  expr.replaceAll('$__rate_interval', '5m').replaceAll(/\$(service|bot)\b/g, '.+');
