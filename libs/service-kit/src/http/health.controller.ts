import { Controller, Get, Header, HttpCode, Inject, Res } from '@nestjs/common';
import type { Response } from 'express';
import { Registry } from 'prom-client';
import { Public } from './route.decorators';

export interface HealthCheck {
  readonly name: string;
  check(): Promise<boolean> | boolean;
}

export const HEALTH_CHECKS = Symbol('health checks');

const CHECK_TIMEOUT_MS = 2000;

/** For the orchestrator and for Prometheus; on the private port only. */
@Controller()
@Public()
export class HealthController {
  constructor(
    @Inject(HEALTH_CHECKS) private readonly checks: HealthCheck[],
    @Inject(Registry) private readonly registry: Registry,
  ) {}

  /** The process runs. A database that is away is no reason to kill it. */
  @Get('health/live')
  @HttpCode(200)
  live() {
    return { status: 'ok' };
  }

  /** The service can do its work: database, broker and migrations. */
  @Get('health/ready')
  async ready(@Res() response: Response): Promise<void> {
    const results = await Promise.all(this.checks.map(async (entry) => [entry.name, await passes(entry)] as const));
    const ready = results.every(([, ok]) => ok);
    response
      .status(ready ? 200 : 503)
      .json({ status: ready ? 'ok' : 'unavailable', checks: Object.fromEntries(results) });
  }

  @Get('metrics')
  @Header('content-type', Registry.PROMETHEUS_CONTENT_TYPE)
  metrics(): Promise<string> {
    return this.registry.metrics();
  }
}

/** One that throws or takes longer than two seconds does not. */
export async function passes({ check }: HealthCheck): Promise<boolean> {
  const timeout = new Promise<boolean>((resolve) => setTimeout(resolve, CHECK_TIMEOUT_MS, false).unref());
  try {
    return await Promise.race([check(), timeout]);
  } catch {
    return false;
  }
}
