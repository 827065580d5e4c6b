import { type HttpMethod, type RouteDefinition, routes, serviceOf } from '@switchboard/contracts';
import createRouter, { type HTTPMethod } from 'find-my-way';

/** A route as it is reached from outside. */
export interface PublicRoute {
  readonly route: RouteDefinition;
  /** Who answers it. */
  readonly service: string;
}

export interface FoundRoute extends PublicRoute {
  readonly params: Readonly<Record<string, string | undefined>>;
  /** What the service is asked: path and query as they came, without what is in front of them here. */
  readonly target: string;
}

const VERSION = '/v1';
const OF_SERVICE = `${VERSION}/services/{service}`;

/** Where a route is from outside. What every service answers for itself is below the name of the service. */
export const publicPathOf = (route: RouteDefinition): string =>
  (serviceOf(route) === 'service-kit' ? OF_SERVICE : VERSION) + route.path;

/** All routes of all services, found by method and path. */
export class PublicRoutes {
  private readonly router = createRouter({ caseSensitive: true, ignoreTrailingSlash: false, maxParamLength: 500 });

  constructor(all: readonly RouteDefinition[] = routes) {
    for (const route of all) {
      const path = publicPathOf(route).replaceAll(/\{(\w+)\}/g, ':$1');
      this.router.on(route.method, path, () => undefined, route);
    }
  }

  /** @param url path and query */
  find(method: string, url: string): FoundRoute | undefined {
    const end = url.indexOf('?');
    const path = end < 0 ? url : url.slice(0, end);
    const found = this.router.find(method as HTTPMethod, path);
    if (!found) return undefined;
    const route = found.store as RouteDefinition;
    const owner = serviceOf(route);
    if (owner !== 'service-kit')
      return { route, service: owner, params: found.params, target: url.slice(VERSION.length) };
    const { service = '', ...params } = found.params;
    return { route, service, params, target: url.slice(`${VERSION}/services/${service}`.length) };
  }

  /** By which methods a path is asked. */
  methodsOf(url: string): HttpMethod[] {
    const methods: HttpMethod[] = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'];
    return methods.filter((method) => this.find(method, url) !== undefined);
  }
}
