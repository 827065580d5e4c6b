import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { Changes } from '../generators/changes.mts';
import { addMigration } from '../generators/migration.mts';
import { kebab } from '../generators/names.mts';
import { root } from '../local/workspace.mts';

/** `npm run migration -- chat-ai create-prompt`: an empty migration of that service, which TypeORM runs last. */
export async function main([app, migration]: string[]): Promise<number> {
  const service = kebab(app, 'The name of the service');
  const name = kebab(migration, 'The name of the migration (create-prompts)');
  if (!existsSync(join(root, 'apps', service, 'project.json'))) throw new Error(`There is no apps/${service}.`);
  const changes = new Changes();
  const empty = 'await db.query(``);';
  addMigration(changes, { service, name, createdAt: Date.now(), up: empty, down: empty });
  for (const path of await changes.write()) console.log(`Written: ${path}`);
  console.log(`\nNow fill in up() and down(). What new columns hold is said in apps/${service}/src/${service}.data-map.ts; a table of persons
calls personalTable, and a service with its first one needs what apps/chat-ai/src/erasure has.`);
  return 0;
}
