import { Changes } from '../generators/changes.mts';
import { addFeature } from '../generators/feature.mts';
import { kebab, singular } from '../generators/names.mts';

/** `npm run new:feature -- payments refunds`: one use case from event to row, with its test. */
export async function main([service, feature]: string[]): Promise<number> {
  const plural = kebab(feature, 'The name of the feature (a plural noun)');
  const changes = new Changes();
  addFeature(changes, {
    service: kebab(service, 'The name of the service'),
    plural,
    singular: singular(plural),
    createdAt: Date.now(),
  });
  for (const path of await changes.write()) console.log(`Written: ${path}`);
  console.log(`\nNow give the event, the route, the entity and the migration the fields they need, then:
  npm run docs                            publishes event and route
  npm test -- apps/${service}/src/${plural}`);
  return 0;
}
