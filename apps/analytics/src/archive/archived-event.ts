import type { Decrypter, PersonalData } from '@switchboard/service-kit';
import type { EntityManager } from 'typeorm';
import { validate as isUuid } from 'uuid';
import { z } from 'zod';

/** A row of `events` as JSON. */
export interface StoredRow {
  readonly event_id: string;
  readonly user_id: string | null;
  readonly session_id: string | null;
  readonly subject: string | null;
  readonly props: Readonly<Record<string, unknown>>;
  readonly [column: string]: unknown;
}

/** What of an event leads to its person: encrypted, so that it is gone with the key of the person. */
const Link = z.object({
  session_id: z.string().nullable(),
  subject: z.string().nullable(),
  props: z.record(z.string(), z.unknown()),
});

/** A line of an archive: a row without anything of its person, and that encrypted. */
export const ArchivedEvent = z.looseObject({
  event_id: z.uuid(),
  props: z.record(z.string(), z.unknown()),
  person: z.string().optional(),
});
export type ArchivedEvent = z.output<typeof ArchivedEvent>;

const placeOf = (eventId: string, userId: string) => ({ table: 'event_archive', id: eventId, userId });

const isId = (value: unknown): boolean => (Array.isArray(value) ? value.some(isId) : isUuid(value));

/** @throws PersonErased */
export async function toArchive(tx: EntityManager, personal: PersonalData, row: StoredRow): Promise<ArchivedEvent> {
  const { user_id, session_id, subject, props, ...rest } = row;
  if (user_id === null) return { ...rest, event_id: row.event_id, subject, props };
  const fields = Object.entries(props);
  const link: z.input<typeof Link> = {
    session_id,
    subject,
    props: Object.fromEntries(fields.filter(([, value]) => isId(value))),
  };
  const { person } = await personal.encrypt(tx, placeOf(row.event_id, user_id), { person: JSON.stringify(link) });
  return {
    ...rest,
    event_id: row.event_id,
    props: Object.fromEntries(fields.filter(([, value]) => !isId(value))),
    person,
  };
}

/** The rows of archived events; those are left out whose person was erased since, or has withdrawn. */
export async function fromArchive(
  tx: EntityManager,
  personal: PersonalData,
  events: readonly ArchivedEvent[],
): Promise<StoredRow[]> {
  const sealed = events.flatMap(({ person }) => person ?? []);
  const people = await personal.ownersOf(tx, sealed);
  const decrypt = await personal.decrypter(tx, sealed);
  return events.flatMap((event) => rowOf(event, people, decrypt) ?? []);
}

function rowOf(
  { person, ...event }: ArchivedEvent,
  people: ReadonlyMap<string, string>,
  decrypt: Decrypter,
): StoredRow | undefined {
  const nobodys = { user_id: null, session_id: null, subject: null };
  if (person === undefined) return { ...nobodys, ...event };
  const userId = people.get(person);
  if (userId === undefined) return undefined;
  const read = decrypt(placeOf(event.event_id, userId), { person }).person;
  if (read == null) return undefined;
  const { props, ...link } = Link.parse(JSON.parse(read));
  return { ...event, ...link, user_id: userId, props: { ...event.props, ...props } };
}
