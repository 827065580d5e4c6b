import { APIError } from 'openai/core/error';
import { withoutQuotedValues } from './redaction';

/**
 * What a server of models answered, without its words: the body of an error often quotes the request, and with it what
 * people wrote. What looks like no identifier is left out.
 */
export class ModelServerError extends Error {
  override readonly name = 'ModelServerError';

  constructor(
    readonly status: number | undefined,
    { code, type, param }: { code?: unknown; type?: unknown; param?: unknown },
  ) {
    const about = Object.entries({ code, type, param }).filter(([, value]) => isIdentifier(value));
    const details = about.map(([name, value]) => `${name} ${value as string}`).join(', ');
    super(`answered ${status ?? 'with an error'}${details && ` (${details})`}`);
  }
}

const isIdentifier = (value: unknown) => typeof value === 'string' && /^[\w.[\]-]{1,64}$/.test(value);

/** The error as it may be logged, recorded and thrown on; errors that quote nobody stay as they are. */
export function withoutWords(error: unknown): unknown {
  // The parser quotes what it could not read.
  if ((error as Error | undefined)?.name === 'SyntaxError')
    return new ModelServerError(undefined, { code: 'broken_json' });
  if (!(error instanceof APIError) || isConnectionError(error)) return withoutQuotedValues(error);
  return new ModelServerError(error.status as number | undefined, error);
}

/** There was no answer to quote. */
const isConnectionError = (error: Error) => /^API(Connection|UserAbort)/.test(error.constructor.name);

/** Undici's and Node's codes for a connection that was not made; others may break while the server works. */
const NOT_CONNECTED = [
  'ECONNREFUSED',
  'ERR_ADDRESS_REFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'UND_ERR_CONNECT_TIMEOUT',
];

/** True when the request cannot have reached anybody. */
export function wasNeverConnected(error: unknown): boolean {
  const { code, cause } = error as { code?: string; cause?: unknown };
  return NOT_CONNECTED.includes(code ?? '') || (cause !== undefined && wasNeverConnected(cause));
}
