/** How far an order is. */
export type OrderState = 'awaiting' | 'paid' | 'fulfilled' | 'cancelled' | 'expired' | 'partly-refunded' | 'refunded';

/**
 * Which state may follow which. An order that was given up is paid all the same when its money comes late: nobody who has paid is
 * left with nothing.
 */
export const ORDER_TRANSITIONS: Readonly<Record<OrderState, readonly OrderState[]>> = {
  awaiting: ['paid', 'cancelled', 'expired'],
  cancelled: ['paid'],
  expired: ['paid'],
  paid: ['fulfilled', 'partly-refunded', 'refunded'],
  fulfilled: ['partly-refunded', 'refunded'],
  'partly-refunded': ['partly-refunded', 'refunded'],
  refunded: [],
};

/** In which what was ordered is still to be paid. */
export const UNPAID_STATES: readonly OrderState[] = ['awaiting', 'cancelled', 'expired'];
