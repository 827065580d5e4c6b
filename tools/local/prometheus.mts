import { delimiter, join } from 'node:path';
import { canUseApt, installWithApt } from './apt.mts';
import { isExecutable } from './executable.mts';

const missing = 'Prometheus is missing: install prometheus (2.40 or newer), or give PROMETHEUS_PATH.';

/** The program that judges alert rules by real scrapes, or the sentence that says what is missing. */
export async function findPrometheus(): Promise<{ path: string } | { missing: string }> {
  const given = process.env.PROMETHEUS_PATH;
  if (given) return isExecutable(given) ? { path: given } : { missing: `PROMETHEUS_PATH names no program: ${given}` };
  const present = installedPrometheus();
  if (present) return { path: present };
  if (!canUseApt()) return { missing };
  const failure = await installWithApt(['prometheus']);
  const path = installedPrometheus();
  return path ? { path } : { missing: `${missing} apt could not install it: ${failure ?? 'no program came of it'}` };
}

function installedPrometheus(): string | undefined {
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/bin', '/opt/homebrew/bin', '/usr/local/bin'];
  return folders.map((folder) => join(folder, 'prometheus')).find(isExecutable);
}
