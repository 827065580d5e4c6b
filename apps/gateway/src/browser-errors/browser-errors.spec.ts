import { createLog, ErrorReporter } from '@switchboard/service-kit';
import { startApp, type TestApp, until } from '@switchboard/testing';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gunzipSync } from 'node:zlib';
import { gatewayApp } from '../gateway.app';

const CHROME = 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36';

interface Line {
  msg: string;
  err: { type: string; message: string; stack: string };
  [fact: string]: unknown;
}
interface SentryEvent {
  tags: Record<string, string>;
  exception: {
    values: { type: string; value: string; stacktrace: { frames: { filename: string; lineno: number }[] } }[];
  };
}

describe('an error in a browser', () => {
  let app: TestApp;
  /** Speaks the protocol of Sentry. */
  let collector: Server;
  const told: SentryEvent[] = [];
  const lines: Line[] = [];
  let address = 0;

  beforeAll(async () => {
    collector = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        told.push(JSON.parse(gunzipSync(Buffer.concat(chunks)).toString().split('\n')[2]!) as SentryEvent);
        response.end('{}');
      });
    });
    await new Promise<void>((resolve) => collector.listen(0, '127.0.0.1', resolve));
    const { port } = collector.address() as AddressInfo;
    const reporter = await ErrorReporter.open(`http://key@127.0.0.1:${port}/1`, 'test');
    const write = (line: string) => {
      const parsed = JSON.parse(line) as Line;
      if (parsed.msg === 'a page failed in a browser') lines.push(parsed);
    };
    app = await startApp(gatewayApp, { log: createLog({ level: 'error', format: 'json', reporter }, { write }) });
  });
  afterAll(async () => {
    await app.stop();
    collector.closeAllConnections();
    await new Promise((resolve) => collector.close(resolve));
  });
  beforeEach(() => {
    lines.length = told.length = 0;
    app.clock.advance(60_000);
  });

  const anError = (more: object = {}) => ({
    app: 'console',
    kind: 'error',
    name: 'TypeError',
    message: 'x is undefined',
    page: '/console/people',
    ...more,
  });
  const report = async (body: unknown, headers: Record<string, string> = {}) => {
    const response = await fetch(`${app.service.publicUrl}/v1/browser-errors`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        'user-agent': CHROME,
        'x-forwarded-for': `203.0.113.${++address % 250}`,
        ...headers,
      },
      body: JSON.stringify(body),
    });
    return response.status;
  };

  it('is written into the log and told to the collector, with where it happened and in what', async () => {
    const stack = `TypeError: x is undefined
    at openPerson (https://bots.example.com/console/assets/people-Ab12.js:1:204817)
    at async https://bots.example.com/console/assets/index-Cd34.js:2:99`;
    expect(await report(anError({ stack }))).toBe(204);
    expect(lines).toMatchObject([
      {
        app: 'console',
        kind: 'error',
        page: '/console/people',
        browser: 'Chrome on Linux',
        err: { type: 'TypeError' },
      },
    ]);
    await until(() => told.length === 1, { what: 'the event at the collector' });
    const [{ tags, exception }] = told as [SentryEvent];
    expect(tags).toMatchObject({
      service: 'gateway',
      app: 'console',
      page: '/console/people',
      browser: 'Chrome on Linux',
    });
    const { type, value, stacktrace } = exception.values[0]!;
    expect([type, value]).toEqual(['TypeError', 'x is undefined']);
    expect(stacktrace.frames.at(-1)).toMatchObject({ filename: '/console/assets/people-Ab12.js', lineno: 1 });
  });

  it.each([
    [
      'Firefox',
      'openPerson@https://bots.example.com/console/assets/a.js:1:20',
      '    at openPerson (/console/assets/a.js:1:20)',
    ],
    [
      'Safari',
      '@https://bots.example.com/console/assets/a.js?v=1:1:20',
      '    at <anonymous> (/console/assets/a.js:1:20)',
    ],
    ['an extension', 'at f (chrome-extension://abcdef/secret-page.js:1:2)', '    at f (chrome-extension:1:2)'],
    ['no browser at all', 'Ann wrote: dear diary', undefined],
  ])('has the frames of %s', async (_, stack, frame) => {
    await report(anError({ stack }));
    expect(lines[0]!.err.stack.split('\n')[1]).toBe(frame);
  });

  it('says nothing of persons', async () => {
    const id = '0190a3f2-6b1c-7c55-9d2e-1f2a3b4c5d6e';
    const message = `cannot show "Анна Петрова" (anna@example.com, +7 912 345-67-89) of ${id} at https://api.telegram.org/bot12:abc/x?token=t`;
    await report(anError({ message, page: `/console/people/${id}?q=anna@example.com#x`, stack: message }));
    const text = JSON.stringify(lines);
    for (const secret of ['Анна', 'anna', '912', id, 'bot12', 'token=t']) expect(text).not.toContain(secret);
    expect(lines[0]).toMatchObject({ page: '/console/people/[id]' });
  });

  it('is cut, and refused when it is far too long or of no page of ours', async () => {
    const stack = Array.from({ length: 100 }, (_, i) => `    at f (https://bots.example.com/a.js:1:${i})`).join('\n');
    expect(await report(anError({ message: 'a '.repeat(1900), stack }))).toBe(204);
    expect([lines[0]!.err.message.length, lines[0]!.err.stack.split('\n').length]).toEqual([300, 31]);
    expect(await report(anError({ stack: 'x'.repeat(20_001) }))).toBe(422);
    expect(await report(anError({ app: 'shop' }))).toBe(422);
    expect(await report(anError({ name: 'Ann\nInjected line' }))).toBe(204);
    expect(lines[1]).toMatchObject({ err: { type: 'Error' } });
  });

  it('is told of by one address a few times only, and by all together no more than can be read', async () => {
    const [mine, theirs] = [{ 'x-forwarded-for': '198.51.100.1' }, { 'x-forwarded-for': '198.51.100.2' }];
    const statuses = await Promise.all(Array.from({ length: 15 }, () => report(anError(), mine)));
    expect(statuses.filter((status) => status === 429).length).toBeGreaterThan(0);
    expect(await report(anError(), theirs)).toBe(204);
    await Promise.all(Array.from({ length: 100 }, () => report(anError())));
    expect(lines).toHaveLength(60);
    const metrics = await (await fetch(`${app.url}/metrics`)).text();
    expect(metrics).toMatch(/gateway_browser_errors_total\{[^}]*outcome="dropped"[^}]*\} \d+/);
  });
});
