import { settings } from './part.mjs';
import type { raw } from './raw.mjs';

/** Each is loaded alone, as the memory of its process is measured. */
const CANDIDATES = {
  raw: async () => (await import('./raw.mjs')).raw,
  ours: async () => (await import('./ours.js')).ours,
  'pg-transactional-outbox': () => rival('pg-transactional-outbox'),
  'graphile-worker': async () => (await import('./graphile-worker.mjs')).graphileWorker,
  'pg-boss': () => rival('pg-boss'),
};

/** Compiled apart: the packages of rivals are installed only by the benchmark. */
const rival = async (name: string) => ((await import(`../rivals/${name}.mjs`)) as { run: typeof raw }).run;

const told = settings();
void CANDIDATES[told.candidate]().then((run) => run(told));
