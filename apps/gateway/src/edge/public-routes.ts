import { type HttpMethod, publicPathOf, type RouteDefinition, routes, serviceOf } from '@switchboard/contracts';
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

/** All routes of all services that anybody outside may ask for, found by method and path. Those that name their callers are for services alone. */
export class PublicRoutes {
  private readonly router = createRouter({ caseSensitive: true, ignoreTrailingSlash: false, maxParamLength: 500 });

  constructor(all: readonly RouteDefinition[] = routes) {
    for (const route of all) {
      if (route.callers) continue;
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
    // Names of services need no escapes; one with them would be found by its decoded form and cut off by another length.
    if (!url.startsWith(`${VERSION}/services/${service}/`)) return undefined;
    return { route, service, params, target: url.slice(`${VERSION}/services/${service}`.length) };
  }

  /** By which methods a path is asked. */
  methodsOf(url: string): HttpMethod[] {
    const methods: HttpMethod[] = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'];
    return methods.filter((method) => this.find(method, url) !== undefined);
  }
}
