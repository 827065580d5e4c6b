import { Controller, Inject } from '@nestjs/common';
import { busStateOf } from '@switchboard/bus';
import { ReadSystem } from '@switchboard/contracts';
import { DataSource } from 'typeorm';
import { RELEASE } from './error-reporter';
import { HEALTH_CHECKS, type HealthCheck, passes } from './http/health.controller';
import { type AnswerOf, Implements } from './http/route.decorators';
import { Jobs } from './jobs';
import { Schedules } from './schedules';

/** How this service is, for the console's page about the installation. */
@Controller()
export class SystemController {
  private readonly startedAt = new Date(Date.now() - process.uptime() * 1000);

  constructor(
    @Inject(DataSource) private readonly db: DataSource,
    @Inject(Jobs) private readonly jobs: Jobs,
    @Inject(Schedules) private readonly schedules: Schedules,
    @Inject(HEALTH_CHECKS) private readonly checks: HealthCheck[],
  ) {}

  @Implements(ReadSystem)
  async read(): Promise<AnswerOf<typeof ReadSystem>> {
    const [processes, checks, schedules, jobs, bus] = await Promise.all([
      this.jobs.processes(this.db),
      Promise.all(this.checks.map(async (check) => ({ name: check.name, passes: await passes(check) }))),
      this.schedules.list(),
      this.jobs.counts(this.db),
      busStateOf(this.db),
    ]);
    const version = RELEASE.slice(RELEASE.indexOf('@') + 1);
    return { version, startedAt: this.startedAt, processes, checks, schedules, jobs, ...bus };
  }
}
