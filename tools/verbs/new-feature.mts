import { parseArgs } from 'node:util';
import { Changes } from '../generators/changes.mts';
import { addFeature } from '../generators/feature.mts';
import { kebab, singular } from '../generators/names.mts';

/**
 * `npm run new:feature -- payments refunds`: a resource whose rows belong to persons (list, open, read, change, remove), from
 * contract to table, with its spec. `--event` has an event ask for one as well, `--not-personal` is for what belongs to nobody.
 */
export async function main(args: string[]): Promise<number> {
  const options = { event: { type: 'boolean' }, 'not-personal': { type: 'boolean' } } as const;
  const { positionals, values } = parseArgs({ args, allowPositionals: true, options });
  const plural = kebab(positionals[1], 'The name of the feature (a plural noun)');
  const service = kebab(positionals[0], 'The name of the service');
  const changes = new Changes();
  addFeature(changes, {
    service,
    plural,
    singular: singular(plural),
    byEvent: values.event ?? false,
    personal: !values['not-personal'],
    createdAt: Date.now(),
  });
  for (const path of await changes.write()) console.log(`Written: ${path}`);
  console.log(`\nNow delete the routes it does not need, and give the others, the entity, the migration and the data map their fields.
Say in Russian what the console calls it: audit/audit-actions.ts, audit/audit-resources.ts, staff-names/permission-names.ts.
The built-in roles that may do it are in apps/gateway/src/access/built-in-roles.ts; until one names it, owners and administrators alone may.
  npm test -- apps/${service}
  npm run docs    last, because it publishes: from then on routes and events only gain`);
  return 0;
}
