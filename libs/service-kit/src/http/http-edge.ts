import type { RequestListener, Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { NestExpressApplication } from '@nestjs/platform-express';
import type { RouteDefinition } from '@switchboard/contracts';
import helmet from 'helmet';
import type { Registry } from 'prom-client';
import type { SharedConfig } from '../config';
import type { Log } from '../log';
import { AccessGuard } from './access.guard';
import { httpMetrics } from './http-metrics';
import type { Approvals } from './approvals';
import type { Idempotency } from './idempotency';
import { implementedRoutes } from './implemented-routes';
import { ProblemFilter } from './problem.filter';
import { closeServer, KEEP_ALIVE_MS, listenPublicly, type PublicFront, watchConnections } from './public-listener';
import { assignRequestId } from './request-context';
import { RouteInterceptor } from './route.interceptor';
import type { ServiceIdentity } from './service-identity';

export interface HttpEdgeParts {
  service: string;
  config: SharedConfig;
  log: Log;
  registry: Registry;
  identity: ServiceIdentity;
  idempotency: Idempotency;
  approvals: Approvals;
  front: PublicFront | undefined;
}

/**
 * What stands between the network and the controllers: request ids, headers, metrics, the guard, the checks of what comes in and
 * goes out, problem documents, and one or two listeners.
 */
export class HttpEdge {
  /** What the controllers answer. */
  readonly routes: RouteDefinition[];
  private readonly ending = new AbortController();
  private publicServer: Server | undefined;

  constructor(
    private readonly nest: NestExpressApplication,
    private readonly parts: HttpEdgeParts,
  ) {
    const { service, config, log, registry, identity, idempotency, approvals } = parts;
    this.routes = implementedRoutes(service, nest);
    nest.use(assignRequestId);
    nest.use(helmet(headersFor(config)));
    if (config.HTTP_CORS_ORIGINS.length > 0) {
      nest.enableCors({
        origin: config.HTTP_CORS_ORIGINS,
        credentials: true,
        exposedHeaders: [...EXPOSED_HEADERS],
        maxAge: 600,
      });
    }
    // Routes say which answers have a tag.
    nest.set('etag', false);
    nest.use(httpMetrics(registry));
    nest.useGlobalFilters(new ProblemFilter(log));
    nest.useGlobalGuards(new AccessGuard(identity, registry, log));
    nest.useGlobalInterceptors(new RouteInterceptor(idempotency, approvals, log, this.ending.signal));
  }

  async listen(host: string, port: number, publicPort: number | undefined): Promise<void> {
    const server = this.nest.getHttpServer() as Server;
    server.keepAliveTimeout = KEEP_ALIVE_MS;
    watchConnections(server);
    await this.nest.listen(port, host);
    if (publicPort === undefined) return;
    const application = this.nest.getHttpAdapter().getInstance() as RequestListener;
    this.publicServer = await listenPublicly(application, this.parts.front, publicPort, host);
  }

  /** Of the private listener. */
  get url(): string {
    return urlOf(this.nest.getHttpServer() as Server);
  }

  get publicUrl(): string | undefined {
    return this.publicServer && urlOf(this.publicServer);
  }

  /** Takes nothing new from outside and ends streams that would go on for ever. */
  async stop(): Promise<void> {
    this.ending.abort();
    const servers = [this.publicServer, this.nest.getHttpServer() as Server].filter((server) => server?.listening);
    await Promise.all(servers.map((server) => closeServer(server!)));
  }
}

/** What a page of another origin may read besides the body. The gateway's own headers are among them: whoever answers last names them. */
export const EXPOSED_HEADERS: readonly string[] = [
  ...[
    'ETag',
    'Content-Disposition',
    'Idempotency-Replayed',
    'Location',
    'RateLimit',
    'RateLimit-Policy',
    'Retry-After',
  ],
  ...['X-RateLimit-Limit', 'X-RateLimit-Remaining', 'X-RateLimit-Reset', 'X-Request-Id'],
];

/** Answers are data: nothing in them is to be run, and only who is named may frame them. */
const headersFor = ({ HTTP_FRAME_ANCESTORS: ancestors }: SharedConfig): Parameters<typeof helmet>[0] => ({
  contentSecurityPolicy: {
    useDefaults: false,
    directives: { defaultSrc: ["'none'"], frameAncestors: ancestors.length > 0 ? ancestors : ["'none'"] },
  },
  // Knows no list of origins, so it would forbid what the policy above allows.
  xFrameOptions: ancestors.length > 0 ? false : { action: 'deny' },
});

function urlOf(server: Server): string {
  const { address, port, family } = server.address() as AddressInfo;
  return `http://${family === 'IPv6' ? `[${address}]` : address}:${port}`;
}
