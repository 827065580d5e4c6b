import {
  type CloudEvent,
  type EventDefinition,
  events,
  type FieldPath,
  Sealed,
  type UiEventDefinition,
} from '@switchboard/contracts';
import { validate as isUuid } from 'uuid';
import { z } from 'zod';
import { nameOf, versionOf } from '../rollups/event-rules';
import type { QuarantineReason } from './quarantined-event.entity';

/** A row of `events`, as the statement that stores it reads it. */
export interface EventRow {
  readonly event_id: string;
  readonly occurred_at: string;
  readonly user_id?: string | undefined;
  readonly session_id?: string | undefined;
  readonly version: number;
  readonly tz_offset?: number | undefined;
  readonly type: string;
  readonly source: string;
  readonly subject?: string | undefined;
  readonly bot_id?: string | undefined;
  readonly platform?: string | undefined;
  readonly app_version?: string | undefined;
  readonly locale?: string | undefined;
  readonly experiments?: Readonly<Record<string, string>> | undefined;
  readonly props: Readonly<Record<string, unknown>>;
}

/** An event that fits its contract. Whether it is kept depends on its person. */
export interface ReadEvent {
  readonly row: EventRow;
  /** It tells of somebody, whom it may not name: by the chat alone nobody knows whether they have consented. */
  readonly isOfPerson: boolean;
}

export interface UnfitEvent {
  readonly reason: QuarantineReason;
  readonly detail: string;
}

/** How far an event's time may lie from ours. Source: reference values of the event store; a queue may hold one for days. */
const LATEST_MS = 5 * 60_000;
export const OLDEST_MS = 7 * 86_400_000;

/**
 * What no event keeps, although no contract marks it as personal: words for people to read, and ids of anybody by which their erasure
 * would not find them. A spec says so when a contract gains a field that has to be looked at.
 */
export const NOT_KEPT_FIELDS: ReadonlySet<string> = new Set([
  'actor',
  'attributes',
  'chargeId',
  'decidedBy',
  'description',
  'mediaGroup',
  'ownerId',
  'payload',
  'personalFields',
  'resourceId',
  'suggestions',
  'texts',
  'title',
  'value',
]);

/** Nor ids of other people, such as `invitedByUserId`: nothing that the person of the event could consent to. */
const isKept = (field: string): boolean => !field.endsWith('UserId') && !NOT_KEPT_FIELDS.has(field);

/** Events as they are kept. What is not kept is not looked at, so that what was quarantined fits without it. */
const definitions: ReadonlyMap<string, Pick<EventDefinition, 'schema' | 'personal' | 'subjectField'>> = new Map(
  events.map(({ type, schema, personal, subjectField }) => {
    const shape = Object.fromEntries(Object.entries(schema.shape).filter(([field]) => isKept(field)));
    return [type, { schema: z.object(shape), personal, subjectField }];
  }),
);

/** Reads an event of a service by its contract, without what is personal. */
export function readEvent(event: CloudEvent, now: Date, { anyAge = false } = {}): ReadEvent | UnfitEvent {
  const definition = definitions.get(event.type);
  if (!definition) return { reason: 'unknown_type', detail: `no contract describes ${event.type}` };
  const { data, unfit } = fitting(definition, event.data);
  if (unfit) return unfit;
  // What a schema gives is its own copy.
  for (const field of definition.personal) put(data, field, undefined);
  const row = rowOf(event, data, definition.subjectField);
  return misdated(row.occurred_at, now, anyAge) ?? { row, isOfPerson: isOfPerson(data) };
}

/** Reads what a page has said of somebody; nothing in it is personal. */
export function readUiEvent(
  definition: UiEventDefinition,
  { data: raw, ...row }: Omit<EventRow, 'type' | 'version' | 'props'> & { readonly data: unknown },
  now: Date,
): ReadEvent | UnfitEvent {
  const { data, unfit } = fitting(definition, raw);
  if (unfit) return unfit;
  const { type } = definition;
  const read = { row: { ...row, type: nameOf(type), version: versionOf(type), props: data }, isOfPerson: true };
  return misdated(row.occurred_at, now, false) ?? read;
}

/** The person whom data that fits no contract names, if it does as contracts do. */
export function personIn(data: unknown): { userId?: string | undefined; isOfPerson: boolean } {
  if (typeof data !== 'object' || data === null) return { isOfPerson: false };
  const { userId } = data as { userId?: unknown };
  return { userId: isUuid(userId) ? (userId as string) : undefined, isOfPerson: isOfPerson(data) };
}

const isOfPerson = (data: object): boolean => 'userId' in data || 'chatId' in data;

function fitting({ schema }: { schema: z.ZodObject }, raw: unknown) {
  const parsed = schema.safeParse(raw);
  if (parsed.success) return { data: parsed.data as Record<string, unknown> };
  const unfit: UnfitEvent = { reason: 'invalid', detail: parsed.error.issues.map(toldWithoutValues).join('; ') };
  return { data: {}, unfit };
}

/** A name of a field that can hold no words of anybody. */
const FIELD = /^[\w.-]{1,40}$/;

function toldWithoutValues(issue: z.core.$ZodIssue): string {
  const keys = issue.code === 'unrecognized_keys' ? issue.keys : [];
  const names = keys.map((key) => (FIELD.test(key) ? key : '…')).join(', ');
  return `${issue.path.join('.') || 'data'}: ${issue.code}${names && ` (${names})`}`;
}

function misdated(time: string, now: Date, anyAge: boolean): UnfitEvent | undefined {
  const ms = Date.parse(time) - now.getTime();
  if (ms > LATEST_MS) return { reason: 'from_the_future', detail: `its time is ${Math.round(ms / 1000)} s ahead` };
  if (ms < -OLDEST_MS && !anyAge) return { reason: 'too_old', detail: `its time is ${Math.round(-ms / 1000)} s ago` };
  return undefined;
}

function rowOf(
  { id, type, source, subject, time }: Omit<CloudEvent, 'subject'> & { subject?: string },
  data: Record<string, unknown>,
  subjectField: string,
): EventRow {
  const { userId, botId, channel, locale, ...props } = data as Record<string, string | undefined>;
  return {
    event_id: id,
    occurred_at: time,
    user_id: userId,
    version: versionOf(type),
    type: nameOf(type),
    source,
    // What was quarantined before anybody knew its contract has none.
    subject: isKept(subjectField) ? (subject ?? (data as Record<string, string | undefined>)[subjectField]) : undefined,
    bot_id: botId,
    platform: channel,
    locale,
    props,
  };
}

/** Puts something in the place of a field, if it is there; undefined is left out of what is stored. */
function put(within: unknown, [name, ...rest]: FieldPath, instead: unknown): void {
  if (typeof within !== 'object' || within === null) return;
  const fields = within as Record<string, unknown>;
  for (const key of name === '*' ? Object.keys(fields) : [name!]) {
    if (!Object.hasOwn(fields, key)) continue;
    if (rest.length > 0) put(fields[key], rest, instead);
    else fields[key] = instead;
  }
}

const MARK = { $personal: true };

/** An event that could not be kept, to be read again: without what is never kept, and with marks in place of what is personal. */
export function toQuarantine({ id, type, source, subject, time, data }: CloudEvent): object {
  const copy = replaced(data, (value) => value instanceof Sealed, MARK);
  const definition = definitions.get(type);
  for (const field of definition?.personal ?? []) put(copy, field, MARK);
  const kept =
    typeof copy === 'object' && copy !== null && !Array.isArray(copy)
      ? Object.fromEntries(Object.entries(copy).filter(([field]) => isKept(field)))
      : copy;
  // Of an event that nobody knows its subject could be anybody.
  return { id, type, source, ...(definition && isKept(definition.subjectField) && { subject }), time, data: kept };
}

/** @param stored what toQuarantine gave */
export const fromQuarantine = (stored: unknown): CloudEvent => replaced(stored, isMark, new Sealed('')) as CloudEvent;

const isMark = (value: unknown) => typeof value === 'object' && value !== null && '$personal' in value;

/** A copy with something in place of what fits, however deep it is. */
function replaced(value: unknown, fits: (value: unknown) => boolean, instead: unknown): unknown {
  if (fits(value)) return instead;
  if (Array.isArray(value)) return value.map((item) => replaced(item, fits, instead));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, replaced(inner, fits, instead)]));
}
