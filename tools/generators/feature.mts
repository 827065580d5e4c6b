import type { Changes } from './changes.mts';
import { addEvent, isDefined } from './event.mts';
import { dataMapEntry, featureFiles, type Feature, migrationOf, requestOf } from './feature.templates.mts';
import { camel, pascal } from './names.mts';
import { addReadRoute } from './route.mts';
import { constant, valueOf, withElement, withImport } from './source-edits.mts';

/** A feature that is asked for by an event, keeps a row, and can be read over HTTP: the whole way of one use case. */
export function addFeature(changes: Changes, feature: Feature): void {
  const { service, plural, singular } = feature;
  const source = `apps/${service}/src`;
  if (!changes.has(`apps/${service}/project.json`)) {
    throw new Error(`There is no apps/${service}: \`npm run new:service -- ${service}\` makes it.`);
  }
  if (!isDefined(changes, requestOf(feature))) addEvent(changes, requestOf(feature));
  addReadRoute(changes, feature);
  for (const [path, text] of Object.entries(featureFiles(feature))) changes.create(`apps/${service}/${path}`, text);
  changes.edit(`${source}/${service}.module.ts`, (module) => {
    const name = `${pascal(plural)}Module`;
    return withElement(withImport(module, `{ ${name} }`, `./${plural}/${plural}.module`), valueOf('imports'), name);
  });
  changes.edit(`${source}/${service}.data-map.ts`, (map) =>
    withElement(map, constant(`${camel(service)}DataMap`), dataMapEntry(feature)),
  );
  changes.edit(`apps/${service}/test/layers.spec.ts`, (spec) => withElement(spec, constant('LAYERS'), `'${plural}'`));
  // Where the app is defined: a service into which others are plugged has a function for it.
  const definition = [`${source}/${service}.app.ts`, `${source}/${service}.module.ts`].find((file) =>
    changes.read(file).includes('entities: ['),
  );
  if (!definition) throw new Error(`No file of ${source} lists the entities of the service.`);
  changes.edit(definition, (app) => {
    const migration = migrationOf(feature);
    const withEntity = withElement(
      withImport(app, `{ ${pascal(singular)} }`, `./${plural}/${singular}.entity`),
      valueOf('entities'),
      pascal(singular),
    );
    return withElement(
      withImport(withEntity, `{ ${migration.className} }`, `../migrations/${migration.file}`),
      valueOf('migrations'),
      migration.className,
    );
  });
}
