import type { Tone } from '@switchboard/ui';

/** How an order stands, as a colour. */
export const orderTones: Readonly<Record<string, Tone>> = {
  awaiting: 'accent',
  paid: 'good',
  fulfilled: 'good',
  expired: 'warn',
  refunded: 'info',
  'partly-refunded': 'info',
};
