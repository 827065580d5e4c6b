import { ErasureRequested, events } from '@switchboard/contracts';
import { v7 as uuidv7 } from 'uuid';
import type { TestApp } from './start-app';

/** These have to remember that somebody was erased, or are on their way out. */
const MAY_NAME = ['person_keys', 'outbox'];

/** The tables of the service under test in which a value stands as it is, in order. */
export async function tablesWith({ service: { db } }: TestApp, value: string): Promise<string[]> {
  const tables = await db.query<{ name: string }[]>(
    `SELECT relname AS name FROM pg_class
     WHERE relnamespace = current_schema()::regnamespace AND relkind IN ('r', 'p') AND NOT relispartition ORDER BY 1`,
  );
  const found: string[] = [];
  for (const { name } of tables) {
    const rows = await db.query<unknown[]>(
      `SELECT FROM ${name} t WHERE position($1 IN to_jsonb(t)::text) > 0 LIMIT 1`,
      [value],
    );
    if (rows.length > 0) found.push(name);
  }
  return found;
}

/** Asks for a person to be erased, as the service is asked in life, and waits until it says so. Returns the tables that still name them. */
export async function erasePerson(app: TestApp, userId: string): Promise<string[]> {
  const type = `${app.service.name}.person.erased.v1`;
  const erased = events.find((event) => event.type === type);
  if (!erased) throw new Error(`The contracts have no ${type}: see definePersonErased`);
  const erasureId = uuidv7();
  await app.probe.say(ErasureRequested({ erasureId, userId }));
  await app.probe.until(erased, ({ data }) => data['erasureId'] === erasureId);
  return (await tablesWith(app, userId)).filter((table) => !MAY_NAME.includes(table));
}
