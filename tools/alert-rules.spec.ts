import { spawnSync } from 'node:child_process';
import { globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';
import { definedApps } from './app-variables';

const root = join(__dirname, '..');
const read = (file: string) => readFileSync(join(root, file), 'utf8');

describe('the alert rules', () => {
  const Rules = z.object({
    groups: z.array(
      z.object({
        rules: z.array(
          z.object({
            alert: z.string(),
            expr: z.string(),
            for: z.string(),
            labels: z.object({ severity: z.enum(['critical', 'warning']) }),
            annotations: z.looseObject({ summary: z.string(), runbook_url: z.string() }),
          }),
        ),
      }),
    ),
  });
  const rules = Rules.parse(parse(read('deploy/prometheus/backbone.rules.yml'))).groups.flatMap((group) => group.rules);

  it('have a runbook each, and every runbook its rule', () => {
    const linked = rules.map(({ annotations }) => annotations.runbook_url);
    expect(linked.sort()).toEqual(globSync('docs/runbooks/*.md', { cwd: root }).sort());
  });

  it('watch metrics that exist', () => {
    const sources = globSync('libs/*/src/*.ts', { cwd: root }).map(read).join('\n');
    const metrics = rules.flatMap(({ expr }) => expr.match(/\b(?:bus|jobs|scheduled|third_party)_\w+/g) ?? []);
    const missing = metrics.filter((name) => !sources.includes(`name: '${name.replace(/_(bucket|count|sum)$/, '')}'`));
    expect(missing).toEqual([]);
    expect(metrics.length).toBeGreaterThan(5);
  });

  const missing = process.env['PROMETHEUS_MISSING'];
  const itWithPrometheus = missing && process.env['CI'] !== 'true' ? it.skip : it;

  itWithPrometheus('are tried out, each of them', () => {
    const file = 'deploy/prometheus/backbone.rules.test.yml';
    expect(rules.filter(({ alert }) => !read(file).includes(`alertname: ${alert}\n        exp_alerts:`))).toEqual([]);
    if (!process.env['PROMETHEUS_PATH']) throw new Error(missing ?? 'PROMETHEUS_PATH is not set');
    const promtool = join(dirname(process.env['PROMETHEUS_PATH']), 'promtool');
    const { stdout, stderr, status } = spawnSync(promtool, ['test', 'rules', file], { cwd: root, encoding: 'utf8' });
    expect({ status, said: stdout + stderr }).toMatchObject({ status: 0, said: expect.stringContaining('SUCCESS') });
  });

  it('expect a listener for every event but those that have none by design', () => {
    const unheard = [...read('docs/events.md').matchAll(/^\| `([\w.-]+)` +\| [\w-]+ +\| nobody /gm)].map(
      ([, type]) => type!,
    );
    const [, excused] = /type!~"([^"]+)"/.exec(rules.find(({ alert }) => alert === 'EventUnroutable')!.expr) ?? [];
    expect(excused!.split('|').sort()).toEqual(unheard.sort());
  });

  it('are fed by a scrape of each service where it listens', async () => {
    const scraped = read('deploy/prometheus/prometheus.yml').match(/[\w-]+:\d+/g)!;
    const listening = (await definedApps()).map(({ name, port }) => `${name}:${port}`);
    expect(scraped).toEqual(expect.arrayContaining(listening));
  });
});
