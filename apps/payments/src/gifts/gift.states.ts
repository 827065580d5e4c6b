import type { GiftState } from '@switchboard/contracts';

/** Which state may follow which. A gift whose money went back is nobody's any more, whatever it was. */
export const GIFT_TRANSITIONS: Readonly<Record<GiftState, readonly GiftState[]>> = {
  waiting: ['opened', 'returned', 'credited', 'taken-back'],
  returned: ['opened', 'taken-back'],
  opened: ['taken-back'],
  credited: [],
  'taken-back': [],
};
