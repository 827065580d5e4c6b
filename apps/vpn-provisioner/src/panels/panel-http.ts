import type { TLSSocket } from 'node:tls';
import { Agent, buildConnector, fetch } from 'undici';
import type { z } from 'zod';
import { type PanelAccount, PanelUnavailable } from './panel';

/** What panels have in common as HTTP servers: answers in JSON, a session that ends, a certificate that nobody else has signed. */

export interface PanelRequest {
  readonly method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Below the address of the panel. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** A form, or else what is sent as JSON. */
  readonly body?: object | URLSearchParams;
}

/** An answer that the panel itself has given: below 500, in JSON or empty. */
export interface PanelAnswer {
  readonly status: number;
  readonly headers: { get(name: string): string | null; getSetCookie(): string[] };
  /** Undefined: empty. */
  readonly body: unknown;
}

/** Panels are small programs with small databases. */
const CONNECTIONS = 8;
const CONNECT_TIMEOUT_MS = 5000;
/** Outline tells all of its keys in one answer. */
const LARGEST_ANSWER = 64 * 1024 * 1024;
const LONGEST_WORDS = 300;

export class PanelHttp {
  private readonly dispatcher: Agent;

  /** @param certSha256 of the only certificate that is trusted, in hex; whoever has signed it */
  constructor(
    private readonly account: PanelAccount<unknown>,
    certSha256?: string,
  ) {
    const { lookup } = account;
    const options = { timeout: CONNECT_TIMEOUT_MS, ...(lookup && { lookup }) };
    const connect = certSha256 === undefined ? options : pinned(certSha256, options);
    this.dispatcher = new Agent({ connect, connections: CONNECTIONS, maxResponseSize: LARGEST_ANSWER });
  }

  /** @throws PanelUnavailable */
  ask(operation: string, request: PanelRequest, signal: AbortSignal): Promise<PanelAnswer> {
    const once = (signal: AbortSignal) => this.once(request, signal);
    // Whatever a panel is asked for may be asked for twice.
    return this.account.policy.call(operation, once, { idempotent: true, signal });
  }

  private async once({ method = 'GET', path, headers, body }: PanelRequest, signal: AbortSignal): Promise<PanelAnswer> {
    const isForm = body instanceof URLSearchParams;
    const answer = await fetch(`${this.account.url.replace(/\/+$/, '')}${path}`, {
      method,
      headers: {
        accept: 'application/json',
        ...(body && !isForm && { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body && { body: isForm ? body : JSON.stringify(body) }),
      redirect: 'manual',
      dispatcher: this.dispatcher,
      signal,
    }).catch((error: unknown) => {
      throw connectionTrouble(error);
    });
    const text = await answer.text().catch((error: unknown) => {
      throw connectionTrouble(error);
    });
    const { status } = answer;
    if (status === 429) throw new PanelUnavailable('busy', 'the panel asks to be asked less (429)');
    if (status >= 500) throw new PanelUnavailable('failed', `the panel has failed (${status})`);
    if (status >= 300 && status < 400)
      throw new PanelUnavailable('unintelligible', `the panel leads elsewhere (${status})`);
    return { status, headers: answer.headers, body: text === '' ? undefined : jsonOf(text, status) };
  }
}

function jsonOf(text: string, status: number): unknown {
  try {
    return JSON.parse(text);
  } catch {
    const what = /^\s*</.test(text) ? 'a page' : 'no JSON';
    throw new PanelUnavailable(
      'unintelligible',
      `where the panel should be there is something else: ${what} (${status})`,
    );
  }
}

/** What is said of an answer that has another form. @throws PanelUnavailable */
export function understood<Schema extends z.ZodType>(schema: Schema, { status, body }: PanelAnswer): z.output<Schema> {
  const read = schema.safeParse(body);
  if (read.success) return read.data;
  const where = read.error.issues.map(({ path }) => path.join('.')).join(', ');
  throw new PanelUnavailable('unintelligible', `the panel answers in a form that is not known (${status}): ${where}`);
}

/** What a panel says of a refusal, as staff may see it. */
export const wordsOf = (words: unknown): string =>
  (typeof words === 'string' ? words : JSON.stringify(words ?? '')).slice(0, LONGEST_WORDS);

const UNTRUSTED = /CERT|SELF_SIGNED|UNABLE_TO_VERIFY|ALTNAME/;

/** Names no address: that of some panels is their secret. */
function connectionTrouble(error: unknown): unknown {
  const { name, cause } = error as { name?: string; cause?: unknown };
  if (name === 'AbortError' || name === 'TimeoutError') return error;
  for (let found: unknown = error; found instanceof Error; found = found.cause)
    if (found instanceof PanelUnavailable) return found;
  const code = (cause as { code?: string } | undefined)?.code ?? (error as { code?: string }).code ?? name ?? 'unknown';
  return UNTRUSTED.test(code)
    ? new PanelUnavailable('certificate', `the certificate of the panel is not trusted (${code})`)
    : new PanelUnavailable('unreachable', `the panel was not reached (${code})`);
}

/** Connects only to the server that has this certificate, before anything is sent. */
function pinned(certSha256: string, options: buildConnector.BuildOptions): buildConnector.connector {
  // A session that is resumed would show no certificate.
  const connect = buildConnector({ ...options, rejectUnauthorized: false, maxCachedSessions: 0 });
  const digits = (fingerprint: string) => fingerprint.replaceAll(':', '').toLowerCase();
  return (options, done) =>
    connect(options, (error, socket) => {
      if (error) return done(error, null);
      const seen = (socket as TLSSocket).getPeerCertificate?.()?.fingerprint256;
      if (seen !== undefined && digits(seen) === digits(certSha256)) return done(null, socket);
      socket.destroy();
      done(new PanelUnavailable('certificate', 'the panel has another certificate than the one that is trusted'), null);
    });
}

/** So long a refused account is not tried again: panels lock those that are. */
const REFUSED_FOR_MS = 60_000;

/** Signed in when it is first needed, and anew when the panel has forgotten it: once for all who were asking. */
export class PanelSession<Session> {
  private current?: Promise<Session>;
  private refused?: { readonly error: PanelUnavailable; readonly until: number };

  /** @param signIn rejects with PanelUnavailable `unauthorized` when the panel does not know the account */
  constructor(private readonly signIn: () => Promise<Session>) {}

  /** @param call with a session; undefined when the panel does not know that any more, and nothing was done */
  async use<T>(call: (session: Session) => Promise<T | undefined>, signal: AbortSignal): Promise<T> {
    const first = this.get();
    const answer = await call(await untilAborted(first, signal));
    if (answer !== undefined) return answer;
    if (this.current === first) this.current = undefined;
    const again = await call(await untilAborted(this.get(), signal));
    if (again !== undefined) return again;
    throw this.refuse(new PanelUnavailable('unauthorized', 'the panel refuses a session that it has just begun'));
  }

  private get(): Promise<Session> {
    if (this.refused && this.refused.until > performance.now()) return Promise.reject(this.refused.error);
    if (this.current) return this.current;
    const begun = this.signIn().catch((error: unknown) => {
      if (this.current === begun) this.current = undefined;
      throw error instanceof PanelUnavailable && error.trouble === 'unauthorized' ? this.refuse(error) : error;
    });
    this.current = begun;
    return begun;
  }

  private refuse(error: PanelUnavailable): PanelUnavailable {
    this.current = undefined;
    this.refused = { error, until: performance.now() + REFUSED_FOR_MS };
    return error;
  }
}

/** What others wait for as well goes on without this caller. */
async function untilAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  signal.throwIfAborted();
  let abort = () => undefined as void;
  const aborted = new Promise<never>((_, reject) => {
    abort = () => reject(signal.reason as Error);
    signal.addEventListener('abort', abort);
  });
  return Promise.race([work, aborted]).finally(() => signal.removeEventListener('abort', abort));
}
