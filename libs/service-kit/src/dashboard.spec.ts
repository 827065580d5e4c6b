import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { startApp, type TestApp } from '@switchboard/testing';
import { Registry } from 'prom-client';
import { parse } from 'yaml';
import { z } from 'zod';
import { shopApp } from '../test/shop.app';
import { ResiliencePolicy } from './resilience-policy';

const deploy = join(__dirname, '..', '..', '..', 'deploy');
const read = (file: string) => readFileSync(join(deploy, file), 'utf8');

const Target = z.object({ refId: z.string(), expr: z.string().min(1), legendFormat: z.string().min(1) });
const Panel = z.object({
  id: z.int().positive(),
  type: z.enum(['row', 'stat', 'timeseries']),
  title: z.string().min(1),
  gridPos: z.object({ x: z.int(), y: z.int(), w: z.int().positive(), h: z.int().positive() }),
  targets: z.array(Target).optional(),
});
const Dashboard = z.object({
  uid: z.string(),
  title: z.literal('Backbone'),
  schemaVersion: z.int().min(39),
  templating: z.object({ list: z.array(z.object({ name: z.string(), type: z.string() })) }),
  panels: z.array(Panel),
});
const Rules = z.object({
  groups: z.array(z.object({ rules: z.array(z.object({ alert: z.string(), expr: z.string() })) })),
});

const dashboard = Dashboard.parse(JSON.parse(read('grafana/dashboards/backbone.json')));
const charts = dashboard.panels.filter(({ type }) => type !== 'row');
const rules = Rules.parse(parse(read('prometheus/backbone.rules.yml'))).groups.flatMap((group) => group.rules);

/** Names of our metrics in a query, as the families a service exports. */
const familiesIn = (expr: string) =>
  [...expr.matchAll(/\b(?:bus|jobs?|scheduled|third_party|http_server)_\w+/g)].map(([name]) =>
    name.replace(/_seconds_(bucket|count|sum)$/, '_seconds').replace(/_events_(bucket|count|sum)$/, '_events'),
  );

describe('the dashboard', () => {
  it('has a place of its own for each panel', () => {
    const ids = dashboard.panels.map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    const cells = dashboard.panels.flatMap(({ gridPos: { x, y, w, h } }) =>
      Array.from({ length: w * h }, (_, i) => `${x + (i % w)} ${y + Math.floor(i / w)}`),
    );
    expect(new Set(cells).size).toBe(cells.length);
    expect(Math.max(...dashboard.panels.map(({ gridPos }) => gridPos.x + gridPos.w))).toBe(24);
  });

  it('draws something in every panel, each query under its own letter', () => {
    for (const { title, targets = [] } of charts) {
      const letters = targets.map(({ refId }) => refId);
      expect({ title, letters }).toEqual({ title, letters: [...new Set(letters)] });
      expect({ title, drawn: letters.length > 0 }).toEqual({ title, drawn: true });
    }
  });

  it('asks only by variables that it has', () => {
    const known = dashboard.templating.list.map(({ name }) => name);
    const used = [...read('grafana/dashboards/backbone.json').matchAll(/\$\{?([a-z]\w*)/g)].map(([, name]) => name!);
    expect([...new Set(used)].sort()).toEqual([...known].sort());
  });

  it('shows the metric of every alarm', () => {
    const shown = new Set(charts.flatMap(({ targets = [] }) => targets.flatMap(({ expr }) => familiesIn(expr))));
    expect(rules.filter(({ expr }) => familiesIn(expr).some((family) => !shown.has(family)))).toEqual([]);
  });
});

describe('a running service', () => {
  let app: TestApp;
  beforeAll(async () => {
    app = await startApp(shopApp);
    const registry = app.service.nest.get<Registry>(Registry);
    new ResiliencePolicy({ name: 'bank', registry, timeoutMs: 1000, isOutage: () => false });
  });
  afterAll(() => app.stop());

  it('exports every metric that the dashboard or an alarm asks for', async () => {
    const exported = [...(await (await fetch(`${app.url}/metrics`)).text()).matchAll(/^# TYPE (\w+)/gm)].map(
      ([, name]) => name!,
    );
    const asked = [...charts.flatMap(({ targets = [] }) => targets), ...rules].flatMap(({ expr }) => familiesIn(expr));
    expect([...new Set(asked)].filter((family) => !exported.includes(family))).toEqual([]);
    expect(new Set(asked).size).toBeGreaterThan(15);
  });
});
