import type { DataSource } from 'typeorm';
import { RELEASE_OVERLAP_MINUTES } from './parked-events';

const COUNT_UP_TO = 100_000;

export interface BusState {
  /** `waiting` is counted up to 100,000. */
  readonly outbox: { readonly waiting: number; readonly oldestAt: Date | null };
  readonly groups: EventGroupState[];
}
export interface EventGroupState {
  readonly name: string;
  readonly types: number;
  readonly retrying: number;
  readonly dead: number;
  /** No process has heard it for longer than a release takes. */
  readonly isAbandoned: boolean;
}

/** What waits in the tables of one service's bus. */
export async function busStateOf(db: DataSource): Promise<BusState> {
  const [[outbox], groups] = await Promise.all([
    db.query(
      `SELECT count(*)::int AS waiting, min(created_at) AS "oldestAt"
       FROM (SELECT created_at FROM outbox ORDER BY id LIMIT ${COUNT_UP_TO}) q`,
    ) as Promise<BusState['outbox'][]>,
    db.query(
      `SELECT coalesce(heard.consumer, parked.consumer) AS name, coalesce(heard.types, 0) AS types,
         coalesce(parked.retrying, 0) AS retrying, coalesce(parked.dead, 0) AS dead, coalesce(heard.abandoned, true) AS "isAbandoned"
       FROM (SELECT consumer, count(*)::int AS types,
               max(heard_at) < now() - interval '${RELEASE_OVERLAP_MINUTES} minutes' AS abandoned
             FROM bus_topology GROUP BY 1) heard
       FULL JOIN (SELECT consumer, count(*) FILTER (WHERE state = 'retrying')::int AS retrying,
               count(*) FILTER (WHERE state = 'dead')::int AS dead
             FROM parked_events WHERE state <> 'discarded' GROUP BY 1) parked ON parked.consumer = heard.consumer
       ORDER BY 1`,
    ) as Promise<EventGroupState[]>,
  ]);
  return { outbox: outbox!, groups };
}
