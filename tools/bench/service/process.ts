import { settings } from './part.mjs';

/** Each is loaded alone, as the memory of its process is measured. */
const CONTENDERS = {
  raw: async () => (await import('./raw.mjs')).raw,
  ours: async () => (await import('./ours.js')).ours,
  'pg-transactional-outbox': async () => (await import('./pg-transactional-outbox.mjs')).pgTransactionalOutbox,
  'graphile-worker': async () => (await import('./graphile-worker.mjs')).graphileWorker,
  'pg-boss': async () => (await import('./pg-boss.mjs')).pgBoss,
};

const told = settings();
void CONTENDERS[told.contender]().then((run) => run(told));
