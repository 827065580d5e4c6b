import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as contracts from './index';
import { openApi, type RouteDefinition, routes, routesOf, serviceOf } from './index';

const services = [...new Set(routes.map(serviceOf))].filter((service) => service !== 'service-kit');

describe('the routes', () => {
  it('have each id once', () => {
    const ids = routes.map(({ id }) => id);
    expect(ids).toEqual([...new Set(ids)]);
  });

  it('are what the package exports', () => {
    const exported = new Set<unknown>(Object.values(contracts));
    expect(routes.filter((route) => !exported.has(route)).map(({ id }) => id)).toEqual([]);
  });

  it('stand in the file of the service that answers them', () => {
    const files = readdirSync(__dirname).filter((file) => file.endsWith('.api.ts'));
    const misplaced = files.flatMap((file) => {
      const ids = readFileSync(join(__dirname, file), 'utf8').matchAll(/^ {2}id: '([^']+)'/gm);
      return [...ids].map(([, id]) => id!).filter((id) => !id.startsWith(`${file.split('.')[0]}.`));
    });
    expect(misplaced).toEqual([]);
  });

  it('say in a sentence what they do', () => {
    expect(routes.filter(({ summary }) => !/^[A-Z].*\.$/.test(summary)).map(({ id }) => id)).toEqual([]);
  });

  it('name problems of their own service', () => {
    const foreign = (route: RouteDefinition) =>
      Object.keys(route.problems ?? {}).filter((code) => !code.startsWith(`${serviceOf(route)}.`));
    expect(routes.flatMap(foreign)).toEqual([]);
  });

  it.each(services)('of %s do not hide one another', (service) => {
    // The first that fits answers, so `/notes/{noteId}` must not come before `/notes/summary`.
    const fits = (pattern: string, path: string) =>
      new RegExp(`^${pattern.replaceAll(/\{\w+\}/g, '[^/]+')}$`).test(path.replaceAll(/\{\w+\}/g, 'x'));
    const own = routesOf(service);
    const hidden = own.flatMap((later, i) =>
      own.slice(0, i).filter(({ method, path }) => method === later.method && fits(path, later.path)),
    );
    expect(hidden.map(({ id }) => id)).toEqual([]);
  });

  it.each(services)('of %s can be described', (service) => {
    const document = openApi(service, routesOf(service));
    expect(document.openapi).toBe('3.1.0');
    expect(Object.keys(document.paths)).toHaveLength(new Set(routesOf(service).map(({ path }) => path)).size);
  });
});
