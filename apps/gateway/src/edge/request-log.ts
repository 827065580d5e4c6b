import { Inject, Injectable } from '@nestjs/common';
import { LOG, type Log } from '@switchboard/service-kit';
import { Histogram, Registry } from 'prom-client';
import type { Principal } from '../access/principal';
import type { FoundRoute } from './public-routes';

/** Anybody can make up others. */
const METHODS = ['GET', 'HEAD', 'OPTIONS', 'POST', 'PUT', 'PATCH', 'DELETE'];

export interface FinishedRequest {
  readonly requestId: string;
  readonly method: string | undefined;
  readonly found: FoundRoute | undefined;
  readonly caller: Principal | undefined;
  readonly status: number;
  /** Of the problem document, if it was answered with one. */
  readonly code: string | undefined;
  readonly ms: number;
}

/** A line of the access log and a metric for each request. */
@Injectable()
export class RequestLog {
  /** Its fields are named below and none is a secret; to look for some all the same would cost a tenth of a request. */
  private readonly log: Log;
  private readonly seconds: Histogram<'service' | 'route' | 'method' | 'status' | 'caller'>;

  constructor(registry: Registry, @Inject(LOG) log: Log) {
    this.log = log.child({}, { redact: [] });
    this.seconds = new Histogram({
      name: 'gateway_request_duration_seconds',
      help: 'Requests from outside: how long they took until the answer was through, by route, status and kind of caller.',
      labelNames: ['service', 'route', 'method', 'status', 'caller'],
      buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.5, 1, 2.5, 10, 60],
      registers: [registry],
    });
  }

  finished({ requestId, found, caller, status, code, ms, ...request }: FinishedRequest): void {
    const method = METHODS.includes(request.method ?? '') ? request.method! : 'other';
    const labels = { service: found?.service ?? 'none', route: found?.route.id ?? 'unknown', method, status };
    this.seconds.observe({ ...labels, caller: caller?.kind ?? 'nobody' }, ms / 1000);
    this.log.info(
      {
        ...labels,
        ms: Math.round(ms * 10) / 10,
        requestId,
        ...(code && { code }),
        ...(caller && { actor: `${caller.kind}:${caller.id}` }),
      },
      'request',
    );
  }
}
