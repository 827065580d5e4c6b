import type { Changes } from './changes.mts';
import type { Feature } from './feature.templates.mts';
import { camel, pascal, snake, words } from './names.mts';
import { calledOn, withElement, withExport, withImport } from './source-edits.mts';

const contracts = 'libs/contracts/src';

/** `ReadRefund`: the route by which a row is read. */
export const readRouteOf = ({ singular }: Feature) => `Read${pascal(singular)}`;

const IMPORTS = [
  ['z', 'zod'],
  ['Instant', './api.shapes'],
  ['defineRoute', './define-route'],
] as const;

/** Defines the route in the contracts, exports it and puts it among the others. */
export function addReadRoute(changes: Changes, feature: Feature): void {
  const { service } = feature;
  const module = `./${service}.api`;
  const file = `${contracts}/${service}.api.ts`;
  if (!changes.has(file)) {
    changes.create(file, '');
    changes.edit(`${contracts}/routes.ts`, (routes) =>
      withElement(withImport(routes, `* as ${camel(service)}`, module), calledOn('flatMap'), camel(service)),
    );
  }
  changes.edit(file, (api) => {
    const missing = IMPORTS.filter(([name]) => !new RegExp(`^import .*\\b${name}\\b`, 'm').test(api));
    return `${missing.reduce((text, [name, from]) => withImport(text, `{ ${name} }`, from), api).trimEnd()}\n\n${definition(feature)}`;
  });
  changes.edit(`${contracts}/index.ts`, (index) => withExport(index, readRouteOf(feature), module));
}

function definition(feature: Feature): string {
  const { service, plural, singular } = feature;
  const [Refund, refundId] = [pascal(singular), `${camel(singular)}Id`];
  return `const ${Refund} = z
  .object({ ${refundId}: z.uuid(), userId: z.uuid(), openedAt: Instant })
  .meta({ id: '${service}.${Refund}' });

export const ${readRouteOf(feature)} = defineRoute({
  id: '${service}.${plural}.read',
  method: 'GET',
  path: '/${plural}/{${refundId}}',
  summary: '${/^[aeiou]/.test(singular) ? 'An' : 'A'} ${words(singular)}.',
  permission: '${plural}:read',
  params: z.object({ ${refundId}: z.uuid() }),
  answer: ${Refund},
  problems: { '${service}.${snake(singular)}_not_found': 404 },
});
`;
}
