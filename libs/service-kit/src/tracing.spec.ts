import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';

/** Loaded by Node itself: Jest's own loader would not let http be wrapped. */
const tracing = join(__dirname, '..', 'dist', 'src', 'tracing.js');
const kit = join(__dirname, '..', 'dist', 'src', 'index.js');

/** What a service does that calls Telegram: one call is answered, one finds nobody. */
const calls = `
  const { trace, SpanStatusCode } = require('@opentelemetry/api');
  const { Telegraf } = require('telegraf');
  const { APIError } = require('openai/core/error');
  const { Registry } = require('prom-client');
  const { ResiliencePolicy } = require(process.env.KIT);
  const call = (apiRoot) => new Telegraf(process.env.TOKEN, { telegram: { apiRoot } }).telegram.getMe();
  const tracer = trace.getTracer('spec');
  tracer.startActiveSpan('asks ' + process.env.API + '/bot' + process.env.TOKEN, async (span) => {
    await call(process.env.API);
    await fetch(process.env.API + '/me?access_token=' + process.env.KEY);
    await call('http://127.0.0.1:1').catch((error) => {
      span.recordException(error);
      span.setStatus({ code: SpanStatusCode.ERROR, message: error.message });
    });
    span.recordException(new Error(process.env.REFUSAL));
    const party = new ResiliencePolicy({ name: 'models', registry: new Registry(), timeoutMs: 1000, isOutage: () => false });
    const quoting = APIError.generate(400, { error: { message: process.env.WORDS, code: 'too_long' } }, undefined, new Headers());
    await party.call('embed', () => Promise.reject(quoting)).catch(() => undefined);
    span.setAttribute('peers', [process.env.API + '/me?access_token=' + process.env.KEY]);
    span.end();
  });`;

describe('traces', () => {
  const servers: Server[] = [];
  async function serve(answer: (request: IncomingMessage) => Promise<object>): Promise<string> {
    const server = createServer(
      (request, response) => void answer(request).then((body) => response.end(JSON.stringify(body))),
    );
    servers.push(server.listen(0, '127.0.0.1'));
    await once(server, 'listening');
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }
  afterAll(() => servers.forEach((server) => server.close()));

  it('of calls to third parties leave the process without tokens, keys, addresses and words of people', async () => {
    const token = '123456:AAE-planted_bot_token';
    const key = 'planted-access-key';
    let exported = '';
    const collector = await serve(async (request) => {
      exported += await text(request);
      return {};
    });
    const telegram = await serve(() => Promise.resolve({ ok: true, result: { id: 1, is_bot: true, first_name: 'B' } }));
    const child = spawn(process.execPath, ['--require', tracing, '--eval', calls], {
      env: {
        ...{ ...process.env, OTEL_EXPORTER_OTLP_ENDPOINT: collector, API: telegram, TOKEN: token, KEY: key, KIT: kit },
        REFUSAL: 'refused: 550 5.1.1 <planted@example.com>: unknown, and planted@xn--e1afmkfd.xn--p1ai',
        WORDS: 'cannot embed: planted words',
      },
      stdio: ['ignore', 'inherit', 'inherit'],
    });
    expect(await once(child, 'exit')).toEqual([0, null]);
    expect(exported).toContain(`${telegram}/bot[redacted]/getMe`);
    expect(exported).toContain('asks ');
    expect(exported).toContain('ECONNREFUSED');
    expect(exported).toContain('access_token=[redacted]');
    expect(exported).toContain('550 5.1.1 <[redacted]>');
    expect(exported).toContain('answered 400 (code too_long)');
    expect(exported).not.toMatch(/planted/);
  });
});
