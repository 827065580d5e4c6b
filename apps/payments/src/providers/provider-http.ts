import type { ResiliencePolicy } from '@switchboard/service-kit';
import type { z } from 'zod';
import { PaymentRefused } from './payment-provider';

/** An answer that a provider gave, with a status that is not a success. */
export class ProviderHttpError extends Error {
  override readonly name = 'ProviderHttpError';
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}

/** Whether a provider is in trouble; what is about our request or our account is none of it. */
export const isOutage = (error: unknown): boolean =>
  !(error instanceof PaymentRefused) &&
  (!(error instanceof ProviderHttpError) || error.status >= 500 || error.status === 429);

interface Call {
  readonly method?: string;
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** A form, or anything that becomes JSON. */
  readonly body?: object;
  /** It changes nothing, so that no answer refuses anything. Default: of GET. */
  readonly reads?: boolean;
  /** It may be repeated at once, as with an idempotency key. Default: what reads. */
  readonly idempotent?: boolean;
}

interface ProviderHttpOptions {
  readonly name: string;
  readonly apiRoot: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Those of the account. */
  readonly fetch: typeof fetch;
  readonly policy: ResiliencePolicy;
  /** Of an answer with a status that is not a success: what the provider says by it. Undefined: the outcome is open. */
  refusalOf(status: number, body: unknown): PaymentRefused | undefined;
}

/** How providers are asked over HTTP: with a deadline, and with an error that says whether the outcome is open. */
export class ProviderHttp {
  constructor(private readonly options: ProviderHttpOptions) {}

  /** Undefined: there is no such thing. */
  async find<Schema extends z.ZodType>(operation: string, schema: Schema, path: string, signal: AbortSignal) {
    try {
      return await this.call(operation, schema, { path }, signal);
    } catch (error) {
      if (error instanceof ProviderHttpError && error.status === 404) return undefined;
      throw error;
    }
  }

  /** @throws PaymentRefused. Whatever else is thrown leaves open what became of the call. */
  call<Schema extends z.ZodType>(
    operation: string,
    schema: Schema,
    { method = 'GET', path, headers, body, reads = method === 'GET', idempotent = reads }: Call,
    signal: AbortSignal,
  ): Promise<z.output<Schema>> {
    const { name, apiRoot, policy, fetch } = this.options;
    const isForm = body instanceof URLSearchParams;
    const ask = async (within: AbortSignal) => {
      const response = await fetch(`${apiRoot}${path}`, {
        method,
        headers: {
          ...this.options.headers,
          ...(body && !isForm && { 'content-type': 'application/json' }),
          ...headers,
        },
        ...(body && { body: isForm ? body : JSON.stringify(body) }),
        // A redirection would lose the body, or give our credentials to somebody else.
        redirect: 'error',
        signal: within,
      });
      const text = await response.text();
      if (response.ok) return schema.parse(JSON.parse(text));
      const refusal = reads ? undefined : this.options.refusalOf(response.status, jsonOf(text));
      throw refusal ?? new ProviderHttpError(response.status, `${name} answered ${response.status} to ${operation}`);
    };
    return policy.call(operation, ask, { idempotent, signal });
  }
}

/** Undefined for what is no JSON. */
export function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
