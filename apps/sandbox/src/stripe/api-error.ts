import { ZodError } from 'zod';
import type { FailureAnswers } from '../kit/faults';

/** A refusal as Stripe words it. Source: docs.stripe.com/api/errors. */
export class StripeError extends Error {
  constructor(
    readonly status: number,
    readonly facts: {
      type: 'invalid_request_error' | 'card_error' | 'idempotency_error' | 'api_error';
      message: string;
      code?: string;
      param?: string;
      decline_code?: string;
      payment_intent?: object;
    },
    /** What never began to be carried out is not remembered under its key either. */
    readonly begun = true,
  ) {
    super(facts.message);
  }

  get body(): object {
    const { code } = this.facts;
    return { error: { ...this.facts, ...(code && { doc_url: `https://stripe.com/docs/error-codes/${code}` }) } };
  }
}

export const invalidRequest = (message: string, more: { code?: string; param?: string } = {}, status = 400) =>
  new StripeError(status, { type: 'invalid_request_error', message, ...more });

export const missing = (what: string, id: string, param: string, status: 400 | 404) =>
  invalidRequest(`No such ${what}: '${id}'`, { code: 'resource_missing', param }, status);

/** `['line_items', 0, 'quantity']` as `line_items[0][quantity]`. */
const nameOf = ([first, ...rest]: readonly PropertyKey[]) =>
  String(first ?? '') + rest.map((step) => `[${String(step)}]`).join('');

/** What is wrong with the parameters, the first thing only. */
export function badParams({ issues: [issue] }: ZodError, params: unknown): StripeError {
  const refuse = (path: readonly PropertyKey[], code: string, message: (name: string) => string) => {
    const param = nameOf(path);
    return new StripeError(400, { type: 'invalid_request_error', code, param, message: message(param) }, false);
  };
  const { path } = issue!;
  if (issue!.code === 'unrecognized_keys')
    return refuse([...path, issue!.keys[0]!], 'parameter_unknown', (name) => `Received unknown parameter: ${name}`);
  const given = path.reduce<unknown>(
    (value, step) => (value as Record<PropertyKey, unknown> | undefined)?.[step],
    params,
  );
  if (given === undefined) return refuse(path, 'parameter_missing', (name) => `Missing required param: ${name}.`);
  const words = issue!.code === 'custom' ? issue!.message : `Invalid ${nameOf(path)}: ${JSON.stringify(given)}`;
  return refuse(path, 'parameter_invalid', () => words);
}

export const FAILURES: FailureAnswers = {
  serverError: () => ({
    body: {
      error: { type: 'api_error', message: 'An unknown error occurred. If this persists, please contact support.' },
    },
  }),
  tooManyRequests: () => ({
    headers: { 'stripe-rate-limited-reason': 'global-rate' },
    body: {
      error: {
        type: 'invalid_request_error',
        code: 'rate_limit',
        message: 'Request rate limit exceeded. Learn more about rate limits here https://stripe.com/docs/rate-limits.',
      },
    },
  }),
};
