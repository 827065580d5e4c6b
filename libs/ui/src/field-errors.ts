import type { FieldError, ProblemDocument } from './problem-document';

/** By the names of the fields: `items.0.sku`. */
export type FieldErrors = Readonly<Record<string, string>>;

interface ProblemTexts {
  readonly required: string;
  readonly tooShort: (n: number) => string;
  readonly tooLong: (n: number) => string;
  readonly tooSmall: (n: number) => string;
  readonly tooBig: (n: number) => string;
}

/**
 * What a problem says of single fields. An error deep inside of a field that is shown as a whole (`hours` for
 * `/hours/mon/0`) belongs to that field.
 *
 * @param isShown whether the form has a field of this name
 */
export function fieldErrorsOf(
  problem: ProblemDocument | undefined,
  texts: ProblemTexts,
  isShown: (name: string) => boolean,
): { fieldErrors: FieldErrors; isComplete: boolean } {
  const fieldErrors: Record<string, string> = {};
  const errors = problem?.errors ?? [];
  let isComplete = errors.length > 0;
  for (const error of errors) {
    const name = error.in === undefined ? nearestField(error.pointer, isShown) : undefined;
    if (name === undefined) isComplete = false;
    else fieldErrors[name] ??= textOf(error, texts);
  }
  return { fieldErrors, isComplete };
}

function nearestField(pointer: string, isShown: (name: string) => boolean): string | undefined {
  const parts = pointer
    .split('/')
    .slice(1)
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'));
  for (let length = parts.length; length > 0; length--) {
    const name = parts.slice(0, length).join('.');
    if (isShown(name)) return name;
  }
  return undefined;
}

function textOf({ code, params = {}, detail }: FieldError, texts: ProblemTexts): string {
  const isText = params['origin'] === 'string';
  const { minimum, maximum } = params as { minimum?: number; maximum?: number };
  if (code === 'required' || (code === 'too_small' && isText && minimum === 1)) return texts.required;
  if (code === 'too_small' && minimum !== undefined) return isText ? texts.tooShort(minimum) : texts.tooSmall(minimum);
  if (code === 'too_big' && maximum !== undefined) return isText ? texts.tooLong(maximum) : texts.tooBig(maximum);
  return detail;
}
