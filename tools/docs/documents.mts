import {
  events,
  mergedOpenApi,
  openApi,
  publishedSchema,
  routes,
  routesOf,
  serviceOf,
  signals,
} from '@switchboard/contracts';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { DEMO_BOTS, sandboxBots } from '../local/bots.mts';
import { root } from '../local/workspace.mts';
import { definedServices } from '../services.mts';
import { accessPage } from './access.mts';
import { apiClient } from './api-client.mts';
import { asyncApi } from './asyncapi.mts';
import { dashboardFiles } from './dashboards.mts';
import { dataMapPage } from './data-map.mts';
import { composeFile, prometheusFile, sandboxEnv, servicePorts } from './deployment.mts';
import { readEventMap } from './event-map.mts';
import { eventTable } from './event-table.mts';
import { kubernetesFiles } from './kubernetes.mts';
import { breakingChanges } from './openapi-changes.mts';

export interface Document {
  /** From the root of the workspace. */
  readonly path: string;
  readonly text: string;
  /** What breaks those who rely on the document as it was. */
  readonly breaks?: (before: string) => string[];
}

/** Every document and deployment file that is written from the code. Needs the build. */
export async function documents(): Promise<Document[]> {
  const [map, services] = [await readEventMap(), await definedServices()];
  const { version } = z
    .object({ version: z.string() })
    .parse(JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')));
  return [
    { path: 'docs/asyncapi.yaml', text: asyncApi(map, version) },
    { path: 'docs/events.md', text: eventTable(map) },
    { path: 'docs/data-map.md', text: dataMapPage(services) },
    { path: 'docs/access.md', text: await accessPage() },
    { path: 'docker-compose.yml', text: composeFile(services) },
    { path: 'deploy/docker/sandbox.env', text: sandboxEnv(await sandboxBots(DEMO_BOTS, {})) },
    { path: 'deploy/prometheus/prometheus.yml', text: prometheusFile(services) },
    { path: 'deploy/docker/services.json', text: servicePorts(services) },
    ...kubernetesFiles(services),
    ...dashboardFiles(),
    ...openApiDocuments(),
    ...(await apiClient(mergedOpenApi(routes))),
    ...newSnapshots(),
  ];
}

function openApiDocuments(): Document[] {
  const services = new Set(routes.map(serviceOf).filter((service) => service !== 'service-kit'));
  const named = [...services].map((service) => [service, openApi(service, routesOf(service))] as const);
  return [...named, ['switchboard', mergedOpenApi(routes)] as const].map(([name, document]) => ({
    path: `docs/openapi/${name}.json`,
    text: JSON.stringify(document),
    breaks: (before) => breakingChanges(JSON.parse(before) as never, document as never),
  }));
}

/** What was published once is kept as it was: the specs of the contracts hold today's schemas against it. */
function newSnapshots(): Document[] {
  return [...events, ...signals]
    .map((definition) => ({
      path: `libs/contracts/snapshots/${definition.type}.json`,
      text: JSON.stringify(publishedSchema(definition)),
    }))
    .filter(({ path }) => !existsSync(join(root, path)));
}
