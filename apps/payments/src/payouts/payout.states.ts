import type { PayoutState } from '@switchboard/contracts';

/** Which state may follow which; the money is set aside in the first two. */
export const PAYOUT_TRANSITIONS: Readonly<Record<PayoutState, readonly PayoutState[]>> = {
  asked: ['approved', 'refused', 'withdrawn'],
  approved: ['paid', 'refused'],
  paid: [],
  refused: [],
  withdrawn: [],
};
