/** As the contracts have them: with these a call of a model counts as failed. */
export const failedOutcomes = [
  'refused',
  'rate_limited',
  'model_unavailable',
  'timed_out',
  'empty',
  'too_long',
  'unreadable',
  'budget_exhausted',
] as const;
