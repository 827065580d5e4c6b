import { type FormEvent, type ReactNode, useCallback, useEffect, useId, useMemo, useRef, useState } from 'react';
import { Form as AriaForm } from 'react-aria-components';
import { Button, type ButtonProps } from './button';
import { fieldErrorsOf, type FieldErrors } from './field-errors';
import { useKitTexts } from './kit.texts';
import { minorOf } from './money';
import { ProblemLine } from './problem';
import { problemOf } from './problem-document';
import './form.css';

export interface FormState {
  readonly id: string;
  readonly pending: boolean;
  /** What belongs to no field that is shown. */
  readonly error: unknown;
  readonly fieldErrors: FieldErrors;
  readonly submit: (data: FormData, form: HTMLFormElement) => void;
  /** Forgets what went wrong, and the key. */
  readonly reset: () => void;
}

/**
 * A form that is sent. The idempotency key belongs to what is about to be done: it stays the same over retries and double
 * presses, and is made anew after a success.
 *
 * @param send reads the values and asks the server; what it throws is shown, at its field where the problem names one
 * @param done what it answers with a promise is waited for: as long as the page stands on which it was sent, a second press would be
 *   another order
 */
export function useForm<Answer>({
  send,
  done,
}: {
  send: (data: FormValues, idempotencyKey: string) => Promise<Answer>;
  done?: (answer: Answer) => void | Promise<unknown>;
}): FormState {
  const id = useId();
  const t = useKitTexts();
  const key = useRef<string>(undefined);
  const [state, setState] = useState<{ pending: boolean; error?: unknown; fieldErrors: FieldErrors }>(QUIET);
  const latest = useRef({ send, done });
  useEffect(() => {
    latest.current = { send, done };
  });
  const isPending = useRef(false);
  const submit = useCallback(
    async (data: FormData, form: HTMLFormElement) => {
      if (isPending.current) return;
      isPending.current = true;
      setState({ ...QUIET, pending: true });
      key.current ??= crypto.randomUUID();
      try {
        const answer = await latest.current.send(new FormValues(data), key.current);
        const after = latest.current.done?.(answer);
        if (after) await after;
        key.current = undefined;
        setState(QUIET);
      } catch (error) {
        const problem = problemOf(error);
        // The server knows this key, with another body: it can never succeed again.
        if (problem?.code === 'idempotency_key_reused') key.current = undefined;
        const names = new Set([...form.elements].map((element) => element.getAttribute('name') ?? ''));
        const { fieldErrors, isComplete } = fieldErrorsOf(problem, t.problem, (name) => names.has(name));
        setState({ pending: false, fieldErrors, error: isComplete ? undefined : error });
        requestAnimationFrame(() => focusFirstInvalid(form));
      } finally {
        isPending.current = false;
      }
    },
    [t],
  );
  const reset = useCallback(() => {
    key.current = undefined;
    setState(QUIET);
  }, []);
  return useMemo(
    () => ({ id, ...state, error: state.error, submit: (data, form) => void submit(data, form), reset }),
    [id, state, submit, reset],
  );
}

const QUIET = { pending: false, fieldErrors: {} };

/** A form; its fields are told by their `name`. */
export function Form({ form, children }: { form: FormState; children: ReactNode }) {
  return (
    <AriaForm
      id={form.id}
      className="ui-form"
      validationErrors={form.fieldErrors}
      onSubmit={(event: FormEvent<HTMLFormElement>) => {
        event.preventDefault();
        form.submit(new FormData(event.currentTarget), event.currentTarget);
      }}
    >
      {children}
    </AriaForm>
  );
}

/** What went wrong with the form as a whole. */
export const FormProblem = ({ form }: { form: FormState }) =>
  form.error === undefined ? null : <ProblemLine error={form.error} />;

/** It may stand outside of the form, as in the last line of a dialog. */
export const SubmitButton = ({ form, look = 'primary', ...rest }: { form: FormState } & Omit<ButtonProps, 'form'>) => (
  <Button {...rest} look={look} type="submit" form={form.id} isPending={form.pending} />
);

/** Fields beside each other where there is room. */
export const FieldRow = ({ children }: { children: ReactNode }) => <div className="ui-field-row">{children}</div>;

/** The values of a form by the names of its fields. */
export class FormValues {
  constructor(private readonly data: FormData) {}

  text(name: string): string {
    const value = this.data.get(name);
    return typeof value === 'string' ? value.trim() : '';
  }

  /** `undefined` for what was left empty. */
  optional(name: string): string | undefined {
    return this.text(name) || undefined;
  }

  /** As it was typed: passwords may begin with a space. */
  exact(name: string): string {
    const value = this.data.get(name);
    return typeof value === 'string' ? value : '';
  }

  number(name: string): number | undefined {
    const text = this.text(name);
    return text === '' ? undefined : Number(text);
  }

  /** Of a `MoneyField`, in the smallest parts of the currency; `undefined` for what was left empty. */
  money(name: string, currency: string): number | undefined {
    return minorOf(this.text(name), currency);
  }

  flag(name: string): boolean {
    return this.data.has(name);
  }

  list(name: string): string[] {
    return this.data.getAll(name).filter((value): value is string => typeof value === 'string' && value !== '');
  }

  file(name: string): File | undefined {
    const value = this.data.get(name);
    return value instanceof File && value.size > 0 ? value : undefined;
  }
}

function focusFirstInvalid(form: HTMLFormElement): void {
  const fields = form.querySelectorAll<HTMLElement>(
    '[aria-invalid="true"], [data-invalid] :is(input, textarea, button)',
  );
  [...fields].find((field) => field.checkVisibility())?.focus();
}
