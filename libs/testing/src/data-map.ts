import { type AppDefinition, type DataMap, kitDataMap, type TableMap } from '@switchboard/service-kit';
import type { DataSource } from 'typeorm';
import type { TestApp } from './start-app';

interface Table {
  name: string;
  /** Name → type. */
  columns: Record<string, string>;
  /** Row-level security, also for the owner. */
  forced: boolean;
  /** Columns of primary and foreign keys. */
  keys: string[];
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
    ...tables.flatMap(({ name }) => ownerProblems(name, map, tables)),
  ].sort();
}

/** Rows that are a person's by way of another row are erased and kept apart by the `id` of that one. */
function ownerProblems(name: string, map: DataMap, tables: readonly Table[]): string[] {
  const person = map[name]?.person;
  if (typeof person !== 'object' || !('of' in person)) return [];
  const owner = map[person.of];
  const refers = `${name} refers to rows of ${person.of}`;
  if (!owner) return [`${refers}, which is not in the data map`];
  if (typeof owner.person !== 'string') return [`${refers}, and the data map does not say by a column whose those are`];
  const table = tables.find((each) => each.name === person.of);
  return table?.columns['id'] ? [] : [`${refers}, which has no column id`];
}

function problemsOf({ name, columns, forced, keys }: Table, entry: TableMap | undefined): string[] {
  if (!entry) return [`${name} is not in the data map`];
  const unsaid = Object.entries(columns).filter(
    ([column, type]) => !WITHOUT_WORDS.test(type) && !entry.columns[column],
  );
  const made = Object.keys(entry.columns).filter((column) => !columns[column]);
  return [
    ...unsaid.map(([column, type]) => `${name}.${column} (${type}): the data map does not say what it holds`),
    ...made.map((column) => `${name}.${column} is in the data map and not in the database`),
    ...aboutPersons(name, columns, forced, entry),
    ...aboutOthers(name, columns, keys, entry),
  ];
}

/** A row may name a second person, whom an erasure has to find as well: so every id says of what it is one. */
function aboutOthers(name: string, columns: Table['columns'], keys: readonly string[], entry: TableMap): string[] {
  const { person, others = {} } = entry;
  const own = typeof person === 'string' ? person : person && 'column' in person ? person.column : undefined;
  const said = (column: string) => column === own || column in others || column in entry.columns;
  const unsaid = Object.entries(columns).filter(
    ([column, type]) => type === 'uuid' && !keys.includes(column) && !said(column),
  );
  return [
    ...unsaid.map(
      ([column]) =>
        `${name}.${column} (uuid): the data map does not say of what it is the id; of a person, in \`others\``,
    ),
    ...Object.keys(others)
      .filter((column) => !columns[column])
      .map((column) => `${name} has no column ${column} that names another person`),
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
       json_object_agg(a.attname, t.typname ORDER BY a.attnum) AS columns,
       coalesce(json_agg(a.attname) FILTER (WHERE EXISTS (
         SELECT FROM pg_constraint k WHERE k.conrelid = c.oid AND k.contype IN ('p', 'f') AND a.attnum = ANY(k.conkey)
       )), '[]') AS keys
     FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid JOIN pg_type t ON t.oid = a.atttypid
     WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition
       AND a.attnum > 0 AND NOT a.attisdropped
     GROUP BY 1, 2 ORDER BY 1`,
  );
}
