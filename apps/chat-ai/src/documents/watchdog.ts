/**
 * Runs in a thread of the reading process, because a parser may keep the main one busy for ever: a service that is killed
 * cannot stop its reader, and a reader that is busy does not notice that its channel has closed.
 */
import { workerData } from 'node:worker_threads';

const LOOK_EVERY_MS = 500;

setInterval(() => {
  if (process.ppid !== workerData) process.kill(process.pid, 'SIGKILL');
}, LOOK_EVERY_MS);
