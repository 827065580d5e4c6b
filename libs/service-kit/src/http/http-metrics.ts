import type { NextFunction, Request, Response } from 'express';
import { Histogram, type Registry } from 'prom-client';

/** Times every HTTP request by route pattern, so that ids in paths do not multiply the series. */
export function httpMetrics(registry: Registry) {
  const seconds = new Histogram({
    name: 'http_server_request_duration_seconds',
    help: 'HTTP requests: how long they took, by route and status.',
    labelNames: ['method', 'route', 'status'],
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.5, 1, 2.5, 10],
    registers: [registry],
  });
  return (request: Request, response: Response, next: NextFunction) => {
    const took = seconds.startTimer();
    response.once('finish', () => {
      const route = (request.route as { path?: string } | undefined)?.path ?? 'unknown';
      took({ method: request.method, route, status: response.statusCode });
    });
    next();
  };
}
