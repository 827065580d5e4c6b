import { readFileSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { isExecutable } from './executable.mts';

/** How to run a program that refuses to run as root. */
export interface ServerUser {
  uid: number;
  gid: number;
  /** Put before the command and its arguments; empty where changing the user is enough. */
  prefix: string[];
}

/**
 * The account that takes the place of root, or undefined when we are not root and may run the program as ourselves.
 * @param paths folders and files that the program must be able to reach
 */
export function serverUser(paths: string[]): ServerUser | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const { uid, gid } = account('postgres') ?? account('nobody') ?? { uid: 65534, gid: 65534 };
  if (paths.every((path) => canReach(path, uid, gid))) return { uid, gid, prefix: [] };
  // A checkout in root's own home (0700) cannot be entered by anyone else. The one right to pass by such folders is lent to
  // the program; without the secure bit, access(2) would ignore it, and initdb checks its files with access(2).
  const setpriv = ['/usr/bin/setpriv', '/bin/setpriv'].find(isExecutable);
  if (!setpriv) {
    throw new Error(`The database cannot run as root, and ${paths[0]} lies in a folder that only root may enter.`);
  }
  const rights = [
    '--inh-caps=-all,+dac_override',
    '--ambient-caps=-all,+dac_override',
    '--bounding-set=-all,+dac_override',
  ];
  const ids = [`--reuid=${uid}`, `--regid=${gid}`, '--clear-groups'];
  return { uid, gid, prefix: [setpriv, ...ids, '--securebits=+no_setuid_fixup', ...rights, '--'] };
}

function account(name: string) {
  const line = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .find((entry) => entry.startsWith(`${name}:`));
  const [, , uid, gid] = line?.split(':') ?? [];
  return uid && gid ? { uid: Number(uid), gid: Number(gid) } : undefined;
}

/** Whether every folder above the path lets the user pass. */
function canReach(path: string, uid: number, gid: number): boolean {
  const parent = dirname(path);
  if (parent === path) return true;
  const { mode, uid: owner, gid: group } = statSync(parent);
  const pass = owner === uid ? 0o100 : group === gid ? 0o010 : 0o001;
  return (mode & pass) !== 0 && canReach(parent, uid, gid);
}
