import type { Model, Step } from './explorer';

/** One rule of the protocol left out, to see what it is there for. */
export type Mistake =
  /** A handler's work commits without the row that remembers the event. */
  | 'inbox off'
  /** Rows are deleted when they are read, not when the broker has confirmed them. */
  | 'delete before confirm'
  /** The relay reads only beyond the highest id it has seen. */
  | 'no look back'
  /** The horizon moves on when transactions are over, without a look that reads what they left. */
  | 'move the horizon without a look'
  /** What lies below the highest id is read at times of its own, apart from what lies beyond. */
  | 'late ids in a sweep of their own'
  /** A batch that failed is left for later, and the ones after it are sent. */
  | 'go on after a failure'
  /** A message is settled with the broker before the transaction commits. */
  | 'acknowledge before commit';

export interface Bounds {
  /** Crashes, lost sessions and lost connections in one history. */
  faults: number;
  /**
   * Whose concurrency is looked at: two relays before a consumer that never fails, or one relay before two consumers.
   * What passes between them is the queue alone, and both sides together have too many histories to visit.
   */
  side: 'relays' | 'consumers';
  /** Rows in one look, and messages in one delivery. */
  batch: number;
  mistake?: Mistake;
}

/** The transactions of the writers, one event each. Those of one subject hold its row, so they follow one another. */
const SUBJECTS = ['a', 'b', 'a'] as const;
const EVENTS = [0, 1, 2] as const;
/** One may change its mind; more would only make more histories that are alike. */
const ROLLS_BACK = 0;
const IN_FLIGHT = 2;

type Transaction = 'not begun' | 'open' | 'committed' | 'rolled back';

interface Batch {
  /** Ids read in one look. */
  rows: number[];
  /** How many of them the broker has on disk. */
  sent: number;
}

interface Relay {
  /** It believes that it leads. */
  leads: boolean;
  /** Its session holds the lock: only then can it read and delete. */
  session: boolean;
  horizon: number;
  highest: number;
  /** An id that was passed, and the transactions that were open then. */
  mark: { id: number; open: number[] } | null;
  batches: Batch[];
}

interface Consumer {
  /** Messages handed over and not yet acknowledged, as this process sees it. */
  hand: number[];
  applied: boolean;
  /** The broker still waits for its acknowledgement; false after it took the consumer for dead. */
  known: boolean;
}

export interface State {
  transactions: Transaction[];
  /** Id of each event's row; ids are given when a transaction inserts, not when it commits. */
  ids: number[];
  nextId: number;
  /** Ids of the rows that were deleted. */
  deleted: number[];
  relays: Relay[];
  queue: number[];
  consumers: Consumer[];
  /** What handlers have done, in order; the inbox remembers just that, because both are one commit. */
  applied: number[];
  faults: number;
}

const restedRelay: Relay = { leads: false, session: false, horizon: 0, highest: 0, mark: null, batches: [] };
const restedConsumer: Consumer = { hand: [], applied: false, known: false };

const start = (side: Bounds['side']): State => ({
  transactions: EVENTS.map(() => 'not begun'),
  ids: EVENTS.map(() => 0),
  nextId: 1,
  deleted: [],
  relays: side === 'relays' ? [restedRelay, restedRelay] : [restedRelay],
  queue: [],
  consumers: side === 'consumers' ? [restedConsumer, restedConsumer] : [],
  applied: [],
  faults: 0,
});

const put = <T>(list: readonly T[], index: number, change: Partial<T> | T): T[] =>
  list.map((item, i) => (i !== index ? item : typeof item === 'object' ? { ...item, ...change } : (change as T)));

/** It does not matter which of two equal processes did what. */
function key({ relays, consumers, ...rest }: State): string {
  const alike = (processes: object[]) => processes.map((each) => Object.values(each).map(short).join(':')).sort();
  return [...Object.values(rest).map(short), ...alike(relays), ...alike(consumers)].join('|');
}

const short = (value: unknown): string => (typeof value === 'object' ? JSON.stringify(value) : String(value));

/**
 * Writers, two relays, the broker's queue of one ordered group and two consumers of it, with a crash possible between any
 * two steps. One step is what is atomic in reality: a commit, a statement, a confirmed message, an acknowledgement.
 */
export function protocol({ faults, side, batch, mistake }: Bounds): Model<State> {
  return {
    start: start(side),
    key,
    *steps(state) {
      yield* writers(state);
      for (const index of state.relays.keys()) yield* relay(state, index, batch, mistake);
      for (const index of state.consumers.keys()) yield* consumer(state, index, batch, mistake);
      if (state.faults < faults) yield* faultsOf({ ...state, faults: state.faults + 1 });
    },
    violation,
    done: (state) =>
      state.transactions.every((each) => each === 'committed' || each === 'rolled back') &&
      visible(state).length === 0 &&
      state.queue.length === 0 &&
      state.consumers.every(({ hand }) => hand.length === 0),
  };
}

function* writers(state: State): Iterable<Step<State>> {
  for (const event of EVENTS) {
    const phase = state.transactions[event]!;
    if (phase === 'not begun') {
      // An earlier change of the same aggregate holds its row until it is over.
      const waits = EVENTS.some(
        (other) =>
          other < event &&
          SUBJECTS[other] === SUBJECTS[event] &&
          ['not begun', 'open'].includes(state.transactions[other]!),
      );
      if (waits) continue;
      yield [
        `T${event} inserts row ${state.nextId}`,
        {
          ...state,
          transactions: put(state.transactions, event, 'open'),
          ids: put(state.ids, event, state.nextId),
          nextId: state.nextId + 1,
        },
      ];
    } else if (phase === 'open') {
      yield [`T${event} commits`, { ...state, transactions: put(state.transactions, event, 'committed') }];
      if (event === ROLLS_BACK)
        yield [`T${event} rolls back`, { ...state, transactions: put(state.transactions, event, 'rolled back') }];
    }
  }
}

/** Ids of the outbox rows that a look can see, in order. */
const visible = (state: State): number[] =>
  EVENTS.filter((event) => state.transactions[event] === 'committed' && !state.deleted.includes(state.ids[event]!))
    .map((event) => state.ids[event]!)
    .sort();

const eventOf = (state: State, id: number) => state.ids.indexOf(id);

function* relay(state: State, index: number, batch: number, mistake: Mistake | undefined): Iterable<Step<State>> {
  const self = state.relays[index]!;
  const name = `relay ${index}`;
  const become = (change: Partial<Relay>): State => ({ ...state, relays: put(state.relays, index, change) });
  if (!self.leads) {
    if (!state.relays.some(({ session }) => session)) yield [`${name} leads`, become({ leads: true, session: true })];
    return;
  }
  // Batches go over one channel: the broker has nothing of a later one before all of an earlier one.
  const sending = self.batches.findIndex(({ rows, sent }) => sent < rows.length);
  if (sending >= 0) {
    const { rows, sent } = self.batches[sending]!;
    const after = become({ batches: put(self.batches, sending, { sent: sent + 1 }) });
    yield [`${name} publishes row ${rows[sent]}`, arrive(after, eventOf(state, rows[sent]!))];
  }
  if (!self.session) return void (yield [`${name} finds its session gone`, become(restedRelay)]);

  const unread = visible(state).filter((id) => !self.batches.some(({ rows }) => rows.includes(id)));
  const read = (ids: number[]): State => {
    const rows = ids.slice(0, batch);
    const after = become({
      batches: [...self.batches, { rows, sent: 0 }],
      highest: Math.max(self.highest, ...rows),
    });
    return mistake === 'delete before confirm' ? { ...after, deleted: [...state.deleted, ...rows].sort() } : after;
  };
  const apart = mistake === 'no look back' || mistake === 'late ids in a sweep of their own';
  const from = apart ? self.highest : self.horizon;
  const beyond = unread.filter((id) => id > from);
  const below = unread.filter((id) => id <= from);
  if (self.batches.length < IN_FLIGHT) {
    if (beyond.length > 0) yield [`${name} reads rows beyond ${from}`, read(beyond)];
    if (mistake === 'late ids in a sweep of their own' && below.length > 0)
      yield [`${name} sweeps below ${from}`, read(below)];
  }
  if (apart) {
    // These know no horizon.
  } else if (!self.mark) {
    const open = EVENTS.filter((event) => state.transactions[event] === 'open');
    if (self.horizon < self.highest)
      yield [`${name} marks row ${self.highest}`, become({ mark: { id: self.highest, open } })];
  } else if (self.mark.open.every((event) => state.transactions[event] !== 'open')) {
    // The sweep: reads from the start, and then leaves nothing unread below the mark.
    const { id } = self.mark;
    const settled = { horizon: id, mark: null };
    const leavesNone = unread.length <= batch || unread[batch - 1]! >= id;
    if (unread.length === 0 || mistake === 'move the horizon without a look')
      yield [`${name} moves its horizon to ${id}`, become(settled)];
    else if (leavesNone && self.batches.length < IN_FLIGHT) {
      const after = read(unread);
      yield [`${name} sweeps and moves its horizon to ${id}`, { ...after, relays: put(after.relays, index, settled) }];
    }
  }

  const confirmed = self.batches.findIndex(({ rows, sent }) => sent === rows.length);
  if (confirmed >= 0) {
    const { rows } = self.batches[confirmed]!;
    const after = become({ batches: self.batches.filter((_, i) => i !== confirmed) });
    yield [
      `${name} deletes rows ${rows.join()}`,
      { ...after, deleted: [...new Set([...state.deleted, ...rows])].sort() },
    ];
  }
  if (mistake === 'go on after a failure' && sending >= 0)
    yield [
      `${name} leaves a failed batch for later`,
      become({ batches: self.batches.filter((_, i) => i !== sending) }),
    ];
}

/** A consumer that never fails applies what it gets at once, and what came before never again. */
function arrive(state: State, event: number): State {
  if (state.consumers.length > 0) return { ...state, queue: [...state.queue, event] };
  return state.applied.includes(event) ? state : { ...state, applied: [...state.applied, event] };
}

function* consumer(state: State, index: number, batch: number, mistake: Mistake | undefined): Iterable<Step<State>> {
  const self = state.consumers[index]!;
  const name = `consumer ${index}`;
  const become = (change: Partial<Consumer>): State => ({ ...state, consumers: put(state.consumers, index, change) });
  // The broker knows one active consumer at a time.
  if (self.hand.length === 0) {
    if (state.queue.length === 0 || state.consumers.some(({ known }) => known)) return;
    for (const size of state.queue.length >= batch && batch > 1 ? [1, batch] : [1]) {
      const hand = state.queue.slice(0, size);
      const early = mistake === 'acknowledge before commit';
      const after = become({ hand, applied: false, known: !early });
      yield [`${name} takes ${hand.join()}`, { ...after, queue: state.queue.slice(size) }];
    }
    return;
  }
  if (!self.applied) {
    const fresh =
      mistake === 'inbox off' ? self.hand : [...new Set(self.hand)].filter((event) => !state.applied.includes(event));
    yield [
      `${name} commits ${fresh.join() || 'nothing'}`,
      {
        ...become({ applied: true }),
        applied: [...state.applied, ...fresh],
      },
    ];
    return;
  }
  yield [`${name} acknowledges`, become(restedConsumer)];
}

function* faultsOf(state: State): Iterable<Step<State>> {
  for (const [index, { leads, session, batches }] of state.relays.entries()) {
    if (leads) yield [`relay ${index} crashes`, { ...state, relays: put(state.relays, index, restedRelay) }];
    if (session)
      yield [
        `relay ${index} freezes, and its session is ended`,
        { ...state, relays: put(state.relays, index, { session: false }) },
      ];
    if (batches.length > 0 && session)
      yield [
        `relay ${index} loses the broker and starts over`,
        { ...state, relays: put(state.relays, index, restedRelay) },
      ];
  }
  for (const [index, { hand, known }] of state.consumers.entries()) {
    const queue = known ? [...hand, ...state.queue] : state.queue;
    if (hand.length > 0)
      yield [`consumer ${index} crashes`, { ...state, queue, consumers: put(state.consumers, index, restedConsumer) }];
    if (known)
      yield [
        `consumer ${index} freezes, and the broker takes it for dead`,
        { ...state, queue, consumers: put(state.consumers, index, { known: false }) },
      ];
  }
}

function violation(state: State): string | undefined {
  const { applied } = state;
  if (new Set(applied).size < applied.length) return 'applied twice';
  for (const event of EVENTS) {
    const committed = state.transactions[event] === 'committed';
    if (!committed && applied.includes(event)) return 'applied though never committed';
    const kept =
      !state.deleted.includes(state.ids[event]!) ||
      state.queue.includes(event) ||
      state.consumers.some(({ hand }) => hand.includes(event)) ||
      applied.includes(event);
    if (committed && !kept) return 'lost';
  }
  const first = applied.indexOf(0);
  const third = applied.indexOf(2);
  if (third >= 0 && state.transactions[0] === 'committed' && (first < 0 || first > third)) return 'out of order';
  return undefined;
}
