import { until } from '@switchboard/testing';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import { type AddressInfo, createServer as createListener } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { gunzipSync } from 'node:zlib';
import { generate } from 'otplib';
import { Client } from 'pg';
import { v7 as uuidv7 } from 'uuid';
import { Site } from './installation';
import { type Message, Person } from './person';
import { Program } from './program';
import { LANTERN, YOOKASSA_SHOP } from './sandbox';

interface Span {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
}

/** What is told of an error, by the protocol of Sentry. */
interface Told {
  readonly text: string;
  readonly event: {
    readonly tags: Readonly<Record<string, string>>;
    readonly contexts: { readonly trace?: { readonly trace_id: string } };
    readonly exception: { readonly values: readonly { readonly type: string; readonly value: string }[] };
  };
}

const TRACING = require.resolve('@switchboard/service-kit/tracing').replace(/src\/tracing\.ts$/, 'dist/src/tracing.js');

describe('an installation that is watched from outside', () => {
  const servers: Server[] = [];
  const spans: Span[] = [];
  const told: Told[] = [];
  let site: Site;
  let program: Program;
  let database: Client;
  let publicUrl: string;
  let cookie: string;

  beforeAll(async () => {
    const [collector, tracker, port] = await Promise.all([serve(collect), serve(track), freePort()]);
    publicUrl = `http://localhost:${port}`;
    site = await Site.prepare({ hasShop: true });
    program = new Program('apps/all-in-one/dist/src/main.js', {
      ...site.env,
      LOG_LEVEL: 'info',
      GATEWAY_PUBLIC_PORT: String(port),
      GATEWAY_PUBLIC_URL: publicUrl,
      NODE_OPTIONS: `--require ${JSON.stringify(TRACING)}`,
      OTEL_EXPORTER_OTLP_ENDPOINT: collector,
      OTEL_BSP_SCHEDULE_DELAY: '200',
      SENTRY_DSN: `${tracker.replace('://', '://0123abcd@')}/7`,
    });
    database = new Client({ connectionString: site.databaseUrl });
    await database.connect();
    cookie = await becomeOwner();
  }, 90_000);
  afterAll(async () => {
    await database?.end();
    await program?.kill('SIGTERM');
    await site?.clear();
    servers.forEach((server) => server.close());
  });

  async function serve(take: (request: IncomingMessage) => Promise<void>): Promise<string> {
    const server = createServer((request, response) => void take(request).then(() => response.end('{}')));
    servers.push(server.listen(0, '127.0.0.1'));
    await once(server, 'listening');
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  async function collect(request: IncomingMessage): Promise<void> {
    const body = await buffer(request);
    if (request.url !== '/v1/traces') return;
    const text = request.headers['content-encoding'] === 'gzip' ? gunzipSync(body) : body;
    const { resourceSpans } = JSON.parse(text.toString()) as {
      resourceSpans: { scopeSpans: { spans: Span[] }[] }[];
    };
    spans.push(...resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap((scope) => scope.spans)));
  }

  async function track(request: IncomingMessage): Promise<void> {
    const text = gunzipSync(await buffer(request)).toString();
    told.push({ text, event: JSON.parse(text.split('\n')[2]!) as Told['event'] });
  }

  const ask = (method: string, path: string, body?: object, headers: Record<string, string> = {}) =>
    fetch(`${publicUrl}/v1${path}`, {
      method,
      headers: {
        'sec-fetch-site': 'same-origin',
        ...(cookie && { cookie }),
        ...(body && { 'content-type': 'application/json', 'idempotency-key': uuidv7() }),
        ...headers,
      },
      ...(body && { body: JSON.stringify(body) }),
    });

  /** By the link that a new installation prints. @returns the cookie of the session */
  async function becomeOwner(): Promise<string> {
    const [line] = await program.said((said) => said.includes('/console/welcome#'));
    await program.said((said) => said.includes('"service":"gateway"') && said.includes('"msg":"ready"'));
    const token = /welcome#([0-9a-f]+)/.exec(line!)![1]!;
    const step = async (path: string, body: object) => {
      const response = await ask('POST', path, body);
      if (!response.ok) throw new Error(`${path}: ${await response.text()}`);
      return { headers: response.headers, ...((await response.json()) as { ticket: string; secret: string }) };
    };
    const invited = await step('/staff-sign-in/invitation', {
      ...{ token, name: 'Ada', email: 'ada@example.com', password: 'a peculiar zebra in the rain' },
    });
    const { ticket, secret } = await step('/staff-sign-in/totp', { ticket: invited.ticket });
    const now = Math.floor(Date.now() / 1000);
    const [first, second] = await Promise.all([now - 30, now].map((epoch) => generate({ secret, epoch })));
    const { headers } = await step('/staff-sign-in/totp/confirm', { ticket, first, second });
    return headers.getSetCookie()[0]!.split(';')[0]!;
  }

  it('makes one trace of a request, from the gateway over a service and an event to the service that hears it', async () => {
    const traceId = 'c0ffee'.padEnd(32, '1');
    const texts = [{ locale: 'en', question: 'May I bring my dog?', answer: 'Yes, on a lead.' }];
    // A browser may bring a trace of its own.
    const traceparent = `00-${traceId}-${'2'.padEnd(16, '2')}-01`;
    const response = await ask('POST', '/knowledge/northwind/faq', { texts }, { traceparent });
    expect(response.status).toBe(201);
    const named = (name: RegExp) => spans.filter((span) => span.traceId === traceId && name.test(span.name));
    const [heard] = await until(
      () => {
        const found = named(/^process gateway\.audit-entry\.append-requested/);
        return found.length > 0 && found;
      },
      { what: 'the span of who hears the event' },
    );
    const byId = new Map(spans.map((span) => [span.spanId, span]));
    const way: string[] = [];
    for (let span: Span | undefined = heard; span; span = byId.get(span.parentSpanId ?? '')) way.push(span.name);
    // Said while chat-ai answered a request of the gateway, which passed on the one from outside.
    const [first, ...before] = way.filter((name) => !/^(request handler|middleware)/.test(name));
    expect([first, before]).toEqual([heard!.name, ['POST /knowledge/:botId/faq', 'POST /v1/knowledge/{botId}/faq']]);
    // Of a route of its own, whose application knows it by another name.
    expect(spans.map(({ name }) => name)).toContain('POST /v1/staff-sign-in/totp');
    expect(named(/^pg/).length).toBeGreaterThan(0);
  });

  it('makes one trace of a purchase, from the tap over the payment page to the panel, whoever tells of the payment', async () => {
    const sell = async (path: string, body: object) => {
      const response = await ask('POST', path, body);
      if (!response.ok) throw new Error(`${path}: ${await response.text()}`);
    };
    const panel = await site.sandbox.client.panels('marzban').addServer({ name: 'oslo' });
    const { url, username, password } = panel.account;
    await sell('/vpn/servers', {
      ...{
        name: 'Oslo',
        region: 'no',
        capacity: 10,
        monthlyCostMinor: 500,
        currency: 'EUR',
        panelKind: 'marzban',
        url,
      },
      ...{ settings: { username, protocols: ['trojan'] }, secrets: { password } },
      endpoints: [{ protocol: 'trojan', transport: 'tcp', security: 'tls', host: 'oslo.example.com', port: 443 }],
    });
    await sell('/plans', {
      ...{ botId: 'lantern', code: 'month', name: { en: 'A month', ru: 'Месяц' }, level: 'plus', position: 1 },
      description: { en: 'For three devices.', ru: 'Для трёх устройств.' },
      ...{ period: { count: 1, unit: 'month' }, prices: { RUB: 19900 }, trialDays: null },
      features: { 'vpn.traffic-bytes': 1e11, 'vpn.devices': 3, 'vpn.servers': 1 },
    });
    await site.sandbox.client.yookassa.setShop({
      shopId: YOOKASSA_SHOP.shopId,
      webhookUrl: `${publicUrl}/v1/payments/yookassa/lantern/notifications`,
    });
    const emma = await Person.meet(site.sandbox, 'en', LANTERN.username);
    const buttons = ({ reply_markup }: Message) => (reply_markup?.inline_keyboard ?? []).flat();
    const press = async (words: RegExp, label: RegExp) => {
      const message = await emma.reads(words);
      await emma.press(message, buttons(message).find(({ text }) => label.test(text))!.text);
    };
    await emma.say('/start');
    await press(/What would you like to do/, /Choose a plan/);
    await press(/Choose a plan:/, /A month/);
    await press(/Price: ₽199/, /₽199/);
    const paying = await emma.reads((message) => buttons(message).some((button) => 'url' in button));
    const { url: page } = buttons(paying).find((button) => 'url' in button) as unknown as { url: string };
    await site.sandbox.client.yookassa.pay(new URL(page).pathname.split('/').at(-1)!);
    await emma.reads(/Your access is ready/);
    const way = [
      'job show-shop-page',
      'POST /me/orders',
      'yookassa create',
      'process payments.subscription.activated.v1',
      'marzban Oslo create',
      'process vpn-provisioner.access.granted.v1',
    ];
    const seen = () => {
      const bought = spans.find(({ name }) => name === 'POST /me/orders');
      const names = spans.filter(({ traceId }) => traceId === bought?.traceId).map(({ name }) => name);
      return way.filter((name) => names.includes(name));
    };
    await until(() => seen().length === way.length, { what: 'the whole trace', timeoutMs: 10_000 }).catch(
      () => undefined,
    );
    expect(seen()).toEqual(way);
  }, 60_000);

  it('tells of an error once, whichever service it is in, and of no person', async () => {
    const person = await Person.meet(site.sandbox, 'en', undefined, 'Philippa');
    await person.say('Hello');
    await until(async () => (await person.answers()).length > 0, { what: 'an answer' });
    await database.query('ALTER TABLE chat_ai.usages RENAME TO usages_away');
    await database.query('ALTER TABLE bot_adapter.chats RENAME TO chats_away');
    try {
      const period = 'from=2026-01-01T00:00:00Z&to=2027-01-01T00:00:00Z';
      for (let i = 0; i < 3; i++) expect((await ask('GET', `/usage?${period}`)).status).toBe(500);
      for (const text of ['My diary says zebra', 'and crocodile']) await person.say(text);
      const services = () => [...new Set(told.map(({ event }) => event.tags['service']))].sort();
      await until(() => services().length >= 2, { what: 'errors of two services' });
      expect(services()).toEqual(['bot-adapter', 'chat-ai']);
    } finally {
      await database.query('ALTER TABLE chat_ai.usages_away RENAME TO usages');
      await database.query('ALTER TABLE bot_adapter.chats_away RENAME TO chats');
    }
    // What comes after that is a later thing to tell of.
    await person.say('Are you there?');
    await person.reads(/Are you there/, 60_000);
    const of = (service: string) => told.filter(({ event }) => event.tags['service'] === service);
    expect(of('chat-ai').map(({ event }) => event.exception.values.at(-1)!.value)).toEqual([
      'relation "usages" does not exist',
    ]);
    expect(of('gateway')).toEqual([]);
    const [{ event }] = of('chat-ai') as [Told];
    // One click leads from the error to the trace.
    expect(spans.map(({ traceId }) => traceId)).toContain(event.contexts.trace!.trace_id);
    for (const { text } of told)
      for (const personal of ['Philippa', 'zebra', 'crocodile', 'ada@example.com', String(person.id)])
        expect(text).not.toContain(personal);
  }, 120_000);
});

async function freePort(): Promise<number> {
  const listener = createListener().listen(0, '127.0.0.1');
  await once(listener, 'listening');
  const { port } = listener.address() as AddressInfo;
  await new Promise((closed) => listener.close(closed));
  return port;
}
