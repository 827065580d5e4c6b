import { spawnSync } from 'node:child_process';
import { globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';

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
  const files = globSync('deploy/prometheus/*.rules.yml', { cwd: root });
  const rules = files.flatMap((file) => Rules.parse(parse(read(file))).groups.flatMap((group) => group.rules));

  it('have a runbook each, and every runbook its rule', () => {
    const linked = rules.map(({ annotations }) => annotations.runbook_url);
    expect(linked.sort()).toEqual(globSync('docs/runbooks/*.md', { cwd: root }).sort());
  });

  const missing = process.env['PROMETHEUS_MISSING'];
  const itWithPrometheus = missing && process.env['CI'] !== 'true' ? it.skip : it;

  itWithPrometheus('are tried out, each of them', () => {
    const tests = globSync('deploy/prometheus/*.rules.test.yml', { cwd: root });
    const tried = tests.map(read).join('\n');
    expect(rules.filter(({ alert }) => !tried.includes(`alertname: ${alert}\n        exp_alerts:`))).toEqual([]);
    if (!process.env['PROMETHEUS_PATH']) throw new Error(missing ?? 'PROMETHEUS_PATH is not set');
    const promtool = join(dirname(process.env['PROMETHEUS_PATH']), 'promtool');
    const { stdout, stderr, status } = spawnSync(promtool, ['test', 'rules', ...tests], {
      cwd: root,
      encoding: 'utf8',
    });
    expect({ status, said: stdout + stderr }).toMatchObject({ status: 0, said: expect.stringContaining('SUCCESS') });
  });

  it('expect a listener for every event but those that have none by design', () => {
    const unheard = [...read('docs/events.md').matchAll(/^\| `([\w.-]+)` +\| [\w-]+ +\| nobody /gm)].map(
      ([, type]) => type!,
    );
    const [, excused] = /type!~"([^"]+)"/.exec(rules.find(({ alert }) => alert === 'EventUnroutable')!.expr) ?? [];
    const patterns = excused!.split('|');
    const fits = (type: string, pattern: string) => new RegExp(`^(?:${pattern})$`).test(type);
    expect({
      unheard: unheard.filter((type) => !patterns.some((pattern) => fits(type, pattern))),
      heard: patterns.filter((pattern) => !unheard.some((type) => fits(type, pattern))),
    }).toEqual({ unheard: [], heard: [] });
  });
});
