import { join } from 'node:path';
import { isOpen, publicPathOf, type RouteDefinition, routes, serviceOf } from '@switchboard/contracts';
import type * as Roles from '../../apps/gateway/dist/src/access/built-in-roles.js';
import type * as Principals from '../../apps/gateway/dist/src/access/principal.js';
import { root } from '../local/workspace.mts';

type Gateway = typeof Roles & typeof Principals;

const YES = '✓';
const NO = '–';

/** Who may call what from outside, in Markdown. Needs the build. */
export async function accessPage(): Promise<string> {
  const [roles, principals] = await Promise.all(['built-in-roles', 'principal'].map(partOfGateway));
  const gateway = { ...roles, ...principals } as Gateway;
  const names = Object.keys(gateway.BUILT_IN_ROLES);
  const outside = routes.filter(({ callers }) => !callers);
  const services = [...new Set(outside.map(serviceOf))].sort();
  const header = ['route', 'permission', ...names, 'of one bot', 'key', 'person', 'nobody', 'besides'];
  const row = (route: RouteDefinition) => [
    `\`${route.method} ${publicPathOf(route)}\``,
    `\`${route.permission}\``,
    ...names.map((role) => may(gateway, staffWith(gateway, role), route)),
    ofOneBot(route),
    route.stepUp ? NO : may(gateway, keyWith(gateway, route), route),
    may(gateway, { ...NOBODY, kind: 'person', grants: [{ scopes: gateway.PERSON_SCOPES, botId: null }] }, route),
    isOpen(route) ? YES : NO,
    besides(route),
  ];
  return `# Who may call what

Every route that is reached from outside, and who of those that the gateway knows may call it. Written by \`npm run docs\` from the contracts and
\`apps/gateway/src/access/built-in-roles.ts\`; a spec of the gateway asks its edge whether it is so. Other roles than these cannot be made yet.

- **of one bot**: staff whose role is for single bots. _own_: for these bots only, as the address or the body names one. _filtered_: they are answered what belongs to these. ${NO}: refused, whatever their role.
- **key**: an API key that was given the permission, as long as whoever has made it has it. No key calls what needs step-up.
- **person**: somebody who is signed in as themselves, with their own things alone.
- **besides**: _step-up_: proven again within five minutes; _reason_: with \`X-Reason\`, and reading is in the audit log; _second person_: has to be approved by another one, always or by what is asked for.

Every change by staff or keys is in the [audit log](audit.md), and so is each one that was refused. Routes for services alone (\`callers\` of a route) are not reached from outside by anybody.

${services
  .map(
    (service) =>
      `## ${service}\n\n${table(
        header,
        outside
          .filter((route) => serviceOf(route) === service)
          .sort(byPath)
          .map(row),
      )}`,
  )
  .join('\n\n')}
`;
}

const partOfGateway = (name: string) =>
  import(join(root, `apps/gateway/dist/src/access/${name}.js`)) as Promise<object>;

const NOBODY = { id: '', roles: [], amr: [] };

function may(gateway: Gateway, principal: Principals.Principal, route: RouteDefinition): string {
  return isOpen(route) || gateway.mayCall(principal, route) ? YES : NO;
}

const staffWith = ({ STAFF_SCOPES, BUILT_IN_ROLES }: Gateway, role: string): Principals.Principal => ({
  ...{ ...NOBODY, kind: 'staff' },
  grants: [STAFF_SCOPES, BUILT_IN_ROLES[role]!].map((scopes) => ({ scopes, botId: null })),
});

const keyWith = ({ NOT_FOR_KEYS }: Gateway, { permission }: RouteDefinition): Principals.Principal => ({
  ...{ ...NOBODY, kind: 'key' },
  grants: [{ scopes: [permission, ...NOT_FOR_KEYS], botId: null }],
});

/** Apart from one's own account, which belongs to no bot. */
function ofOneBot(route: RouteDefinition): string {
  if (isOpen(route) || route.permission.startsWith('account:')) return YES;
  if (!route.bots) return NO;
  return route.bots === 'filtered' ? 'filtered' : 'own';
}

function besides({ stepUp, sensitive, approval }: RouteDefinition): string {
  return [stepUp && 'step-up', sensitive && 'reason', approval && 'second person'].filter(Boolean).join(', ');
}

const byPath = (a: RouteDefinition, b: RouteDefinition) =>
  publicPathOf(a).localeCompare(publicPathOf(b), 'en') || a.method.localeCompare(b.method, 'en');

const table = (header: readonly string[], rows: readonly (readonly string[])[]) =>
  [header, header.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
