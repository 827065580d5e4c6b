import { context, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { gunzipSync } from 'node:zlib';
import { until } from '@switchboard/testing';
import { ErrorReporter } from './error-reporter';
import { createLog, type Log } from './log';

interface Told {
  readonly headers: IncomingHttpHeaders;
  readonly url: string;
  /** Of the event in the envelope. */
  readonly event: Record<string, never> & {
    exception: {
      values: { type: string; value: string; stacktrace?: { frames: { filename?: string; vars?: unknown }[] } }[];
    };
  };
  readonly text: string;
}

describe('errors', () => {
  let server: Server;
  let told: Told[];
  let answer: number | 'never';
  let refusals: number;
  let reporter: ErrorReporter;
  let log: Log;
  let lines: string[];

  beforeEach(async () => {
    told = [];
    lines = [];
    answer = 200;
    refusals = 0;
    server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const text = gunzipSync(Buffer.concat(chunks)).toString();
        const [, , event] = text.split('\n');
        told.push({ headers: request.headers, url: request.url!, event: JSON.parse(event!) as never, text });
        if (answer === 429) refusals++;
        if (answer !== 'never') response.writeHead(answer, { 'retry-after': '60' }).end('{}');
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    reporter = await ErrorReporter.open(`http://0123abcd@127.0.0.1:${port}/7`, 'test');
    log = createLog({ level: 'warn', format: 'json', reporter }, { write: (line) => void lines.push(line) });
  });
  afterEach(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  const next = (count: number) => until(() => told.length === count, { what: `error ${count}` });

  it('that are logged are told of in the protocol of Sentry, with where they come from and nothing of persons', async () => {
    const cause = new Error('no such host https://api.telegram.org/bot123:secret-token/sendMessage');
    const error = new TypeError('cannot send with postgres://user:password@db/x', { cause });
    const facts = { err: error, route: 'chat-ai.usage.read', text: 'dear diary', chatId: 'c-1' };
    log.child({ service: 'chat-ai' }).error(facts, 'request failed');
    await next(1);
    const [{ headers, url, event, text }] = told as [Told];
    expect(url).toBe(
      '/api/7/envelope/?sentry_version=7&sentry_key=0123abcd'.split('?')[0] + url.slice(url.indexOf('?')),
    );
    expect(`${headers['x-sentry-auth'] ?? ''}${url}`).toContain('sentry_key=0123abcd');
    expect(event).toMatchObject({
      platform: 'node',
      release: 'switchboard@0.1.0',
      environment: 'test',
      level: 'error',
      tags: { service: 'chat-ai', route: 'chat-ai.usage.read' },
    });
    expect(event.exception.values.map(({ type }) => type)).toContain('TypeError');
    expect(event.exception.values.at(-1)!.stacktrace!.frames.at(-1)!.filename).toContain('error-reporter.spec');
    for (const secret of ['secret-token', 'password', 'dear diary', 'c-1']) expect(text).not.toContain(secret);
  });

  it('that have happened in a trace are told of with its place there', async () => {
    const span = { traceId: '4bf92f3577b34da6a3ce929d0e0e4736', spanId: '00f067aa0ba902b7', traceFlags: 1 };
    context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
    try {
      context.with(trace.setSpanContext(context.active(), span), () =>
        log.error({ err: new Error('in a request') }, 'request failed'),
      );
    } finally {
      context.disable();
    }
    log.error({ err: new Error('at a start') }, 'the start failed');
    await next(2);
    const traces = told.map(({ event: { contexts } }) => (contexts as { trace?: object } | undefined)?.trace);
    expect(traces).toContainEqual({ trace_id: span.traceId, span_id: span.spanId });
  });

  it('of Postgres are told of without the values that it quotes', async () => {
    const error = Object.assign(new Error('invalid input syntax for type uuid: "a peculiar zebra"'), { code: '22P02' });
    log.error({ err: error }, 'request failed');
    const missing = Object.assign(new Error('relation "usages" does not exist'), { code: '42P01' });
    log.error({ err: missing }, 'request failed');
    await next(2);
    expect(told.map(({ event }) => event.exception.values[0]!.value).sort()).toEqual([
      'invalid input syntax for type uuid: "…"',
      'relation "usages" does not exist',
    ]);
    expect(lines.join() + told.map(({ text }) => text).join()).not.toContain('zebra');
  });

  it('that come again and again are told of once, and warnings never', async () => {
    const fail = (id: number) => log.error({ err: new Error(`row ${id} is locked`) }, 'a job was given up');
    for (let i = 0; i < 20; i++) fail(i);
    log.warn({ err: new Error('comes again') }, 'a job failed');
    log.error({ err: new RangeError('another') }, 'a job was given up');
    await next(2);
    await reporter.close();
    expect(told).toHaveLength(2);
  });

  it('hold nobody up when the server is away, slow, or has had enough', async () => {
    answer = 'never';
    for (let i = 0; i < 200; i++)
      log.error({ err: new Error(`kind ${String.fromCharCode(97 + (i % 26))}${'x'.repeat(i % 50)}`) }, 'away');
    // All are logged before the server has seen the first.
    expect([lines.length, told.length]).toEqual([200, 0]);
    await until(() => told.length > 0, { what: 'the first error' });
    answer = 429;
    server.closeAllConnections();
    let tries = 0;
    const isRefused = () => {
      // Dropped while others still wait for their end.
      log.error({ err: new Error(`limited ${'x'.repeat(tries++)}`) }, 'limited');
      return refusals > 0;
    };
    await until(isRefused, { what: 'a refusal' });
    await sleep(100);
    const before = told.length;
    log.error({ err: new Error('dropped') }, 'after the limit');
    await reporter.close();
    expect(told.slice(before).filter(({ text }) => text.includes('dropped'))).toEqual([]);
  });
});
