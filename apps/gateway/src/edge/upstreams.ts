import { context, propagation } from '@opentelemetry/api';
import { Injectable, type OnModuleDestroy } from '@nestjs/common';
import {
  CircuitBreaker,
  drain,
  HttpProblem,
  ServiceClient,
  UpstreamTimeout,
  UpstreamUnavailable,
} from '@switchboard/service-kit';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Transform, type TransformCallback } from 'node:stream';
import { Gauge, Registry } from 'prom-client';
import { errors, Pool } from 'undici';
import { NoConnection, ResponseRelay } from './response-relay';

export interface Forwarding {
  readonly service: string;
  /** Path and query. */
  readonly target: string;
  readonly token: string | undefined;
  readonly requestId: string;
  /** A stream or a file, of which many may be under way. */
  readonly isLong: boolean;
  /** The largest body the route takes. */
  readonly maxBytes: number;
}

/** So that a service that is away is said to be within a second. */
const CONNECT_MS = 800;
/** Until an answer begins; what takes longer is a job of the service. */
const ANSWER_BEGINS_MS = 30_000;
/** Streams of events say something every 15 s. */
const SILENT_MS = 60_000;
const CONNECTIONS = 128;
/** Streams of events, uploads and downloads; how many of them somebody has at once is limited where they begin. */
const LONG_CONNECTIONS = 1024;
/** In a row; then one call in so many milliseconds finds out whether the service is back. */
const BREAK_AFTER = 5;
const PROBE_EVERY_MS = 1000;

/** Of one connection, or told anew by us. */
const NOT_SENT_ON = new Set([
  ...[
    'host',
    'connection',
    'keep-alive',
    'proxy-connection',
    'transfer-encoding',
    'upgrade',
    'te',
    'trailer',
    'expect',
  ],
  ...['authorization', 'cookie', 'x-request-id', 'traceparent', 'tracestate', 'forwarded'],
  ...['x-forwarded-for', 'x-forwarded-host', 'x-forwarded-proto'],
]);

interface Upstream {
  readonly base: string;
  /** What takes as long as it takes keeps no connection from what does not. */
  readonly pools: Readonly<Record<'short' | 'long', Pool>>;
  readonly breaker: CircuitBreaker;
}

/** Passes requests on to the services, and their answers back, byte by byte as they come. */
@Injectable()
export class Upstreams implements OnModuleDestroy {
  private readonly known = new Map<string, Upstream>();

  constructor(
    private readonly services: ServiceClient,
    registry: Registry,
  ) {
    const { known } = this;
    new Gauge({
      name: 'gateway_upstream_requests',
      help: 'Requests to a service now, by whether they have a connection: `long` are streams of events, uploads and downloads.',
      labelNames: ['service', 'pool', 'state'],
      registers: [registry],
      collect() {
        this.reset();
        for (const [service, { pools }] of known)
          for (const [pool, { stats }] of Object.entries(pools)) {
            this.set({ service, pool, state: 'running' }, stats.running);
            this.set({ service, pool, state: 'queued' }, stats.queued + stats.pending);
          }
      },
    });
    new Gauge({
      name: 'gateway_upstream_circuit_open',
      help: '1 while a service has failed so often in a row that requests for it are refused at once.',
      labelNames: ['service'],
      registers: [registry],
      collect() {
        this.reset();
        for (const [service, { breaker }] of known) this.set({ service }, breaker.isOpen ? 1 : 0);
      },
    });
  }

  async onModuleDestroy(): Promise<void> {
    await Promise.all([...this.known.values()].flatMap(poolsOf).map((pool) => pool.destroy()));
  }

  /** Whether there is such a service. */
  has(service: string): boolean {
    return this.services.addressOf(service) !== undefined;
  }

  /**
   * Resolves when the answer is through, or was broken off on either side.
   * @throws before the answer has begun: HttpProblem, UpstreamUnavailable, UpstreamTimeout
   */
  async forward(request: IncomingMessage, response: ServerResponse, forwarding: Forwarding): Promise<void> {
    // Whoever left while it was found out who they are is told of by no event any more.
    if (response.destroyed) return;
    const { pools, breaker } = this.upstream(forwarding.service);
    if (!breaker.admits()) throw new UpstreamUnavailable(`${forwarding.service} has failed several times in a row`);
    const counted = hasBody(request) ? new CountedBody(forwarding.maxBytes) : undefined;
    const relay = new ResponseRelay(response, () => breaker.answered());
    const pool = forwarding.isLong ? pools.long : pools.short;
    try {
      await relay.relay(() =>
        pool.dispatch(
          {
            path: forwarding.target,
            method: request.method as 'GET',
            headers: headersFor(request, forwarding),
            body: counted ? request.pipe(counted) : null,
          },
          relay,
        ),
      );
      drain(request);
    } catch (error) {
      // Breaking it off is the only way to say that it is not whole.
      if (response.headersSent) return void response.destroy();
      if (counted?.isTooLarge) throw new HttpProblem('body_too_large');
      if (error instanceof NoConnection)
        throw new UpstreamUnavailable(`${forwarding.service} is busy`, { cause: error });
      // Of what could not even be asked for the service is not to blame.
      if (!(error instanceof errors.InvalidArgumentError)) breaker.failed();
      if (error instanceof errors.HeadersTimeoutError) throw new UpstreamTimeout(forwarding.service, { cause: error });
      throw new UpstreamUnavailable(`${forwarding.service} does not answer`, { cause: error });
    }
  }

  private upstream(service: string): Upstream {
    const base = this.services.addressOf(service);
    const known = this.known.get(service);
    if (known?.base === base) return known!;
    if (!base) throw new UpstreamUnavailable(`it is not known where ${service} answers`);
    for (const pool of poolsOf(known)) void pool.close();
    const poolOf = (connections: number) =>
      new Pool(base, {
        connections,
        connect: { timeout: CONNECT_MS },
        headersTimeout: ANSWER_BEGINS_MS,
        bodyTimeout: SILENT_MS,
      });
    const pools = { short: poolOf(CONNECTIONS), long: poolOf(LONG_CONNECTIONS) };
    const upstream = { base, pools, breaker: new CircuitBreaker(BREAK_AFTER, PROBE_EVERY_MS) };
    this.known.set(service, upstream);
    return upstream;
  }
}

/** Breaks off a body that is larger than its route takes; who sends in chunks says no size beforehand. */
class CountedBody extends Transform {
  isTooLarge = false;
  private bytes = 0;

  constructor(private readonly maxBytes: number) {
    super();
  }

  override _transform(chunk: Buffer, _: BufferEncoding, done: TransformCallback): void {
    this.bytes += chunk.length;
    this.isTooLarge = this.bytes > this.maxBytes;
    done(this.isTooLarge ? new HttpProblem('body_too_large') : null, chunk);
  }
}

const poolsOf = (upstream?: Upstream): Pool[] => (upstream ? Object.values(upstream.pools) : []);

const hasBody = ({ headers }: IncomingMessage) =>
  headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;

function headersFor({ headers }: IncomingMessage, { token, requestId }: Forwarding): Record<string, string | string[]> {
  const sent: Record<string, string | string[]> = { 'x-request-id': requestId };
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined && !NOT_SENT_ON.has(name)) sent[name] = value;
  }
  if (token) sent['authorization'] = `Bearer ${token}`;
  propagation.inject(context.active(), sent);
  return sent;
}
