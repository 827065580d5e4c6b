import type { SpanContext } from '@opentelemetry/api';
import type { Event, TransportMakeRequestResponse } from '@sentry/core';
import type { ServerRuntimeClient } from '@sentry/core/server';
import { LRUCache } from 'lru-cache';
import { hostname } from 'node:os';
import { gzip } from 'node:zlib';
import { promisify } from 'node:util';
import { withoutWords } from './openai-errors';
import { withoutTokens } from './redaction';

const compress = promisify(gzip);

/** What is known of an error, without words of persons: nothing else of the log line leaves the process. */
const FACTS = [
  'route',
  'method',
  'status',
  'code',
  'job',
  'attempt',
  'bot',
  'provider',
  'table',
  'group',
  'type',
  // Of an error in a browser.
  ...(['app', 'page', 'browser'] as const),
] as const;
/** The same again is told of once in a while, not each time: what fails, fails in a loop. */
const AGAIN_AFTER_MS = 60 * 60_000;
const SEND_WITHIN_MS = 5000;
/** As package.json of the workspace has it. */
export const RELEASE = 'switchboard@0.1.0';
/** Waiting to be sent; what comes while so many wait is dropped. */
const MOST_WAITING = 30;

export interface ReportedError {
  readonly service: string;
  /** The line of the log. */
  readonly message: string;
  readonly error: unknown;
  readonly facts?: Readonly<Record<string, unknown>>;
  /** In which it has happened. */
  readonly span?: Pick<SpanContext, 'traceId' | 'spanId'> | undefined;
}

/**
 * Tells a server that speaks Sentry's protocol (Sentry, GlitchTip, Bugsink) of errors. Nobody waits for it, and when it is away what
 * was to be told is dropped.
 */
export class ErrorReporter {
  private readonly told = new LRUCache<string, true>({ max: 1000, ttl: AGAIN_AFTER_MS });

  private constructor(private readonly client: ServerRuntimeClient) {}

  /** @param dsn of the project, as the server shows it */
  static async open(dsn: string, environment: string): Promise<ErrorReporter> {
    // Loaded only where it is wanted.
    const { createStackParser, createTransport } = await import('@sentry/core');
    const server = await import('@sentry/core/server');
    const client = new server.ServerRuntimeClient({
      ...{ dsn, environment, release: RELEASE, serverName: hostname(), platform: 'node' },
      runtime: { name: 'node', version: process.version },
      integrations: [],
      stackParser: createStackParser(server.nodeStackLineParser()),
      sendClientReports: false,
      beforeSend: withoutSecrets,
      transport: (options) =>
        createTransport({ ...options, bufferSize: MOST_WAITING }, async ({ body }) => {
          const response = await fetch(options.url, {
            method: 'POST',
            headers: {
              'content-type': 'application/x-sentry-envelope',
              'content-encoding': 'gzip',
              ...options.headers,
            },
            body: await compress(body),
            signal: AbortSignal.timeout(SEND_WITHIN_MS),
          });
          await response.body?.cancel();
          return answerOf(response);
        }),
    });
    client.init();
    return new ErrorReporter(client);
  }

  report({ service, message, error, facts = {}, span }: ReportedError): void {
    const shown = withoutWords(error);
    const { name = 'Error', message: words = String(shown) } = shown as Error;
    const key = [service, message, name, withoutNumbers(words)].join('\n');
    if (this.told.has(key)) return;
    this.told.set(key, true);
    const known = FACTS.flatMap((fact) => (facts[fact] === undefined ? [] : [[fact, String(facts[fact])] as const]));
    this.client.captureException(shown, {
      captureContext: {
        tags: { service, ...Object.fromEntries(known) },
        extra: { message },
        ...(span && { contexts: { trace: { trace_id: span.traceId, span_id: span.spanId } } }),
        fingerprint: [service, message, name],
      },
    });
  }

  /** Waits for what is being sent. */
  async close(): Promise<void> {
    await this.client.close(SEND_WITHIN_MS);
  }
}

/** Ids and amounts differ from one time to the next, and are the same error. */
const withoutNumbers = (text: string) => text.replaceAll(/[0-9a-f]{8}-[0-9a-f-]{27}|\d+/gi, '#');

function withoutSecrets<E extends Event>(event: E): E {
  delete event.request;
  delete event.user;
  delete event.breadcrumbs;
  for (const exception of event.exception?.values ?? []) {
    if (exception.value) exception.value = withoutTokens(exception.value);
    for (const frame of exception.stacktrace?.frames ?? []) delete frame.vars;
  }
  return event;
}

const answerOf = ({ status, headers }: Response): TransportMakeRequestResponse => ({
  statusCode: status,
  headers: {
    'retry-after': headers.get('retry-after'),
    'x-sentry-rate-limits': headers.get('x-sentry-rate-limits'),
  },
});
