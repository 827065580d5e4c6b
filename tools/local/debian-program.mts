import { delimiter, join } from 'node:path';
import { canUseApt, installWithApt } from './apt.mts';
import { isExecutable } from './executable.mts';

/** A program that Debian has, in a package of the same name. */
export interface DebianProgram {
  readonly name: string;
  /** That may name another one. */
  readonly variable: string;
  /** What to install where apt cannot. */
  readonly missing: string;
}

export const PROMETHEUS: DebianProgram = {
  name: 'prometheus',
  variable: 'PROMETHEUS_PATH',
  missing: 'Prometheus is missing: install prometheus (2.40 or newer), or give PROMETHEUS_PATH.',
};
export const REDIS: DebianProgram = {
  name: 'redis-server',
  variable: 'REDIS_SERVER_PATH',
  missing: 'Redis is missing: install redis-server (6 or newer), or give REDIS_SERVER_PATH.',
};

/** Where the program is, or the sentence that says what is missing. */
export async function findProgram(program: DebianProgram): Promise<{ path: string } | { missing: string }> {
  const { name, variable, missing } = program;
  const given = process.env[variable];
  if (given) return isExecutable(given) ? { path: given } : { missing: `${variable} names no program: ${given}` };
  const present = installed(name);
  if (present) return { path: present };
  if (!canUseApt()) return { missing };
  const failure = await installWithApt([name]);
  const path = installed(name);
  return path ? { path } : { missing: `${missing} apt could not install it: ${failure ?? 'no program came of it'}` };
}

function installed(name: string): string | undefined {
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/bin', '/opt/homebrew/bin', '/usr/local/bin'];
  return folders.map((folder) => join(folder, name)).find(isExecutable);
}
