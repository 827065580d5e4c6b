import { globSync } from 'node:fs';
import { root } from '../local/workspace.mts';
import type { Changes } from './changes.mts';
import type { Feature } from './feature.templates.mts';
import { aNoun, camel, pascal, snake } from './names.mts';
import { constant, withElement, withExport, withImport } from './source-edits.mts';

const contracts = 'libs/contracts/src';

/** The routes of a resource, in the order in which they stand in the contracts: `ListRefunds`, `OpenRefund`, … */
export function routesOf({ plural, singular }: Feature) {
  const [Refund, Refunds] = [pascal(singular), pascal(plural)];
  return {
    List: `List${Refunds}`,
    Open: `Open${Refund}`,
    Read: `Read${Refund}`,
    Change: `Change${Refund}`,
    Remove: `Remove${Refund}`,
  };
}

const IMPORTS = {
  z: 'zod',
  Instant: './api.shapes',
  pageOf: './api.shapes',
  PageQuery: './api.shapes',
  defineRoute: './define-route',
};

/** Defines the routes in the contracts, exports them and puts them among the others. */
export function addRoutes(changes: Changes, feature: Feature): void {
  const area = areaOf(changes, feature);
  const module = `./${area}.api`;
  const file = `${contracts}/${area}.api.ts`;
  const names = Object.values(routesOf(feature));
  const index = changes.read(`${contracts}/index.ts`);
  const known = names.find((name) => new RegExp(`\\b${name}\\b`).test(index));
  if (known) throw new Error(`The contracts have a ${known} already.`);
  if (!changes.has(file)) {
    changes.create(file, '');
    const imported = camel(area.replaceAll('.', '-'));
    changes.edit(`${contracts}/routes.ts`, (routes) =>
      withElement(withImport(routes, `* as ${imported}`, module), constant('files'), imported),
    );
  }
  changes.edit(file, (api) => {
    const imported = Object.entries(IMPORTS).reduce((text, [name, from]) => withNamedImport(text, name, from), api);
    return `${imported.trimEnd()}\n\n${definitions(feature)}`;
  });
  for (const name of names) changes.edit(`${contracts}/index.ts`, (text) => withExport(text, name, module));
}

/** Where the routes stand: in the one file of their service, or in one of their own where those of the service are split by area. */
function areaOf(changes: Changes, { service, plural }: Feature): string {
  const isWhole = changes.has(`${contracts}/${service}.api.ts`);
  const isSplit = !isWhole && globSync(`${contracts}/${service}.*.api.ts`, { cwd: root }).length > 0;
  return isSplit ? `${service}.${plural}` : service;
}

/** Adds a name to the import from that module, or such an import. */
function withNamedImport(source: string, name: string, from: string): string {
  const statement = new RegExp(`^import \\{ ([^}]*) \\} from '${from.replaceAll('.', '\\.')}';`, 'm');
  const names = statement.exec(source)?.[1]?.split(/,\s*/) ?? [];
  if (names.includes(name)) return source;
  if (names.length === 0) return withImport(source, `{ ${name} }`, from);
  const all = [...names.filter(Boolean), name].sort((a, b) => a.localeCompare(b, 'en'));
  return source.replace(statement, `import { ${all.join(', ')} } from '${from}';`);
}

function definitions(feature: Feature): string {
  const { service, plural, singular, personal } = feature;
  const title = personal
    ? "z.string().nullable().describe('Null when its person was erased meanwhile.')"
    : 'z.string()';
  const userId = personal ? "userId: z.uuid().describe('Whose it is.')," : '';
  const byPerson = ".extend({ userId: z.uuid().optional().describe('Those of one person.') })";
  const [Refund, refund, refundId] = [pascal(singular), camel(singular), `${camel(singular)}Id`];
  const { List, Open, Read, Change, Remove } = routesOf(feature);
  const [a, ...refundInWords] = aNoun(singular);
  const aRefund = `${a!.toUpperCase()}${refundInWords.join('')}`;
  return `const ${Refund} = z
  .object({
    id: z.uuid(),
    ${userId}
    title: ${title},
    revision: z.int(),
    openedAt: Instant,
  })
  .meta({ id: '${service}.${Refund}' });
const ${refund}Title = z.string().trim().min(1).max(200);
const ${refund}Params = z.object({ ${refundId}: z.uuid() });
const ${refund}NotFound = { '${service}.${snake(singular)}_not_found': 404 } as const;

export const ${List} = defineRoute({
  id: '${service}.${plural}.list',
  method: 'GET',
  path: '/${plural}',
  summary: '${pascal(plural).replaceAll(/(?<=[a-z0-9])([A-Z])/g, (letter) => ` ${letter.toLowerCase()}`)} in the order in which they were opened.',
  permission: '${plural}:read',
  query: PageQuery${personal ? byPerson : ''},
  answer: pageOf(${Refund}),
});

export const ${Open} = defineRoute({
  id: '${service}.${plural}.open',
  method: 'POST',
  path: '/${plural}',
  summary: 'Opens ${aNoun(singular)}.',
  permission: '${plural}:write',
  body: z.object({ ${personal ? 'userId: z.uuid(), ' : ''}title: ${refund}Title }),
  answer: ${Refund},
  status: 201,
  idempotent: true,
  etag: 'revision',
});

export const ${Read} = defineRoute({
  id: '${service}.${plural}.read',
  method: 'GET',
  path: '/${plural}/{${refundId}}',
  summary: '${aRefund}.',
  permission: '${plural}:read',
  params: ${refund}Params,
  answer: ${Refund},
  problems: ${refund}NotFound,
  etag: 'revision',
});

export const ${Change} = defineRoute({
  id: '${service}.${plural}.change',
  method: 'PATCH',
  path: '/${plural}/{${refundId}}',
  summary: 'Changes the title of ${aNoun(singular)}.',
  permission: '${plural}:write',
  params: ${refund}Params,
  body: z.object({ title: ${refund}Title }),
  answer: ${Refund},
  problems: ${refund}NotFound,
  etag: 'revision',
  ifMatch: true,
});

export const ${Remove} = defineRoute({
  id: '${service}.${plural}.remove',
  method: 'DELETE',
  path: '/${plural}/{${refundId}}',
  summary: 'Removes ${aNoun(singular)}; one that is not there is gone already.',
  permission: '${plural}:write',
  params: ${refund}Params,
});
`;
}
