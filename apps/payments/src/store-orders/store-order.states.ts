/** How far a parcel is. */
export type StoreOrderState =
  'new' | 'paid' | 'packed' | 'sent' | 'done' | 'cancelled' | 'partly-returned' | 'returned';

/** Which state may follow which. What was given up is served all the same when its money comes late and the goods are still there. */
export const STORE_ORDER_TRANSITIONS: Readonly<Record<StoreOrderState, readonly StoreOrderState[]>> = {
  new: ['paid', 'cancelled'],
  paid: ['packed', 'cancelled'],
  packed: ['paid', 'sent', 'cancelled'],
  sent: ['packed', 'done', 'partly-returned', 'returned'],
  done: ['partly-returned', 'returned'],
  cancelled: ['paid'],
  'partly-returned': ['partly-returned', 'returned'],
  returned: [],
};

/** The way of a parcel. Back by one step is a correction. */
const WAY = ['paid', 'packed', 'sent', 'done'] as const;
export type Step = (typeof WAY)[number];

/** How staff may move a parcel: by one step, never past what the table allows. */
export function stepOf(from: StoreOrderState, to: Step): 'forward' | 'back' | undefined {
  const way: readonly StoreOrderState[] = WAY;
  const change = way.indexOf(to) - way.indexOf(from);
  if (!way.includes(from) || !STORE_ORDER_TRANSITIONS[from].includes(to)) return undefined;
  return change > 0 ? 'forward' : 'back';
}

/** In which somebody has to know to whom it goes. */
export const IN_WORK: readonly StoreOrderState[] = ['new', 'paid', 'packed', 'sent'];
/** In which it has not left yet. */
export const NOT_SENT: readonly StoreOrderState[] = ['new', 'paid', 'packed'];
/** In which the person has it, or nearly. */
export const RETURNABLE: readonly StoreOrderState[] = ['sent', 'done', 'partly-returned'];

export type ReturnState = 'asked' | 'agreed' | 'refused' | 'received' | 'refunded' | 'lapsed';

export const RETURN_TRANSITIONS: Readonly<Record<ReturnState, readonly ReturnState[]>> = {
  asked: ['agreed', 'refused'],
  agreed: ['received', 'lapsed'],
  received: ['refunded'],
  refused: [],
  refunded: [],
  lapsed: [],
};
