/** Where a reward is: set aside until its payment cannot go back any more, the inviter's own, or taken back with its payment. */
export type RewardState = 'held' | 'paid' | 'taken-back';

export const REWARD_TRANSITIONS: Readonly<Record<RewardState, readonly RewardState[]>> = {
  held: ['paid', 'taken-back'],
  paid: ['taken-back'],
  'taken-back': [],
};
