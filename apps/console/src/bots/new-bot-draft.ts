import type { KnownDescription } from './description';

/** A bot that is being described. */
export interface Draft {
  id: string;
  place: 'telegram' | 'sandbox';
  token: string;
  /** Where people write to it, as the channel says. */
  meetAt?: string | undefined;
  description: KnownDescription;
}

export const stepIds = ['channel', 'who', 'assistant', 'limits', 'done'] as const;
export type StepId = (typeof stepIds)[number];

export interface StepProps {
  draft: Draft;
  onNext: (draft: Draft) => void;
  onBack: () => void;
}

/** In which step a field stands. */
export function stepOf(pointer: string): StepId {
  if (/channel/.test(pointer)) return 'channel';
  if (/assistant/.test(pointer)) return 'assistant';
  return /budgets/.test(pointer) ? 'limits' : 'who';
}

/** `Northwind Support` → `northwind-support`; what is no Latin letter is left out. */
export const idFrom = (name: string): string =>
  name
    .toLowerCase()
    .replace(/_?bot$/, '')
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^[-\d]+|-+$/g, '')
    .slice(0, 41);
