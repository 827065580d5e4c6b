import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { cpuMs, serverCpuMs } from '../local/figures.mts';
import type { Installation } from '../local/installation.mts';

/** Processor time in milliseconds, by who used it. */
export interface CpuTimes {
  services: number;
  sandbox: number;
  postgres: number;
  /** This benchmark. */
  driver: number;
}

export function cpuTimes({ apps, sandbox }: Installation, stateDir: string): CpuTimes {
  const { user, system } = process.cpuUsage();
  return {
    services: cpuMs(apps.pid),
    sandbox: cpuMs(sandbox.pid),
    postgres: postgresCpuMs(stateDir),
    driver: (user + system) / 1000,
  };
}

export const perTurn = (before: CpuTimes, after: CpuTimes, turns: number): CpuTimes => ({
  services: round((after.services - before.services) / turns),
  sandbox: round((after.sandbox - before.sandbox) / turns),
  postgres: round((after.postgres - before.postgres) / turns),
  driver: round((after.driver - before.driver) / turns),
});

const round = (ms: number) => Math.round(ms * 10) / 10;

/** The server and its processes. One that has ended in between is missing: our connections live as long as the services. */
function postgresCpuMs(stateDir: string): number {
  const server = Number(readFileSync(join(stateDir, 'postgres', 'cluster', 'postmaster.pid'), 'utf8').split('\n')[0]);
  return serverCpuMs(server);
}
