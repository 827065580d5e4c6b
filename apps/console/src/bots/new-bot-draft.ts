import { type FieldError, gatewayBotDraftsCheck } from '@switchboard/api-client';
import { problemOf } from '@switchboard/ui';
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

/** As the services are asked about it. */
export const bodyOf = ({ id, description, token }: Draft) => ({
  ...{ id, description: { ...description } },
  secrets: { 'channel.token': token },
});

/** Where a field stands in the forms of the steps. */
const fieldOf = (pointer: string) => (pointer === '/id' ? pointer : `/description${pointer}`);

/** A problem at the fields of a form. */
export function wrongFields(errors: readonly { pointer: string; code: string; detail: string }[]): Error {
  const detail = errors.map((error) => error.detail).join(' ');
  return Object.assign(new Error(detail), { title: detail, detail, status: 422, code: 'validation_failed', errors });
}

/**
 * The draft, once the services have nothing against what was typed in a step: it is told where it was typed. Who does not answer is
 * asked again at the end.
 * @throws wrongFields
 */
export async function checkStep(draft: Draft, step: StepId, language: 'en' | 'ru'): Promise<Draft> {
  const found = await gatewayBotDraftsCheck({ body: bodyOf(draft) }).then(
    ({ data }): readonly FieldError[] => data.errors,
    (error: unknown) => {
      if (problemOf(error)?.status === 422) throw error;
      return [];
    },
  );
  const here = found.filter(({ pointer }) => stepOf(pointer) === step);
  if (here.length === 0) return draft;
  throw wrongFields(
    here.map(({ pointer, code, detail }) => ({ pointer: fieldOf(pointer), code, detail: detail[language] })),
  );
}

/** `Northwind Support` → `northwind-support`; what is no Latin letter is left out. */
export const idFrom = (name: string): string =>
  name
    .toLowerCase()
    .replace(/_?bot$/, '')
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^[-\d]+|-+$/g, '')
    .slice(0, 41);
