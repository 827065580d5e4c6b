import { globSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { routes } from '@switchboard/contracts';
import { parse } from 'yaml';
import { z } from 'zod';
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

it('no query names the bound of a bucket as services write it: Prometheus 3 keeps le="300" as le="300.0"', () => {
  expect(expressions.filter((expr) => /\ble!?="\d+"/.test(expr))).toEqual([]);
});

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
