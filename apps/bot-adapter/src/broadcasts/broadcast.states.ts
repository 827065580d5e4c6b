import type { BroadcastState } from '@switchboard/contracts';

/** Which state may follow which. */
export const BROADCAST_TRANSITIONS: Readonly<Record<BroadcastState, readonly BroadcastState[]>> = {
  draft: ['scheduled', 'running'],
  scheduled: ['draft', 'running', 'stopped'],
  running: ['paused', 'done', 'stopped'],
  paused: ['running', 'stopped'],
  done: [],
  stopped: [],
};
