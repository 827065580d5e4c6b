import {
  givablePermissions,
  isOpen,
  publicPathOf,
  type RouteDefinition,
  routes,
  serviceOf,
} from '@switchboard/contracts';
import { startApp, type TestApp } from '@switchboard/testing';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { v7 as uuidv7 } from 'uuid';
import { BUILT_IN_ROLES } from '../src/access/built-in-roles';
import { actorFor, type Principal } from '../src/access/principal';
import { PrincipalsService } from '../src/access/principals.service';
import { gatewayApp } from '../src/gateway.app';
import { signInPerson, signInStaff } from './sign-in';
import { Upstream } from './upstream';

const PAGE = join(__dirname, '../../../docs/access.md');
const YES = '✓';
const SERVICES = [...new Set(routes.map(serviceOf))].filter((service) => !['gateway', 'service-kit'].includes(service));

type Row = Readonly<Record<string, string>>;

/** What the page says, by method and path. */
function rowsOfPage(): Map<string, Row> {
  const rows = new Map<string, Row>();
  let columns: string[] = [];
  for (const line of readFileSync(PAGE, 'utf8').split('\n')) {
    if (!line.startsWith('|') || line.startsWith('| ---')) continue;
    const cells = line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim().replaceAll('`', ''));
    if (cells[0] === 'route') columns = cells;
    else rows.set(cells[0]!, Object.fromEntries(columns.map((column, i) => [column, cells[i]!])));
  }
  return rows;
}

const nameOf = (route: RouteDefinition) => `${route.method} ${publicPathOf(route)}`;

describe('who may call what', () => {
  const page = rowsOfPage();
  const all = routes.filter(({ callers }) => !callers);
  const closed = all.filter((route) => !isOpen(route));
  let upstream: Upstream;
  let app: TestApp;

  beforeAll(async () => {
    upstream = await Upstream.start();
    const [address] = upstream.directory.values();
    const directory = new Map(SERVICES.map((service) => [service, address!]));
    app = await startApp(gatewayApp, { env: { GATEWAY_PUBLIC_PORT: '0' }, directory });
  });
  afterAll(async () => {
    await app.stop();
    await upstream.stop();
  });
  /** No limit is met by chance. */
  beforeEach(() => app.clock.advance(60_000));

  const identify = async (headers: Record<string, string>): Promise<Principal> => {
    const principals = await app.service.nest.get(PrincipalsService, { strict: false }).identify({ headers }, '');
    expect(principals).toHaveLength(1);
    return principals[0]!;
  };
  const keyWith = async (scopes: string[]) => {
    const owner = await signInStaff(app, 'owner');
    const response = await fetch(`${app.service.publicUrl}/v1/keys`, {
      method: 'POST',
      headers: { ...owner.headers, 'content-type': 'application/json', 'idempotency-key': uuidv7() },
      body: JSON.stringify({ name: 'any', team: 'any', scopes }),
    });
    const { key } = (await response.json()) as { key: string };
    return identify({ authorization: `Bearer ${key}` });
  };
  const mayCall = (principal: Principal, route: RouteDefinition, botId?: string) => {
    try {
      return actorFor(principal, route, app.clock.now(), botId);
    } catch {
      return undefined;
    }
  };
  /** In what the page and the edge differ. */
  const differences = (column: string, principal: Principal) =>
    closed
      .filter((route) => (page.get(nameOf(route))![column] === YES) !== (mayCall(principal, route) !== undefined))
      .map(nameOf);

  it('is told by a page of all routes that are reached from outside, and of no others', () => {
    expect([...page.keys()].sort()).toEqual(all.map(nameOf).sort());
    const open = [...page.values()].filter(({ nobody }) => nobody === YES);
    expect(open.map(({ route }) => route).sort()).toEqual(all.filter(isOpen).map(nameOf).sort());
  });

  it.each(Object.keys(BUILT_IN_ROLES))('as %s is what the page says', async (role) => {
    const { headers } = await signInStaff(app, role);
    expect(differences(role, await identify(headers))).toEqual([]);
  });

  it('as a person, and as a program with a permission and without one, is what the page says', async () => {
    expect(differences('person', await identify((await signInPerson(app)).headers))).toEqual([]);
    expect(differences('key', await keyWith([...givablePermissions]))).toEqual([]);
    const powerless = await keyWith(['!bots:read']);
    expect(closed.filter((route) => mayCall(powerless, route)).map(nameOf)).toEqual([]);
  });

  it('as staff of one bot is what the page says, for this bot alone', async () => {
    const some = await identify((await signInStaff(app, 'owner@lumen')).headers);
    const told = Object.fromEntries(closed.map((route) => [nameOf(route), page.get(nameOf(route))!['of one bot']]));
    const found = closed.map((route) => {
      const actor = mayCall(some, route, 'lumen');
      if (!actor) return [nameOf(route), '–'];
      if (!actor.bots) return [nameOf(route), YES];
      expect(actor.bots).toEqual(['lumen']);
      return [nameOf(route), route.bots === 'filtered' ? 'filtered' : 'own'];
    });
    // `me:*` is a person's.
    const isPersons = ({ permission }: RouteDefinition) => permission.startsWith('me:');
    expect(closed.filter((route) => isPersons(route) && mayCall(some, route))).toEqual([]);
    expect(Object.fromEntries(found)).toEqual(told);
    const named = closed.filter(({ bots }) => bots?.startsWith('params.'));
    expect(named.length).toBeGreaterThan(10);
    expect(named.filter((route) => mayCall(some, route, 'other')).map(nameOf)).toEqual([]);
  });

  describe('over HTTP', () => {
    let n = 0;
    const ask = async (route: RouteDefinition, headers: Record<string, string> = {}) => {
      app.clock.advance(60_000);
      const path = publicPathOf(route).replaceAll(/\{(\w+)\}/g, (_, name: string) =>
        name === 'service' ? 'chat-ai' : name === 'botId' ? 'lumen' : uuidv7(),
      );
      const response = await fetch(app.service.publicUrl + path, {
        method: route.method,
        headers: { 'x-forwarded-for': `198.51.${(n += 1) >> 8}.${n % 256}`, ...headers },
      });
      await response.arrayBuffer();
      return response.status;
    };
    const statuses = async (asked: readonly RouteDefinition[], headers?: Record<string, string>) => {
      const found = new Map<number, string[]>();
      for (const route of asked) {
        const status = await ask(route, headers);
        found.set(status, [...(found.get(status) ?? []), nameOf(route)]);
      }
      return found;
    };
    beforeEach(() => (upstream.asked.length = 0));

    it('nobody is let in by what is not open, and no service is asked', async () => {
      expect([...(await statuses(closed)).keys()]).toEqual([401]);
      expect(upstream.asked).toEqual([]);
    });

    it('staff without a role have their own account, and nothing else', async () => {
      const others = closed.filter(({ permission }) => !permission.startsWith('account:'));
      const { headers } = await signInStaff(app);
      expect([...(await statuses(others, headers)).keys()]).toEqual([403]);
      expect(upstream.asked).toEqual([]);
    });

    it('an owner reaches what they may read, of every service', async () => {
      const { headers } = await signInStaff(app, 'owner');
      const reads = closed.filter(
        (route) =>
          route.method === 'GET' && serviceOf(route) !== 'gateway' && page.get(nameOf(route))!['owner'] === YES,
      );
      expect([...(await statuses(reads, headers)).keys()]).toEqual([200]);
      expect(upstream.asked).toHaveLength(reads.length);
    });

    it('what is for services alone is reached by nobody', async () => {
      const internal = routes.filter(({ callers }) => callers);
      expect(internal.length).toBeGreaterThan(5);
      const { headers } = await signInStaff(app, 'owner');
      expect([...(await statuses(internal, headers)).keys()].filter((status) => ![404, 405].includes(status))).toEqual(
        [],
      );
    });
  });
});
