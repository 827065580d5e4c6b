import type { Changes } from './changes.mts';
import { addErasure } from './erasure.mts';
import { addEvent, definitionWith, PERSON } from './event.mts';
import { dataMapEntry, featureFiles, type Feature, migrationOf, requestOf } from './feature.templates.mts';
import { addMigration, definitionOf } from './migration.mts';
import { camel, pascal } from './names.mts';
import { addRoutes } from './route.mts';
import { addLayer, addModule } from './service.mts';
import { constant, valueOf, withElement, withImport } from './source-edits.mts';
import { addWords } from './words.mts';

/** A resource over HTTP with its rows, and on demand an event that asks for one: the whole way of each use case. */
export function addFeature(changes: Changes, feature: Feature): void {
  const { service, plural, singular } = feature;
  const source = `apps/${service}/src`;
  if (!changes.has(`apps/${service}/project.json`)) {
    throw new Error(`There is no apps/${service}: \`npm run new:service -- ${service}\` makes it.`);
  }
  const request = requestOf(feature);
  if (request) addEvent(changes, request, definitionWith(request, fieldsOf(feature)));
  addRoutes(changes, feature);
  addWords(changes, feature);
  for (const [path, text] of Object.entries(featureFiles(feature))) {
    // Lines of spaces are left by conditions that do not hold.
    changes.create(`apps/${service}/${path}`, text.replaceAll(/^ +\n/gm, ''));
  }
  addModule(changes, service, plural);
  addLayer(changes, service, plural);
  changes.edit(`${source}/${service}.data-map.ts`, (map) =>
    withElement(map, constant(`${camel(service)}DataMap`), dataMapEntry(feature)),
  );
  const entity = pascal(singular);
  changes.edit(definitionOf(changes, service), (app) =>
    withElement(withImport(app, `{ ${entity} }`, `./${plural}/${singular}.entity`), valueOf('entities'), entity),
  );
  addMigration(changes, migrationOf(feature));
  if (feature.personal) addErasure(changes, service);
}

/** What the event that asks for one carries, besides its id. */
const fieldsOf = ({ personal }: Feature): Record<string, string> => {
  const title = 'z.string().min(1).max(200)';
  return personal ? { userId: PERSON, title: `personal(${title})` } : { title };
};
