import type { SubscriptionStatus } from '@switchboard/contracts';

/** Which status may follow which; an `ended` one was taken back and never returns. */
export const SUBSCRIPTION_TRANSITIONS: Readonly<Record<SubscriptionStatus, readonly SubscriptionStatus[]>> = {
  trial: ['active', 'expired', 'paused', 'ended'],
  active: ['active', 'grace', 'expired', 'paused', 'ended'],
  grace: ['active', 'expired', 'paused', 'ended'],
  paused: ['trial', 'active', 'grace', 'ended'],
  expired: ['active', 'ended'],
  ended: [],
};
