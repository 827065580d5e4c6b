import { context, propagation } from '@opentelemetry/api';
import { Injectable, type OnModuleDestroy } from '@nestjs/common';
import {
  CircuitBreaker,
  HttpProblem,
  ServiceClient,
  UpstreamTimeout,
  UpstreamUnavailable,
} from '@switchboard/service-kit';
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import { Transform, type TransformCallback } from 'node:stream';
import { type Dispatcher, errors, Pool } from 'undici';

export interface Forwarding {
  readonly service: string;
  /** Path and query. */
  readonly target: string;
  readonly token: string | undefined;
  readonly requestId: string;
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
const NOT_SENT_BACK = new Set(['connection', 'keep-alive', 'transfer-encoding', 'x-request-id', 'date', 'set-cookie']);

interface Upstream {
  readonly base: string;
  readonly pool: Pool;
  readonly breaker: CircuitBreaker;
}

/** Passes requests on to the services, and their answers back, byte by byte as they come. */
@Injectable()
export class Upstreams implements OnModuleDestroy {
  private readonly known = new Map<string, Upstream>();

  constructor(private readonly services: ServiceClient) {}

  async onModuleDestroy(): Promise<void> {
    await Promise.all([...this.known.values()].map(({ pool }) => pool.destroy()));
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
    const { pool, breaker } = this.upstream(forwarding.service);
    if (!breaker.admits()) throw new UpstreamUnavailable(`${forwarding.service} has failed several times in a row`);
    const counted = hasBody(request) ? new CountedBody(forwarding.maxBytes) : undefined;
    const passing = new Passing(response, breaker);
    const leave = () => passing.leave();
    response.once('close', leave);
    try {
      await passing.end(() =>
        pool.dispatch(
          {
            path: forwarding.target,
            method: request.method as 'GET',
            headers: headersFor(request, forwarding),
            body: counted ? request.pipe(counted) : null,
          },
          passing,
        ),
      );
    } catch (error) {
      // Breaking it off is the only way to say that it is not whole.
      if (response.headersSent) return void response.destroy();
      if (counted?.isTooLarge) throw new HttpProblem('body_too_large');
      breaker.failed();
      if (error instanceof errors.HeadersTimeoutError) throw new UpstreamTimeout(forwarding.service, { cause: error });
      throw new UpstreamUnavailable(`${forwarding.service} does not answer`, { cause: error });
    } finally {
      response.off('close', leave);
    }
  }

  private upstream(service: string): Upstream {
    const base = this.services.addressOf(service);
    const known = this.known.get(service);
    if (known?.base === base) return known!;
    if (!base) throw new UpstreamUnavailable(`it is not known where ${service} answers`);
    void known?.pool.close();
    const pool = new Pool(base, {
      connections: CONNECTIONS,
      connect: { timeout: CONNECT_MS },
      headersTimeout: ANSWER_BEGINS_MS,
      bodyTimeout: SILENT_MS,
    });
    const upstream = { base, pool, breaker: new CircuitBreaker(BREAK_AFTER, PROBE_EVERY_MS) };
    this.known.set(service, upstream);
    return upstream;
  }
}

/** Writes an answer on as it comes, without a stream between the two: at full speed those cost more than the rest of a request. */
class Passing implements Dispatcher.DispatchHandler {
  private controller: Dispatcher.DispatchController | undefined;
  private isLeft = false;
  private resolve!: () => void;
  private reject!: (error: Error) => void;

  constructor(
    private readonly response: ServerResponse,
    private readonly breaker: CircuitBreaker,
  ) {}

  /** Begins it, and resolves when it is through or its caller has left. */
  end(begin: () => void): Promise<void> {
    return new Promise((resolve, reject) => {
      this.resolve = resolve;
      this.reject = reject;
      begin();
    });
  }

  /** Nobody waits for it any more. */
  leave(): void {
    this.isLeft = true;
    this.controller?.abort(CALLER_LEFT);
    this.resolve();
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.controller = controller;
    if (this.isLeft) controller.abort(CALLER_LEFT);
  }

  onResponseStart(_: Dispatcher.DispatchController, status: number, headers: IncomingHttpHeaders): void {
    // "Early hints" and the like come before it.
    if (status < 200) return;
    this.breaker.answered();
    for (const name in headers) if (!NOT_SENT_BACK.has(name)) this.response.setHeader(name, headers[name]!);
    this.response.writeHead(status);
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.response.write(chunk)) return;
    controller.pause();
    this.response.once('drain', () => controller.resume());
  }

  onResponseEnd(): void {
    this.response.end();
    this.resolve();
  }

  onResponseError(_: Dispatcher.DispatchController, error: Error): void {
    this.reject(error);
  }
}

const CALLER_LEFT = new Error('its caller has left');

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
