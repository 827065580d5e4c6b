import { Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import {
  defineJob,
  type JobRun,
  type PayloadOf,
  type PeriodicTask,
  PeriodicTasks,
  Runs,
  type RunningTask,
  Scheduled,
  Slot,
} from '@switchboard/service-kit';
import { HealthService, ReturnServer } from './health.service';

/** Every process looks; a server that one of them has asked is asked by no other for ten seconds. */
export const ProbeServers: PeriodicTask = {
  name: 'probe-servers',
  everyMs: 2500,
  purpose: 'Asks panels whether their servers are there.',
};
const GoOnReturning = defineJob('go-on-returning', Slot);
const ForgetHealthSamples = defineJob('forget-health-samples', Slot);

@Injectable()
export class HealthJobs implements OnApplicationBootstrap, OnModuleDestroy {
  private task: RunningTask | undefined;

  constructor(
    private readonly health: HealthService,
    private readonly tasks: PeriodicTasks,
  ) {}

  onApplicationBootstrap(): void {
    this.task = this.tasks.start(ProbeServers, { run: () => this.health.probeDue() });
  }

  async onModuleDestroy(): Promise<void> {
    await this.task?.stop();
  }

  @Runs(ReturnServer)
  return({ serverId }: PayloadOf<typeof ReturnServer>, { signal }: JobRun): Promise<void> {
    return this.health.return(serverId, signal);
  }

  @Scheduled('* * * * *', GoOnReturning, {
    purpose: 'Sees to servers that answer again and are not there for people yet.',
    timeoutMs: 60_000,
    missed: 'skip',
  })
  goOn(): Promise<void> {
    return this.health.goOnReturning();
  }

  @Scheduled('52 3 * * *', ForgetHealthSamples, {
    purpose: 'Forgets how servers were more than a week ago.',
    timeoutMs: 10 * 60_000,
  })
  forgetOld(): Promise<void> {
    return this.health.forgetOldSamples();
  }
}
