import { EventStore } from '../src/events/event-store.service';
import type { TestApp } from '@switchboard/testing';
import { v7 as uuidv7 } from 'uuid';
import type { EventRow } from '../src/events/read-event';

/** What somebody did, by its name without a version. */
export interface Deed {
  /** People are numbers. Undefined: nobody. */
  readonly who: number | undefined;
  /** RFC 3339, or milliseconds. */
  readonly at: string | number;
  /** A message, unless it says otherwise. */
  readonly type?: string;
  readonly bot?: string;
  readonly props?: Readonly<Record<string, unknown>>;
  readonly id?: string;
}

export const MESSAGE = 'bot-adapter.message.received';

export const userId = (who: number): string => `00000000-0000-7000-8000-${String(who).padStart(12, '0')}`;

/** Of these people it is kept what they do. */
export async function agree(app: TestApp, people: Iterable<number>): Promise<void> {
  await app.service.db.query(
    `INSERT INTO consents (user_id, given, version, source, decided_at)
     SELECT user_id, true, '1', 'web', '2020-01-01' FROM unnest($1::uuid[]) AS one (user_id) ON CONFLICT DO NOTHING`,
    [[...new Set(people)].map(userId)],
  );
}

const rowOf = ({ who, at, type = MESSAGE, bot, props = {}, id }: Deed): EventRow => ({
  event_id: id ?? uuidv7(),
  occurred_at: new Date(at).toISOString(),
  user_id: who === undefined ? undefined : userId(who),
  version: 1,
  type,
  source: type.split('.')[0]!,
  bot_id: bot,
  props,
});

/** Stores what happened as it is stored when it is heard, of people who have agreed. */
export async function happened(app: TestApp, deeds: readonly Deed[]): Promise<void> {
  await agree(
    app,
    deeds.flatMap(({ who }) => who ?? []),
  );
  const store = app.service.nest.get(EventStore, { strict: false });
  await app.service.db.transaction((tx) =>
    store.store(
      tx,
      deeds.map((deed) => ({ row: rowOf(deed), isOfPerson: deed.who !== undefined })),
    ),
  );
}
