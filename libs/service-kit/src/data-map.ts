/** What becomes of a row or a value when its person asks to be erased. */
export type ErasureRule =
  | 'delete row'
  /** The row stays, and what is personal in it cannot be decrypted any more: see PersonalData.erase. */
  | 'erase key'
  /** The row stays, and names a tombstone in place of the person. */
  | 'keep under tombstone'
  | 'not personal';

export interface TableMap {
  /** What for. */
  readonly purpose: string;
  /** For how long, and what ends it. */
  readonly retention: string;
  readonly erasure: ErasureRule;
  /**
   * Whose a row is: a column with a person's id, a reference to a row of another table, or a column in whose content the
   * person is somewhere. Absent only of what is not personal. All but the last kind are kept apart by `personalTable`.
   */
  readonly person?: string | { readonly column: string; readonly of: string } | { readonly within: string };
  /**
   * Columns with the id of another person than the one whose row it is, such as who has invited them, and what an erasure of
   * that person does to it: it is emptied, or names a tombstone, or the row goes as well.
   */
  readonly others?: Readonly<Record<string, 'clear' | 'keep under tombstone' | 'delete row'>>;
  /**
   * What columns hold, in a few words. Texts, JSON and bytes need an entry, and ids that are neither keys of the table nor of
   * a person; numbers, flags and times only where somebody would ask.
   */
  readonly columns: Readonly<Record<string, string>>;
}

/** Table → what it holds of whom. Each service has one; a spec holds it against the migrated database. */
export type DataMap = Readonly<Record<string, TableMap>>;

/** The tables that every service has. */
export const kitDataMap: DataMap = {
  outbox: {
    purpose: 'Events on their way to other services.',
    retention: 'Until they are published: milliseconds.',
    erasure: 'not personal',
    columns: {
      event_id: 'Of the event.',
      type: 'Name of the event.',
      subject: 'Our id of what it is about.',
      envelope: 'The event; personal fields are encrypted.',
    },
  },
  inbox: {
    purpose: 'Events that were applied, so that none is applied twice.',
    retention: 'Seven days, by dropping partitions.',
    erasure: 'not personal',
    columns: { consumer: 'Name of a group of handlers.' },
  },
  parked_events: {
    purpose: 'Events whose handling failed: to be tried again, or for an operator.',
    retention: 'Until they are applied; sixty days of what was given up, also when an operator has discarded it.',
    erasure: 'delete row',
    person: { within: 'envelope' },
    columns: {
      consumer: 'Name of a group of handlers.',
      event_id: 'Of the event.',
      type: 'Name of the event.',
      subject: 'Our id of what it is about.',
      envelope: 'The event; personal fields are encrypted.',
      state: 'Retrying, dead or discarded.',
      error: 'Why the last try failed.',
      reason: 'The same as a word.',
      discarded_by: 'The operator who gave it up.',
      discarded_why: 'In the words of that operator.',
    },
  },
  bus_topology: {
    purpose: 'Which events each group of handlers has been bound to.',
    retention: 'As long as a process hears them.',
    erasure: 'not personal',
    columns: { consumer: 'Name of a group of handlers.', type: 'Name of an event.' },
  },
  schedules: {
    purpose: 'When each periodic task ran last.',
    retention: 'As long as there is such a task.',
    erasure: 'not personal',
    columns: { job: 'Name of the task.' },
  },
  leaders: {
    purpose: 'Which process leads what.',
    retention: 'For good.',
    erasure: 'not personal',
    columns: { name: 'What is led.' },
  },
  key_checks: {
    purpose: 'Which keys of the installation the service has been started with, so that it starts with no others.',
    retention: 'For good.',
    erasure: 'not personal',
    columns: { key: 'LOOKUP_KEY, or the id of an encryption key.', fingerprint: 'Derived from the key.' },
  },
  known_experiments: {
    purpose: 'Which experiments run, as analytics last told, for times when it cannot be asked.',
    retention: 'Until it tells something else.',
    erasure: 'not personal',
    columns: { experiments: 'Their arms and salts; nobody who takes part.' },
  },
  gateway_bots: {
    purpose:
      'What the gateway said last of the bots it keeps, so that the service starts with them when the gateway is away.',
    retention: 'Until it says something else.',
    erasure: 'not personal',
    columns: {
      id: 'The same of the one row there is.',
      answer: 'Descriptions of bots with those secrets that this service reads, encrypted.',
    },
  },
  idempotency_keys: {
    purpose: 'Answers of HTTP routes, so that a request that is repeated is not done twice.',
    retention: 'A day.',
    erasure: 'delete row',
    person: { within: 'principal' },
    columns: {
      principal: 'Who asked: kind and id.',
      route: 'Name of the route.',
      key: 'The key that the caller chose.',
      request_hash: 'SHA-256 of what was asked for.',
      answer: 'The answer, encrypted.',
    },
  },
  migrations: {
    purpose: 'Changes of the schema that have been made.',
    retention: 'For good.',
    erasure: 'not personal',
    columns: { name: 'Name of a migration.' },
  },
  person_keys: {
    purpose: 'Keys by which personal values are encrypted.',
    retention: 'As long as the person is known.',
    erasure: 'erase key',
    person: 'user_id',
    columns: { wrapped_key: 'The key, encrypted with a key of the installation; gone when the person was erased.' },
  },
};
