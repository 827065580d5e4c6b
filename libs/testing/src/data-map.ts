import { type AppDefinition, kitDataMap, type TableMap } from '@switchboard/service-kit';
import type { DataSource } from 'typeorm';
import type { TestApp } from './start-app';

interface Table {
  name: string;
  /** Name → type. */
  columns: Record<string, string>;
  /** Row-level security, also for the owner. */
  forced: boolean;
}

/** Types that hold no words: a column of any other one needs a statement of what it holds. */
const WITHOUT_WORDS = /^(uuid|bool|int[248]|float[48]|numeric|oid|date|time|timetz|timestamp|timestamptz|interval)$/;

/**
 * What keeps a service's data map from telling the truth about its migrated database, in sentences; none when all is well.
 * Tables and columns that are missing from it, or that it has made up, and personal tables that are open to everybody.
 */
export async function dataMapProblems({ service }: TestApp, { dataMap }: AppDefinition): Promise<string[]> {
  if (!dataMap) return [`${service.name} has no data map`];
  const map = { ...kitDataMap, ...dataMap };
  const tables = await tablesOf(service.db);
  const made = Object.keys(map).filter((name) => !tables.some((table) => table.name === name));
  return [
    ...made.map((name) => `${name} is in the data map and not in the database`),
    ...tables.flatMap((table) => problemsOf(table, map[table.name])),
  ].sort();
}

function problemsOf({ name, columns, forced }: Table, entry: TableMap | undefined): string[] {
  if (!entry) return [`${name} is not in the data map`];
  const unsaid = Object.entries(columns).filter(
    ([column, type]) => !WITHOUT_WORDS.test(type) && !entry.columns[column],
  );
  const made = Object.keys(entry.columns).filter((column) => !columns[column]);
  return [
    ...unsaid.map(([column, type]) => `${name}.${column} (${type}): the data map does not say what it holds`),
    ...made.map((column) => `${name}.${column} is in the data map and not in the database`),
    ...aboutPersons(name, columns, forced, entry),
  ];
}

function aboutPersons(name: string, columns: Table['columns'], forced: boolean, entry: TableMap): string[] {
  const { erasure, person } = entry;
  if (erasure === 'not personal') return person ? [`${name} is not personal and names a person`] : [];
  if (!person) return [`${name} is personal and does not say whose a row is`];
  const column = typeof person === 'string' ? person : 'within' in person ? person.within : person.column;
  if (!columns[column]) return [`${name} has no column ${column} that says whose a row is`];
  const isApart = forced || (typeof person !== 'string' && 'within' in person);
  return isApart ? [] : [`${name} is personal and its rows are not kept apart: see personalTable`];
}

function tablesOf(db: DataSource): Promise<Table[]> {
  return db.query<Table[]>(
    `SELECT c.relname AS name, c.relforcerowsecurity AS forced,
       json_object_agg(a.attname, t.typname ORDER BY a.attnum) AS columns
     FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid JOIN pg_type t ON t.oid = a.atttypid
     WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition
       AND a.attnum > 0 AND NOT a.attisdropped
     GROUP BY 1, 2 ORDER BY 1`,
  );
}
