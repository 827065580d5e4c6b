import { PostgresQueryRunner } from 'typeorm/driver/postgres/PostgresQueryRunner';
import type { TestApp } from './start-app';

interface Plan {
  'Node Type': string;
  'Actual Rows': number;
  'Actual Loops': number;
  'Rows Removed by Filter'?: number;
  'Rows Removed by Index Recheck'?: number;
  'Relation Name'?: string;
  Plans?: Plan[];
}

/** What each step of a plan has read of a table. */
const readOf = (plan: Plan): number =>
  (plan['Relation Name']
    ? (plan['Actual Rows'] + (plan['Rows Removed by Filter'] ?? 0) + (plan['Rows Removed by Index Recheck'] ?? 0)) *
      plan['Actual Loops']
    : 0) + (plan.Plans ?? []).reduce((sum, part) => sum + readOf(part), 0);

/** The statements that `app` reads by for a request, by how many rows each has read. Nothing else may ask meanwhile. */
export async function rowsRead(app: TestApp, ask: () => Promise<unknown>): Promise<{ sql: string; rows: number }[]> {
  const runner = PostgresQueryRunner.prototype;
  const { query } = runner;
  const asked: [sql: string, parameters: Parameters<typeof query>[1]][] = [];
  runner.query = function (this: PostgresQueryRunner, ...statement: Parameters<typeof query>) {
    asked.push([statement[0], statement[1]]);
    return query.apply(this, statement);
  } as typeof query;
  await ask().finally(() => (runner.query = query));
  const statements = asked.filter(([sql]) => /^\s*(SELECT|WITH)/.test(sql));
  const read = [];
  for (const [sql, parameters] of statements) {
    const [{ 'QUERY PLAN': plans }] = await app.service.db.query<[{ 'QUERY PLAN': { Plan: Plan }[] }]>(
      `EXPLAIN (ANALYZE, FORMAT JSON) ${sql}`,
      parameters,
    );
    read.push({ sql, rows: readOf(plans[0]!.Plan) });
  }
  return read;
}
