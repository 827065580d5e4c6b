import { readFileSync } from 'node:fs';

/**
 * A SIGTERM to npm ends npm and the shell that it runs scripts in, and never reaches us: their end is seen by a change of
 * our parents. Without npm the parent is a terminal's shell, whose end is told by SIGHUP where it matters.
 */
export function stopWithNpm() {
  if (!process.env.npm_lifecycle_event) return;
  const parents = () => [process.ppid, parentOf(process.ppid)].join();
  const began = parents();
  setInterval(() => parents() === began || process.kill(process.pid, 'SIGTERM'), 500).unref();
}

/** Undefined where there is no /proc: the end of npm is then seen by the end of its shell alone. */
function parentOf(pid) {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^.*\) \S /s, '')
      .split(' ')[0];
  } catch {
    return undefined;
  }
}
