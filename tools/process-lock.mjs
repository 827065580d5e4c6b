import { linkSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

/** Thrown when the lock is held by a living process and the caller did not want to wait. */
export class LockHeld extends Error {
  /** @param {string} folder @param {number} pid */
  constructor(folder, pid) {
    super(`${folder} is in use by process ${pid}`);
    this.pid = pid;
  }
}

/**
 * Takes a lock that the death of its holder frees, even by kill -9.
 *
 * Each holder gets the next number, as a file in the folder that says who holds it. The highest number counts, and a number
 * is never given twice, so two processes that find the same dead holder cannot both take its place (deleting a stale lock
 * file and creating it anew has that race).
 *
 * @param {string} folder
 * @param {{ wait?: boolean, onWait?: (pid: number) => void }} [options] with `wait: false` a held lock throws LockHeld
 * @returns {Promise<() => void>} gives the lock back
 */
export async function takeLock(folder, { wait = true, onWait } = {}) {
  mkdirSync(folder, { recursive: true });
  const draft = join(folder, `draft-${process.pid}-${Math.random().toString(36).slice(2)}`);
  try {
    for (let told = false; ;) {
      const [last = 0] = tickets(folder);
      const holder = last ? readTicket(folder, last) : undefined;
      if (holder?.pid && isAlive(holder)) {
        if (!wait) throw new LockHeld(folder, holder.pid);
        if (!told) onWait?.(holder.pid);
        told = true;
        await pause(200);
      } else if (linkTicket(folder, draft, last + 1)) {
        const given = tickets(folder);
        if (given[0] === last + 1) {
          for (const old of given.slice(1)) rmSync(join(folder, String(old)), { force: true });
          return () => writeTicket(folder, draft, last + 1, {});
        }
        // What we read was old: others have come and gone, and cleared their numbers away.
        rmSync(join(folder, String(last + 1)), { force: true });
      }
    }
  } finally {
    rmSync(draft, { force: true });
  }
}

/** The living process that holds the lock, if any. @param {string} folder @returns {number | undefined} */
export function lockHolder(folder) {
  const [last] = tickets(folder);
  const holder = last ? readTicket(folder, last) : undefined;
  return holder?.pid && isAlive(holder) ? holder.pid : undefined;
}

/** Numbers given so far, highest first. @param {string} folder */
function tickets(folder) {
  try {
    return readdirSync(folder)
      .map(Number)
      .filter((number) => number > 0)
      .sort((a, b) => b - a);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return [];
    throw error;
  }
}

/** @param {string} folder @param {number} number @returns {{ pid?: number, started?: string } | undefined} */
function readTicket(folder, number) {
  try {
    return JSON.parse(readFileSync(join(folder, String(number)), 'utf8'));
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined; // a later holder has cleared it away
    throw error;
  }
}

/** @param {string} folder @param {string} draft @param {number} number @param {object} content */
function writeTicket(folder, draft, number, content) {
  writeFileSync(draft, JSON.stringify(content));
  renameSync(draft, join(folder, String(number)));
}

/** A link appears with its content or not at all. @param {string} folder @param {string} draft @param {number} number */
function linkTicket(folder, draft, number) {
  writeFileSync(draft, JSON.stringify({ pid: process.pid, started: startOf(process.pid) }));
  try {
    linkSync(draft, join(folder, String(number)));
    return true;
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false;
    throw error;
  }
}

/** @param {{ pid?: number, started?: string }} holder */
function isAlive({ pid, started }) {
  if (!pid) return false;
  try {
    process.kill(pid, 0);
  } catch (error) {
    if (codeOf(error) === 'ESRCH') return false;
  }
  return started === startOf(pid);
}

/** When a process began, so that a number reused after a reboot is not taken for the old one; only Linux tells cheaply. */
function startOf(/** @type {number} */ pid) {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The second field is the command in brackets and may hold spaces; the start time is the 20th field after it.
    const [state, ...fields] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return state === 'Z' ? 'ended' : fields[18];
  } catch {
    return undefined;
  }
}

/** @param {unknown} error */
function codeOf(error) {
  return error instanceof Error && 'code' in error ? error.code : undefined;
}
