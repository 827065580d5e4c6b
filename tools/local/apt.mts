import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { run } from './processes.mts';

const policyFile = '/usr/sbin/policy-rc.d';

/** Whether this process may install Debian packages. */
export const canUseApt = () => process.getuid?.() === 0 && existsSync('/usr/bin/apt-get');

let last: Promise<unknown> = Promise.resolve();

/**
 * Installs Debian packages without starting the services they bring. One call at a time: the first to end would else allow
 * services again while another still installs.
 * @returns undefined when done, else the end of what apt printed
 */
export function installWithApt(packages: string[]): Promise<string | undefined> {
  const installed = last.then(() => install(packages));
  last = installed.catch(() => undefined);
  return installed;
}

async function install(packages: string[]): Promise<string | undefined> {
  console.log(`Installing ${packages.join(', ')} with apt…`);
  // invoke-rc.d asks this file and starts nothing on 101; an existing one is the machine's own policy and stays.
  const forbidsServices = !existsSync(policyFile);
  if (forbidsServices) writeFileSync(policyFile, '#!/bin/sh\nexit 101\n', { mode: 0o755 });
  try {
    // A package list that could not be refreshed may still do.
    await apt(['update', '-qq']);
    const { code, output } = await apt(['install', '-y', '-qq', '--no-install-recommends', ...packages]);
    return code === 0 ? undefined : output.trim().split('\n').slice(-5).join('\n');
  } finally {
    if (forbidsServices) rmSync(policyFile, { force: true });
  }
}

function apt(args: string[]) {
  return run('apt-get', ['-o', 'DPkg::Lock::Timeout=300', '-o', 'Acquire::Retries=3', ...args], {
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' },
    timeout: 10 * 60_000,
  });
}
