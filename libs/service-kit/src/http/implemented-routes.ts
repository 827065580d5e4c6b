import type { INestApplication } from '@nestjs/common';
import { METHOD_METADATA } from '@nestjs/common/constants';
import { DiscoveryService, MetadataScanner } from '@nestjs/core';
import { type RouteDefinition, routesOf, serviceOf } from '@switchboard/contracts';
import { isMarkedPublic, routeOf } from './route.decorators';

/**
 * The routes that a service's controllers answer. What nobody may see by mistake, and what the contracts promise in vain, ends
 * the start: an HTTP handler without a route (and so without a permission), a route of another service, one that is answered
 * twice or not at all.
 */
export function implementedRoutes(service: string, nest: INestApplication): RouteDefinition[] {
  const routes: RouteDefinition[] = [];
  const mistakes: string[] = [];
  for (const { instance, metatype } of nest.get(DiscoveryService, { strict: false }).getControllers()) {
    const prototype = Object.getPrototypeOf(instance) as Record<string, object>;
    for (const name of new MetadataScanner().getAllMethodNames(prototype)) {
      const handler = prototype[name]!;
      // Handlers of events have patterns and no method.
      if (Reflect.getMetadata(METHOD_METADATA, handler) === undefined) continue;
      const route = routeOf(handler);
      if (route) routes.push(route);
      else if (!isMarkedPublic(handler, metatype!)) {
        mistakes.push(
          `${metatype!.name}.${name} has no permission: give it a route with @Implements, or open it with @Public`,
        );
      }
    }
  }
  for (const route of routes) {
    if (![service, 'service-kit'].includes(serviceOf(route))) mistakes.push(`${route.id} belongs to another service`);
  }
  const answered = routes.map(({ id }) => id);
  const twice = answered.filter((id, i) => answered.indexOf(id) !== i);
  mistakes.push(...twice.map((id) => `${id} is answered by two handlers`));
  const missing = routesOf(service).filter(({ id }) => !answered.includes(id));
  mistakes.push(...missing.map(({ id }) => `${id} is in the contracts, and no controller answers it`));
  if (mistakes.length > 0)
    throw new Error(`The HTTP routes of ${service}:\n${mistakes.map((m) => `  ${m}`).join('\n')}`);
  return routes;
}
