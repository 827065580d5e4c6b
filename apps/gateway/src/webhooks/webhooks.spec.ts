import {
  type Actor,
  AuditEntryAppendRequested,
  ChangeWebhookEndpoint,
  type EventDraft,
  ListAuditEntries,
  ListWebhookDeliveries,
  ListWebhookEndpoints,
  ListWebhookTypes,
  MessageReceived,
  NoticeSendRequested,
  OpenWebhookEndpoint,
  ReadWebhookDelivery,
  ReadWebhookEndpoint,
  RemoveWebhookEndpoint,
  ReplayWebhookDeliveries,
  ReplayWebhookDelivery,
  RotateWebhookSecret,
  SendWebhookDelivery,
  TestWebhookEndpoint,
  ContactBlocked,
  WebhookDeliveryCompleted,
  WebhookDeliveryFailed,
  WebhookEndpointDisabled,
  WebhookEndpointFailing,
  WebhookEndpointPinged,
} from '@switchboard/contracts';
import { Schedules } from '@switchboard/service-kit';
import { erasePerson, startApp, tablesWith, type TestApp, until } from '@switchboard/testing';
import { AsyncLocalStorage } from 'node:async_hooks';
import type { ServerResponse } from 'node:http';
import { Webhook } from 'standardwebhooks';
import { v7 as uuidv7 } from 'uuid';
import { type Received, Receiver } from '../../test/receiver';
import { gatewayApp } from '../gateway.app';
import { WebhookDeliveriesService } from './webhook-deliveries.service';
import { WebhookEndpointsService } from './webhook-endpoints.service';
import { WebhookOutcomesService } from './webhook-outcomes.service';
import { RETRY_AFTER_MS, WebhookQueueService } from './webhook-queue.service';
import { WebhookSecretsService } from './webhook-secrets.service';
import { WebhooksHealthService } from './webhooks-health.service';

const HOUR_MS = 60 * 60_000;
const YEAR_MS = 366 * 24 * HOUR_MS;
const TYPE = 'bot-adapter.message.received';
const ENV = { GATEWAY_WEBHOOK_PRIVATE_NETWORKS: '127.0.0.0/8' };

const receiver = new Receiver();
let app: TestApp;
beforeAll(async () => {
  await receiver.start();
  app = await startApp(gatewayApp, { env: ENV });
  // A run of the far future keeps back those of the next minutes.
  for (const name of ['send-forgotten-webhooks', 'look-after-webhook-endpoints'])
    await app.service.nest.get(Schedules, { strict: false }).runSlot(name, new Date(Date.now() + YEAR_MS));
});
afterAll(async () => {
  await app.stop();
  await receiver.stop();
});
afterEach(async () => {
  jest.restoreAllMocks();
  // Locked in the order in which whoever sends locks them.
  await app.service.db.transaction(async (tx) => {
    await tx.query('SELECT FROM webhook_health ORDER BY endpoint_id FOR UPDATE');
    await tx.query('DELETE FROM webhook_endpoints');
  });
});

const queue = () => app.service.nest.get(WebhookQueueService, { strict: false });
const outcomes = () => app.service.nest.get(WebhookOutcomesService, { strict: false });

const aMessage = (data: Partial<Parameters<typeof MessageReceived>[0]> = {}): EventDraft =>
  MessageReceived({
    ...{ chatId: uuidv7(), botId: 'lumen', channel: 'telegram', userId: uuidv7(), messageId: uuidv7(), locale: 'en' },
    ...{ kind: 'text', text: 'A peculiar zebra', senderName: 'Zoe Crocodile', sentAt: '2026-11-27T10:00:00Z' },
    media: { mediaId: uuidv7(), kind: 'document', mimeType: 'text/plain', bytes: 3, fileName: 'zebra.txt' },
    ...data,
  });

let paths = 0;
type Settings = Partial<{ types: string[]; botIds: string[]; content: 'thin' | 'full'; ordered: boolean; url: string }>;
async function open(settings: Settings = {}, actor?: Actor) {
  const path = `/hook-${++paths}`;
  const body = { url: receiver.url(path), types: [TYPE], ...settings };
  const question = { body, idempotencyKey: uuidv7() };
  const { endpoint, secret } = await app.gateway.call(OpenWebhookEndpoint, question, actor && { actor });
  return { path, id: endpoint.id, endpoint, secret, verifier: new Webhook(secret) };
}
const read = (endpointId: string) => app.gateway.call(ReadWebhookEndpoint, { params: { endpointId } });
const change = async (endpointId: string, body: object) => {
  const { revision } = await read(endpointId);
  return app.gateway.call(ChangeWebhookEndpoint, { params: { endpointId }, body, ifMatch: `"${revision}"` });
};
const deliveries = async (query: Record<string, unknown>) =>
  (await app.gateway.call(ListWebhookDeliveries, { query })).data;
const log = (deliveryId: string) => app.gateway.call(ReadWebhookDelivery, { params: { deliveryId } });
const untilEnded = async (endpointId: string, count = 1) => {
  await until(async () => (await deliveries({ endpointId, state: 'ended' })).length >= count, {
    what: 'the end of a delivery',
  });
  return deliveries({ endpointId });
};
const untilTried = (endpointId: string, attempts: number) =>
  until(
    async () =>
      (await deliveries({ endpointId })).find((one) => one.attemptCount >= attempts && one.state !== 'sending'),
    { what: `${attempts} tries` },
  );
const verified = (verifier: Webhook, { text, headers }: Received) =>
  verifier.verify(text, headers as Record<string, string>);

/** The time has come for whatever waits for one. */
async function hasten(): Promise<void> {
  await app.service.db.query('UPDATE webhook_health SET not_before = NULL, next_slot_at = NULL');
  await app.service.db.query(`UPDATE webhook_deliveries SET sending_until = now() WHERE state = 'sending'`);
  await app.service.db.query(
    `UPDATE gateway_jobs._private_jobs SET run_at = now() WHERE locked_at IS NULL
       AND task_id = (SELECT id FROM gateway_jobs._private_tasks WHERE identifier = 'deliver-webhook')`,
  );
  await app.service.db.query(`SELECT pg_notify('gateway_jobs_added', '')`);
}

describe('a webhook', () => {
  it('brings an event to an endpoint that wants it, signed by Standard Webhooks', async () => {
    const { path, id, verifier } = await open();
    const event = await app.probe.say(aMessage());
    const [received] = await receiver.until(path);
    expect(verified(verifier, received!)).toEqual(received!.body);
    expect(received!.headers).toMatchObject({ 'content-type': 'application/json', 'webhook-id': expect.any(String) });
    expect(received!.headers['webhook-test']).toBeUndefined();
    const { chatId, botId, userId, messageId, channel } = event.data as Record<string, string>;
    expect(received!.body).toEqual({
      type: TYPE,
      timestamp: event.time,
      apiVersion: 'v1',
      sequence: 1,
      data: {
        ...{ chatId, botId, channel, userId, messageId, locale: 'en', kind: 'text' },
        ...{ inGroup: false, sentAt: '2026-11-27T10:00:00Z' },
      },
    });
    const [delivery] = await untilEnded(id);
    expect(delivery).toMatchObject({
      id: received!.id,
      outcome: 'delivered',
      attemptCount: 1,
      type: TYPE,
      sequence: 1,
    });
    await app.probe.until(WebhookDeliveryCompleted, ({ data }) => data.deliveryId === received!.id);
    expect(await read(id)).toMatchObject({ health: { failures: 0, lastSuccessAt: app.clock.now(), waiting: 0 } });
  });

  describe('of an event', () => {
    const isInInbox = async (eventId: string) =>
      (await app.service.db.query<unknown[]>('SELECT FROM inbox WHERE event_id = $1', [eventId])).length > 0;
    it('leaves no trace when no endpoint wants it, and comes from the moment one does', async () => {
      const { id, path } = await open({ types: ['gateway.webhook-endpoint.disabled'] });
      const before = await app.probe.say(aMessage());
      expect(await isInInbox(before.id)).toBe(false);
      await change(id, { types: [TYPE] });
      const after = await app.probe.say(aMessage());
      const [received] = await receiver.until(path);
      expect(received!.body).toMatchObject({ data: { messageId: (after.data as { messageId: string }).messageId } });
      expect(await isInInbox(after.id)).toBe(true);
    });

    it('comes also when another process has opened the endpoint', async () => {
      const { id, path } = await open({ types: ['gateway.webhook-endpoint.disabled'] });
      await app.probe.say(aMessage());
      await app.service.db.query('UPDATE webhook_endpoints SET types = $2 WHERE id = $1', [id, [TYPE]]);
      const heard = () => receiver.at(path).map(({ body }) => body.data['messageId']);
      const say = async () => ((await app.probe.say(aMessage())).data as { messageId: string }).messageId;
      await until(async () => (await say(), heard().length > 0), { what: 'a delivery' });
      // Whatever is said from then on.
      const later = [await say(), await say()];
      await until(() => later.every((messageId) => heard().includes(messageId)), { what: 'those said later' });
    });
  });

  it('is brought once, also when the event comes twice', async () => {
    const { path, id } = await open();
    const event = await app.probe.say(aMessage());
    await app.probe.sayAgain(event);
    await app.probe.say(aMessage());
    await untilEnded(id, 2);
    expect(new Set((await receiver.until(path, 2)).map(({ id }) => id)).size).toBe(2);
    expect(await deliveries({ endpointId: id })).toHaveLength(2);
  });

  it('holds what lies within where that is wanted, and never what is personal', async () => {
    const { path, id } = await open({ content: 'full' });
    await app.probe.say(aMessage());
    const [received] = await receiver.until(path);
    expect(received!.body.data['media']).toEqual({
      mediaId: expect.any(String),
      kind: 'document',
      mimeType: 'text/plain',
      bytes: 3,
    });
    for (const word of ['zebra', 'Crocodile', 'e1.']) expect(received!.text).not.toContain(word);
    await untilEnded(id);
    for (const word of ['zebra', 'Crocodile']) expect(await tablesWith(app, word)).toEqual([]);
  });

  it('counts the events of each subject for each endpoint', async () => {
    const [one, other] = [await open(), await open()];
    const [chatId, another] = [uuidv7(), uuidv7()];
    for (const chat of [chatId, another, chatId]) await app.probe.say(aMessage({ chatId: chat }));
    for (const { path } of [one, other]) {
      const received = await receiver.until(path, 3);
      const of = (chat: string) =>
        received.filter(({ body }) => body.data['chatId'] === chat).map(({ body }) => body.sequence);
      expect([of(chatId).sort(), of(another)]).toEqual([[1, 2], [1]]);
    }
  });

  it('tells of no event that the endpoint does not want, of no other bot, and of nothing internal', async () => {
    const { path, id } = await open({ botIds: ['northwind'] });
    const other = await open({ types: ['gateway.webhook-endpoint.disabled'] });
    await app.probe.say(aMessage());
    const { chatId, userId } = aMessage().data as { chatId: string; userId: string };
    const blocked = { chatId, userId, botId: 'northwind', channel: 'telegram', contactId: uuidv7() };
    await app.probe.say(ContactBlocked(blocked));
    await app.probe.say(
      AuditEntryAppendRequested({
        actor: { kind: 'staff', id: 'a' },
        action: 'a.b',
        resourceType: 'x',
        resourceId: 'y',
      }),
    );
    await app.probe.say(aMessage({ botId: 'northwind' }));
    await untilEnded(id);
    expect(receiver.at(path).map(({ body }) => body.data['botId'])).toEqual(['northwind']);
    expect(receiver.at(other.path)).toEqual([]);
    const { types } = await app.gateway.call(ListWebhookTypes);
    const names = types.map(({ type }) => type);
    expect(names).toContain('gateway.webhook-endpoint.disabled');
    expect(names.filter((name) => /requested$|person\.erased|webhook-delivery|pinged/.test(name))).toEqual([]);
    expect(types.find(({ type }) => type === TYPE)).toMatchObject({ apiVersion: 'v1', hasBot: true });
    expect(types.find(({ type }) => type === TYPE)!.fields).not.toContain('text');
  });
});

describe('a webhook that is not taken', () => {
  it('is sent again, byte by byte the same, with a new time and signature', async () => {
    const { path, id, verifier } = await open();
    receiver.answer(path, 500);
    await app.probe.say(aMessage());
    const scheduled = await untilTried(id, 1);
    const [{ delay }] = await app.service.db.query<[{ delay: number }]>(
      `SELECT extract(epoch FROM run_at - updated_at)::float8 * 1000 AS delay FROM gateway_jobs.jobs WHERE key = $1`,
      [`webhook:${scheduled.id}`],
    );
    expect(Math.abs(delay / RETRY_AFTER_MS[0]! - 1)).toBeLessThanOrEqual(0.2);
    expect(await read(id)).toMatchObject({ health: { failures: 1, failingSince: app.clock.now() } });
    app.clock.advance(2000);
    receiver.answer(path, 200);
    await hasten();
    const [ended] = await untilEnded(id);
    expect(ended).toMatchObject({ outcome: 'delivered', attemptCount: 2 });
    const [first, second] = await receiver.until(path, 2);
    expect([second!.id, second!.text]).toEqual([first!.id, first!.text]);
    expect(second!.headers['webhook-timestamp']).not.toBe(first!.headers['webhook-timestamp']);
    expect(verified(verifier, second!)).toEqual(second!.body);
    expect(await read(id)).toMatchObject({ health: { failures: 0, failingSince: null } });
    const { attempts, body } = await log(first!.id);
    expect(body).toBe(first!.text);
    expect(attempts).toMatchObject([
      { number: 1, status: 500, reply: 'no', error: null },
      { number: 2, status: 200 },
    ]);
    expect(JSON.stringify(attempts)).not.toContain('v1,');
  });

  it('is given up after the last of its tries, about 75 hours later', async () => {
    expect(RETRY_AFTER_MS.reduce((a, b) => a + b) / HOUR_MS).toBeCloseTo(75.6, 1);
    const { path, id } = await open();
    receiver.answer(path, 503);
    await app.probe.say(aMessage());
    for (let tries = 1; tries <= RETRY_AFTER_MS.length; tries++) {
      await untilTried(id, tries);
      await hasten();
    }
    const [ended] = await untilEnded(id);
    expect(ended).toMatchObject({ outcome: 'failed', reason: 'exhausted', attemptCount: 10 });
    expect(receiver.at(path)).toHaveLength(10);
    const failed = await app.probe.until(WebhookDeliveryFailed, ({ data }) => data.endpointId === id);
    expect(failed.data).toMatchObject({ reason: 'exhausted', attempts: 10, eventType: TYPE });
  });

  it('comes back when the endpoint says, and so does everything else for it', async () => {
    const { path, id } = await open();
    receiver.answer(path, (_, response) => void response.writeHead(429, { 'retry-after': '3600' }).end());
    await app.probe.say(aMessage());
    const { dueAt } = await untilTried(id, 1);
    expect(dueAt!.getTime() - Date.now()).toBeGreaterThan(0.9 * HOUR_MS);
    await app.probe.say(aMessage());
    await until(async () => (await deliveries({ endpointId: id, state: 'scheduled' })).length === 2, {
      what: 'the second one',
    });
    for (const delivery of await deliveries({ endpointId: id }))
      expect(delivery.dueAt!.getTime() - Date.now()).toBeGreaterThan(0.9 * HOUR_MS);
    expect(receiver.at(path)).toHaveLength(1);
  });

  it.each([
    [
      'redirects',
      (response: ServerResponse) => void response.writeHead(302, { location: '/hook-1' }).end(),
      { status: 302 },
    ],
    ['breaks off', (response: ServerResponse) => void response.destroy(), { status: null, error: 'unreachable' }],
  ])('is a failure when the endpoint %s', async (_, answer, expected) => {
    const { path, id } = await open();
    receiver.answer(path, (_received, response) => answer(response));
    await app.probe.say(aMessage());
    const { id: deliveryId } = await untilTried(id, 1);
    expect((await log(deliveryId)).attempts).toMatchObject([expected]);
  });

  it('shows the beginning of a long answer, and few of its headers', async () => {
    const { path, id } = await open();
    receiver.answer(path, (_, response) => {
      response.writeHead(500, { 'set-cookie': 'session=secret', 'content-type': 'text/plain' });
      response.end('x'.repeat(100_000));
    });
    await app.probe.say(aMessage());
    const { id: deliveryId } = await untilTried(id, 1);
    const { attempts } = await log(deliveryId);
    expect(attempts[0]!.reply).toBe('x'.repeat(2048));
    expect(Object.keys(attempts[0]!.replyHeaders).sort()).toEqual(['content-type', 'date']);
  });
});

describe('secrets', () => {
  const rotate = (endpointId: string, overlapHours?: number) => {
    const body = overlapHours === undefined ? {} : { overlapHours };
    return app.gateway.call(RotateWebhookSecret, { params: { endpointId }, body, idempotencyKey: uuidv7() });
  };

  it('sign side by side for a day after one was made anew, then the new one alone', async () => {
    const { path, id, verifier } = await open();
    const { secret } = await rotate(id);
    const renewed = new Webhook(secret);
    await app.probe.say(aMessage());
    const [both] = await receiver.until(path);
    expect(String(both!.headers['webhook-signature']).split(' ')).toHaveLength(2);
    for (const each of [verifier, renewed]) expect(verified(each, both!)).toEqual(both!.body);
    app.clock.advance(25 * HOUR_MS);
    const service = app.service.nest.get(WebhookSecretsService, { strict: false });
    const signature = await service.sign(app.service.db.manager, id, { id: 'x', timestamp: 1, body: '{}' });
    expect(signature).toBe(renewed.sign('x', new Date(1000), '{}'));
    app.clock.advance(-25 * HOUR_MS);
  });

  it('are worth nothing at once when one has become known', async () => {
    const { path, id, verifier } = await open();
    const { secret } = await rotate(id, 0);
    await app.probe.say(aMessage());
    const [received] = await receiver.until(path);
    expect(() => verified(verifier, received!)).toThrow('No matching signature found');
    expect(verified(new Webhook(secret), received!)).toEqual(received!.body);
  });

  it('are five at most, and stand nowhere as they are', async () => {
    const { id, secret } = await open();
    for (let i = 0; i < 4; i++) await rotate(id);
    await expect(rotate(id)).rejects.toMatchObject({ problem: { code: 'gateway.webhook_secrets_exhausted' } });
    expect((await read(id)).secrets).toHaveLength(5);
    expect(await tablesWith(app, secret.slice(6))).toEqual([]);
  });
});

describe('an endpoint', () => {
  it.each([
    'https://10.0.0.1/',
    'https://[::ffff:169.254.169.254]/',
    'https://2852039166/',
    'http://8.8.8.8/',
    'https://8.8.8.8:8080/',
    'https://user:secret@8.8.8.8/',
    'nonsense',
  ])('may not be %s', async (url) => {
    const refused = {
      status: 422,
      problem: { code: 'gateway.webhook_address_refused', errors: [{ pointer: '/url' }] },
    };
    await expect(open({ url })).rejects.toMatchObject(refused);
    const { id } = await open();
    await expect(change(id, { url })).rejects.toMatchObject(refused);
  });

  it('that many open at once, while name servers are slow, leave connections to the others', async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    const { guard } = app.service.nest.get(WebhookEndpointsService, { strict: false });
    const lookUp = jest.spyOn(guard, 'lookUp').mockImplementation((url) => promise.then(() => new URL(url)));
    const opening = Array.from({ length: 12 }, () => open());
    try {
      await until(() => lookUp.mock.calls.length === opening.length, { what: 'all names to be looked up' });
      expect(await deliveries({})).toBeInstanceOf(Array);
    } finally {
      resolve();
    }
    expect(await Promise.all(opening)).toHaveLength(12);
  });

  it('is for events that there are', async () => {
    await expect(open({ types: ['payments.order.imagined'] })).rejects.toMatchObject({
      status: 422,
      problem: { code: 'gateway.webhook_type_unknown', params: { types: ['payments.order.imagined'] } },
    });
  });

  it('is changed by who has seen its last change, and each change is in the audit log', async () => {
    const { id, path } = await open();
    await change(id, { url: receiver.url(`${path}?key=secret`) });
    expect(await tablesWith(app, 'key=secret')).toEqual(['webhook_endpoints']);
    await change(id, { url: receiver.url(path) });
    const changed = await change(id, { description: 'the shop', types: ['gateway.webhook-endpoint.failing'] });
    expect(changed).toMatchObject({ description: 'the shop', revision: 4, url: receiver.url(path) });
    const stale = { params: { endpointId: id }, body: { description: 'late' }, ifMatch: '"1"' };
    await expect(app.gateway.call(ChangeWebhookEndpoint, stale)).rejects.toMatchObject({ status: 412 });
    await app.gateway.call(RotateWebhookSecret, { params: { endpointId: id }, body: {}, idempotencyKey: uuidv7() });
    await app.gateway.call(RemoveWebhookEndpoint, { params: { endpointId: id } });
    const { data } = await app.gateway.call(ListAuditEntries, { query: { resourceId: id } });
    expect(data.map(({ action }) => action.split('.').at(-1)).sort()).toEqual([
      'change',
      'change',
      'change',
      'open',
      'remove',
      'rotate',
    ]);
    expect(data.flatMap(({ changes }) => changes ?? [])).toContainEqual({
      op: 'replace',
      path: '/description',
      value: 'the shop',
    });
    await expect(read(id)).rejects.toMatchObject({ status: 404 });
  });

  it('that is disabled gets nothing, and what had waited is given up', async () => {
    const { id, path } = await open();
    receiver.answer(path, 500);
    await app.probe.say(aMessage());
    await untilTried(id, 1);
    await change(id, { state: 'disabled' });
    await app.probe.say(aMessage());
    await app.probe.until(WebhookEndpointDisabled, ({ data }) => data.endpointId === id && data.reason === 'by_hand');
    expect(await deliveries({ endpointId: id })).toMatchObject([
      { state: 'ended', outcome: 'cancelled', reason: 'endpoint_disabled' },
    ]);
    receiver.answer(path, 200);
    expect(await change(id, { state: 'enabled' })).toMatchObject({
      state: 'enabled',
      disabledReason: null,
      health: { failures: 0 },
    });
    await app.probe.say(aMessage());
    await receiver.until(path, 2);
    expect(await untilEnded(id, 2)).toHaveLength(2);
  });

  it('that is gone is disabled at once', async () => {
    const { id, path } = await open();
    receiver.answer(path, 410);
    await app.probe.say(aMessage());
    const { data } = await app.probe.until(WebhookEndpointDisabled, ({ data }) => data.endpointId === id);
    expect(data).toMatchObject({ reason: 'gone', ownerKind: 'staff', ownerId: 'root' });
    expect(await read(id)).toMatchObject({ state: 'disabled', disabledReason: 'gone' });
    expect(await untilEnded(id)).toMatchObject([{ outcome: 'failed', reason: 'gone' }]);
    expect(await deliveries({ endpointId: id })).toHaveLength(1);
  });

  it('that does not answer is told of after a day and after three, and disabled after five', async () => {
    const health = app.service.nest.get(WebhooksHealthService, { strict: false });
    const began = app.clock.now();
    const noticed = app.probe.all(NoticeSendRequested).length;
    const { id, path } = await open();
    receiver.answer(path, 500);
    await app.probe.say(aMessage());
    await untilTried(id, 1);
    const after = async (hours: number) => {
      app.clock.set(new Date(began.getTime() + hours * HOUR_MS));
      await health.look();
      await health.look();
      return app.probe
        .all(WebhookEndpointFailing)
        .filter(({ data }) => data.endpointId === id)
        .map(({ data }) => data.hours);
    };
    const told = (hours: number) =>
      app.probe.until(WebhookEndpointFailing, ({ data }) => data.endpointId === id && data.hours === hours);
    expect(await after(23)).toEqual([]);
    await after(24);
    await told(24);
    await after(73);
    await told(72);
    // One bad night, and nothing to send since: nobody knows whether it would answer.
    await after(121);
    expect(await read(id)).toMatchObject({ state: 'enabled' });
    await hasten();
    await untilTried(id, 2);
    await after(121);
    expect(await read(id)).toMatchObject({ state: 'disabled', disabledReason: 'failing' });
    const { data } = await app.probe.until(WebhookEndpointDisabled, ({ data }) => data.endpointId === id);
    expect(data).toMatchObject({ reason: 'failing', failingSince: began.toISOString() });
    expect(await after(122)).toEqual([24, 72]);
    const notices = app.probe
      .all(NoticeSendRequested)
      .slice(noticed)
      .map((event) => event.data.texts);
    expect(notices.map(({ en }) => /for (24 hours|72 hours|five days)/.exec(en!)?.[1])).toEqual([
      '24 hours',
      '72 hours',
      'five days',
    ]);
    for (const texts of notices) expect(texts.ru).toMatch(/^Вебхуки на \*\*127\.0\.0\.1:\d+\*\* /);
    app.clock.set(began);
  });

  it('is seen by those who see some bots only when it is for these', async () => {
    const limited: Actor = {
      kind: 'key',
      id: uuidv7(),
      roles: [],
      scopes: ['webhooks:*'],
      bots: ['lumen', 'northwind'],
    };
    const [all, own, mixed] = [
      await open(),
      await open({ botIds: ['lumen'] }),
      await open({ botIds: ['lumen', 'acme'] }),
    ];
    await app.probe.say(aMessage());
    for (const { id } of [all, own, mixed]) await untilEnded(id);
    const seen = (await app.gateway.call(ListWebhookEndpoints, {}, { actor: limited })).data.map(({ id }) => id);
    expect(seen).toEqual([own.id]);
    const listed = await app.gateway.call(ListWebhookDeliveries, {}, { actor: limited });
    expect(listed.data.map(({ endpointId }) => endpointId)).toEqual([own.id]);
    const [foreign] = await deliveries({ endpointId: all.id });
    const hidden = { status: 404 };
    const params = { endpointId: all.id };
    const key = { idempotencyKey: uuidv7() };
    for (const call of [
      app.gateway.call(ReadWebhookEndpoint, { params }, { actor: limited }),
      app.gateway.call(ChangeWebhookEndpoint, { params, body: {}, ifMatch: '*' }, { actor: limited }),
      app.gateway.call(RotateWebhookSecret, { params, body: {}, ...key }, { actor: limited }),
      app.gateway.call(TestWebhookEndpoint, { params, ...key }, { actor: limited }),
      app.gateway.call(ReadWebhookDelivery, { params: { deliveryId: foreign!.id } }, { actor: limited }),
      app.gateway.call(ReplayWebhookDelivery, { params: { deliveryId: foreign!.id }, ...key }, { actor: limited }),
    ])
      await expect(call).rejects.toMatchObject(hidden);
    await app.gateway.call(RemoveWebhookEndpoint, { params }, { actor: limited });
    expect(await read(all.id)).toMatchObject({ id: all.id });
    await expect(open({}, limited)).rejects.toMatchObject({ status: 403 });
    await expect(open({ botIds: ['acme'] }, limited)).rejects.toMatchObject({ status: 403 });
    const theirs = await open({ botIds: ['northwind'] }, limited);
    expect(theirs.endpoint).toMatchObject({ botIds: ['northwind'], owner: { kind: 'key', id: limited.id } });
  });
});

describe('a webhook that waits', () => {
  const insert = (endpointId: string, at: Date, state: 'waiting' | 'scheduled') =>
    app.service.db.query(
      `INSERT INTO webhook_deliveries (id, endpoint_id, type, subject, sequence, body, user_ids, state, due_at, created_at)
       VALUES ($1, $2, '${TYPE}', 'b', 1, '{}', '{}', $3, CASE WHEN $3 = 'scheduled' THEN now() + interval '1 day' END, $4)`,
      [uuidv7({ msecs: at.getTime() }), endpointId, state, at],
    );
  const waitingSeconds = async () => {
    const metrics = await (await fetch(`${app.url}/metrics`)).text();
    return Number(/webhook_waiting_seconds\{[^}]*\} (\S+)/.exec(metrics)?.[1]);
  };
  const ago = (ms: number) => new Date(Date.now() - ms);

  it('because its endpoint is slow is counted, and so is no one that is tried again later', async () => {
    const { id } = await open();
    await insert(id, ago(3 * HOUR_MS), 'scheduled');
    expect(await waitingSeconds()).toBe(0);
    await insert(id, ago(2 * HOUR_MS), 'waiting');
    const seconds = await waitingSeconds();
    expect(seconds).toBeGreaterThanOrEqual(7200);
    expect(seconds).toBeLessThan(3 * 3600);
    // That endpoint has an alarm of its own.
    await app.service.db.query(`UPDATE webhook_health SET failing_since = now() - interval '25 hours'`);
    expect(await waitingSeconds()).toBe(0);
  });

  it('behind one of its subject that is tried again later is not counted where order is kept', async () => {
    const { id } = await open({ ordered: true });
    await insert(id, ago(3 * HOUR_MS), 'scheduled');
    await insert(id, ago(2 * HOUR_MS), 'waiting');
    await app.service.db.query(`UPDATE webhook_deliveries SET sequence = 2, is_behind = true WHERE state = 'waiting'`);
    expect(await waitingSeconds()).toBe(0);
  });

  it('longer than 25 days has failed: it is told of, and seen until it is deleted', async () => {
    const { id } = await open();
    await insert(id, ago(26 * 24 * HOUR_MS), 'waiting');
    await insert(id, ago(26 * 24 * HOUR_MS), 'scheduled');
    await insert(id, ago(20 * 24 * HOUR_MS), 'scheduled');
    await app.service.nest
      .get(Schedules, { strict: false })
      .runSlot('forget-webhook-deliveries', new Date(Date.now() + YEAR_MS / 2));
    const ended = await untilEnded(id, 2);
    expect(ended).toMatchObject([
      { state: 'scheduled', outcome: null },
      { state: 'ended', outcome: 'failed', reason: 'expired', attemptCount: 0 },
      { state: 'ended', outcome: 'failed', reason: 'expired', attemptCount: 0 },
    ]);
    for (const { id: deliveryId } of ended.slice(1)) {
      const { data } = await app.probe.until(WebhookDeliveryFailed, (event) => event.data.deliveryId === deliveryId);
      expect(data).toMatchObject({ endpointId: id, reason: 'expired', attempts: 0 });
    }
  });
});

describe('a test or a replay', () => {
  const test = (endpointId: string) =>
    app.gateway.call(TestWebhookEndpoint, { params: { endpointId }, idempotencyKey: uuidv7() });
  const replay = (deliveryId: string) =>
    app.gateway.call(ReplayWebhookDelivery, { params: { deliveryId }, idempotencyKey: uuidv7() });

  it('is marked, sent once, and counts for nothing', async () => {
    const { id, path, verifier } = await open();
    receiver.answer(path, 500);
    const { deliveryId } = await test(id);
    const [ended] = await untilEnded(id);
    expect(ended).toMatchObject({ id: deliveryId, isTest: true, outcome: 'failed', attemptCount: 1 });
    const [received] = receiver.at(path);
    expect(received!.headers['webhook-test']).toBe('true');
    expect(verified(verifier, received!)).toMatchObject({
      type: 'gateway.webhook-endpoint.pinged',
      data: { endpointId: id },
      sequence: 0,
    });
    expect(await read(id)).toMatchObject({ health: { failures: 0, failingSince: null, lastFailureAt: null } });
    await app.probe.until(WebhookEndpointPinged, ({ data }) => data.endpointId === id);
    receiver.answer(path, 410);
    await test(id);
    await untilEnded(id, 2);
    expect(await read(id)).toMatchObject({ state: 'enabled' });
  });

  it('sends what was sent byte by byte, also to an endpoint that is disabled', async () => {
    const { id, path, verifier } = await open();
    receiver.answer(path, 410);
    await app.probe.say(aMessage());
    const [failed] = await untilEnded(id);
    expect(failed).toMatchObject({ outcome: 'failed' });
    receiver.answer(path, 200);
    await replay(failed!.id);
    const [first, second] = await receiver.until(path, 2);
    expect([second!.id, second!.text]).toEqual([first!.id, first!.text]);
    expect(second!.headers['webhook-test']).toBe('true');
    expect(verified(verifier, second!)).toEqual(first!.body);
    await until(async () => (await log(failed!.id)).outcome === 'delivered', { what: 'the outcome' });
    expect(await read(id)).toMatchObject({ state: 'disabled', health: { lastSuccessAt: null } });
    expect((await log(failed!.id)).attempts).toHaveLength(2);
    // What was delivered stays so, whatever comes of a replay.
    receiver.answer(path, 500);
    await replay(failed!.id);
    await receiver.until(path, 3);
    await untilEnded(id);
    expect(await log(failed!.id)).toMatchObject({ state: 'ended', outcome: 'delivered' });
  });

  it('is refused for what has not ended', async () => {
    const { id, path } = await open();
    receiver.answer(path, 500);
    await app.probe.say(aMessage());
    const open_ = await untilTried(id, 1);
    await expect(replay(open_.id)).rejects.toMatchObject({ problem: { code: 'gateway.webhook_delivery_open' } });
  });

  it('sends all of a period that had failed, the oldest first', async () => {
    const { id, path } = await open();
    const from = app.clock.now();
    await app.probe.say(aMessage());
    await untilEnded(id);
    receiver.answer(path, 500);
    for (let i = 0; i < 6; i++) await app.probe.say(aMessage());
    const tried = async () =>
      (await deliveries({ endpointId: id, state: 'scheduled' })).filter(({ attemptCount }) => attemptCount === 1);
    await until(async () => (await tried()).length === 6, { what: 'six failures' });
    await change(id, { state: 'disabled' });
    receiver.answer(path, 200);
    const before = receiver.at(path).length;
    const body = { from: from.toISOString(), to: new Date(from.getTime() + 1).toISOString() };
    const question = { params: { endpointId: id }, body, idempotencyKey: uuidv7() };
    expect(await app.gateway.call(ReplayWebhookDeliveries, question)).toEqual({
      replayed: 6,
      after: null,
    });
    await receiver.until(path, before + 6);
    await until(async () => (await deliveries({ endpointId: id, outcome: 'delivered' })).length === 7, {
      what: 'all of them',
    });
    expect(receiver.at(path)).toHaveLength(before + 6);
  });

  it('of more than is sent at once says where to go on, and that sends none twice', async () => {
    const { id, path } = await open();
    const from = app.clock.now();
    for (let i = 0; i < 5; i++) await app.probe.say(aMessage());
    await untilEnded(id, 5);
    const outcomes: 'delivered'[] = ['delivered'];
    const body = { from: from.toISOString(), to: new Date(from.getTime() + 1).toISOString(), outcomes, limit: 2 };
    const ask = (after?: string) => {
      const question = {
        params: { endpointId: id },
        body: { ...body, ...(after && { after }) },
        idempotencyKey: uuidv7(),
      };
      return app.gateway.call(ReplayWebhookDeliveries, question);
    };
    const replayed = [];
    for (let after: string | undefined; ;) {
      const answer = await ask(after);
      replayed.push(answer.replayed);
      if (!answer.after) break;
      after = answer.after;
    }
    expect(replayed).toEqual([2, 2, 1]);
    await receiver.until(path, 10);
    await untilEnded(id, 5);
    const sent = [...Map.groupBy(receiver.at(path), ({ id }) => id).values()];
    expect(sent.map((all) => all.length)).toEqual([2, 2, 2, 2, 2]);
  });
});

describe('a webhook that is to be tried again later', () => {
  const sendNow = (deliveryId: string) =>
    app.gateway.call(SendWebhookDelivery, { params: { deliveryId }, idempotencyKey: uuidv7() });

  it('is sent now when somebody asks for it, although its endpoint has asked to be left alone', async () => {
    const { id, path } = await open();
    receiver.answer(path, (_, response) => void response.writeHead(503, { 'retry-after': '3600' }).end());
    await app.probe.say(aMessage());
    const { id: deliveryId } = await untilTried(id, 1);
    receiver.answer(path, 200);
    await sendNow(deliveryId);
    expect(await untilEnded(id)).toMatchObject([{ id: deliveryId, outcome: 'delivered', attemptCount: 2 }]);
    expect(receiver.at(path)).toHaveLength(2);
    expect(receiver.at(path)[1]!.headers['webhook-test']).toBeUndefined();
    await expect(sendNow(deliveryId)).rejects.toMatchObject({
      problem: { code: 'gateway.webhook_delivery_not_scheduled' },
    });
  });

  it('keeps its place among its tries when that fails again', async () => {
    const { id, path } = await open();
    receiver.answer(path, 500);
    await app.probe.say(aMessage());
    const { id: deliveryId } = await untilTried(id, 1);
    await sendNow(deliveryId);
    await untilTried(id, 2);
    const [delivery] = await deliveries({ endpointId: id });
    expect(delivery).toMatchObject({ state: 'scheduled', attemptCount: 2 });
    expect(delivery!.dueAt!.getTime() - Date.now()).toBeGreaterThan(RETRY_AFTER_MS[1]! * 0.7);
  });
});

describe('many webhooks', () => {
  it('reach an endpoint four at a time, and slow ones hold up no other, also between two processes', async () => {
    const replica = await startApp(gatewayApp, { env: ENV, database: app.database, clock: app.clock });
    try {
      // More than there are workers.
      const slow = [];
      for (let i = 0; i < 12; i++) slow.push(await open());
      const quick = await open();
      const held: ServerResponse[] = [];
      const most = new Map<string, number>();
      const open_ = new Map<string, number>();
      const hold: Parameters<Receiver['answer']>[1] = ({ path }, response) => {
        open_.set(path, (open_.get(path) ?? 0) + 1);
        most.set(path, Math.max(most.get(path) ?? 0, open_.get(path)!));
        response.once('finish', () => open_.set(path, open_.get(path)! - 1));
        held.push(response);
      };
      for (const { path } of slow) receiver.answer(path, hold);
      await Promise.all(Array.from({ length: 6 }, () => app.probe.say(aMessage())));
      expect(await untilEnded(quick.id, 6)).toHaveLength(6);
      await until(() => held.length === 48, { what: 'four requests to each at once' });
      expect(await read(slow[0]!.id)).toMatchObject({ health: { waiting: 6 } });
      for (const { path } of slow)
        receiver.answer(path, (received, response) => (hold(received, response), response.end()));
      for (const response of held.splice(0)) response.end();
      for (const { id } of slow) await untilEnded(id, 6);
      expect(Math.max(...most.values())).toBe(4);
      for (const { path } of slow) expect(new Set(receiver.at(path).map(({ id }) => id)).size).toBe(6);
      expect(slow.flatMap(({ path }) => receiver.at(path))).toHaveLength(72);
    } finally {
      await replica.stop({ keepDatabase: true });
    }
  });

  it('are four at a time also when they are tried again at the same moment', async () => {
    const { id, path } = await open();
    receiver.answer(path, 500);
    for (let i = 0; i < 7; i++) await app.probe.say(aMessage());
    const tried = async () =>
      (await deliveries({ endpointId: id, state: 'scheduled' })).filter(({ attemptCount }) => attemptCount === 1);
    await until(async () => (await tried()).length === 7, { what: 'seven failures' });
    const held: ServerResponse[] = [];
    receiver.answer(path, (_, response) => void held.push(response));
    await hasten();
    await until(async () => (await deliveries({ endpointId: id, state: 'waiting' })).length === 3, {
      what: 'three that wait',
    });
    expect(held.length).toBeLessThanOrEqual(4);
    receiver.answer(path, 200);
    await until(() => held.length === 4, { what: 'four requests' });
    for (const response of held) response.end();
    expect(await untilEnded(id, 7)).toHaveLength(7);
    expect(receiver.at(path)).toHaveLength(14);
  });

  it('are not forgotten when the last request ends at the moment in which the next one is noted', async () => {
    const { id, path } = await open();
    const held: ServerResponse[] = [];
    receiver.answer(path, (_, response) => void held.push(response));
    for (let i = 0; i < 4; i++) await app.probe.say(aMessage());
    await until(() => held.length === 4, { what: 'four requests' });
    // As long as the end of a request is being noted, the next event has to wait.
    const { said } = await app.service.db.transaction(async (tx) => {
      await tx.query('SELECT FROM webhook_health WHERE endpoint_id = $1 FOR UPDATE', [id]);
      const said = app.probe.say(aMessage());
      const waits = `SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%webhook_health%FOR UPDATE%'`;
      await until(async () => (await app.service.db.query<unknown[]>(waits)).length > 0, {
        what: 'the next one to wait',
        // Sooner than anybody takes the held requests for lost.
        timeoutMs: 10_000,
      });
      return { said };
    });
    await said;
    receiver.answer(path, 200);
    for (const response of held) response.end();
    expect(await untilEnded(id, 5)).toHaveLength(5);
  });

  it('reach an endpoint twenty a second, the first ten at once', async () => {
    const { id } = await open();
    const waits = await app.service.db.transaction(async (tx) => {
      const rows = await tx.query<{ id: string }[]>(
        `INSERT INTO webhook_deliveries (id, endpoint_id, type, subject, sequence, body, user_ids, state, created_at)
         SELECT gen_random_uuid(), $1, 'a', 'b', 1, '{}', '{}', 'waiting', now() FROM generate_series(1, 30) RETURNING id`,
        [id],
      );
      const ids = rows.map((row) => row.id);
      await queue().schedule(tx, id, ids.slice(0, 20));
      await queue().schedule(tx, id, ids.slice(20));
      return tx.query<{ ms: number }[]>(
        `SELECT round(extract(epoch FROM due_at - now()) * 1000)::int AS ms FROM webhook_deliveries WHERE endpoint_id = $1 ORDER BY due_at`,
        [id],
      );
    });
    expect(waits.map(({ ms }) => ms)).toEqual(Array.from({ length: 30 }, (_, i) => Math.max(0, (i - 10) * 50)));
  });

  it('keep the order of a subject where that is wanted', async () => {
    const { id, path } = await open({ ordered: true });
    const [chatId, other] = [uuidv7(), uuidv7()];
    let failures = 1;
    receiver.answer(path, ({ body }, response) => {
      response.writeHead(body.data['chatId'] === chatId && body.sequence === 2 && failures-- > 0 ? 500 : 200).end();
    });
    for (let i = 0; i < 4; i++) {
      await app.probe.say(aMessage({ chatId }));
      await app.probe.say(aMessage({ chatId: other }));
    }
    await until(async () => (await deliveries({ endpointId: id, state: 'ended' })).length === 5, {
      what: 'the other subject',
    });
    const of = (chat: string) =>
      receiver
        .at(path)
        .filter(({ body }) => body.data['chatId'] === chat)
        .map(({ body }) => body.sequence);
    expect(of(chatId)).toEqual([1, 2]);
    expect(of(other)).toEqual([1, 2, 3, 4]);
    await hasten();
    await untilEnded(id, 8);
    expect(of(chatId)).toEqual([1, 2, 2, 3, 4]);
  });

  it('wait for none where order has ceased to count while they were taken in', async () => {
    const { id } = await open({ ordered: true });
    const chatId = uuidv7();
    await app.service.db.query(
      `UPDATE webhook_health SET not_before = now() + interval '1 hour' WHERE endpoint_id = $1`,
      [id],
    );
    await app.probe.say(aMessage({ chatId }));
    await until(async () => (await deliveries({ endpointId: id })).length === 1, { what: 'the first' });
    const health = app.service.nest.get(WebhooksHealthService, { strict: false });
    let second: Promise<unknown> | undefined;
    await app.service.db.transaction(async (tx) => {
      await health.lock(tx, id);
      second = app.probe.say(aMessage({ chatId }));
      const waiting = `SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%webhook_health%'`;
      await until(async () => (await app.service.db.query<object[]>(waiting)).length > 0, { what: 'who takes it in' });
      await tx.query('UPDATE webhook_endpoints SET ordered = false WHERE id = $1', [id]);
    });
    await second;
    const behind = await until(
      () =>
        app.service.db
          .query<{ isBehind: boolean }[]>(
            'SELECT is_behind AS "isBehind" FROM webhook_deliveries WHERE endpoint_id = $1 ORDER BY id',
            [id],
          )
          .then((rows) => rows.length === 2 && rows),
      { what: 'the second' },
    );
    expect(behind).toEqual([{ isBehind: false }, { isBehind: false }]);
  });

  it('begin at once when order does not count any more, and wait again when it does', async () => {
    const { id, path } = await open({ ordered: true });
    const chatId = uuidv7();
    receiver.answer(path, ({ body }, response) => void response.writeHead(body.sequence === 1 ? 500 : 200).end());
    for (let i = 0; i < 3; i++) await app.probe.say(aMessage({ chatId }));
    await until(async () => (await deliveries({ endpointId: id, state: 'waiting' })).length === 2, { what: 'two' });
    await change(id, { ordered: false });
    await untilEnded(id, 2);
    await change(id, { ordered: true });
    await app.probe.say(aMessage({ chatId }));
    await until(async () => (await deliveries({ endpointId: id, state: 'waiting' })).length === 1, { what: 'one' });
    receiver.answer(path, 200);
    await hasten();
    await untilEnded(id, 4);
  });

  it('come after one of a person who was erased', async () => {
    const { id, path } = await open({ ordered: true });
    const [chatId, userId] = [uuidv7(), uuidv7()];
    receiver.answer(path, 500);
    await app.probe.say(aMessage({ chatId, userId }));
    await untilTried(id, 1);
    receiver.answer(path, 200);
    await app.probe.say(aMessage({ chatId }));
    await until(async () => (await deliveries({ endpointId: id, state: 'waiting' })).length === 1, { what: 'one' });
    await app.service.db.transaction((tx) =>
      app.service.nest.get(WebhookDeliveriesService, { strict: false }).forgetPerson(tx, userId),
    );
    await queue().sendForgotten();
    expect(await untilEnded(id)).toMatchObject([{ outcome: 'delivered' }]);
  });

  it.each([true, false])('cost the same however many wait, ordered: %p', async (ordered) => {
    const { id, path } = await open({ ordered });
    receiver.answer(path, 500);
    const service = app.service.nest.get(WebhookDeliveriesService, { strict: false });
    const health = app.service.nest.get(WebhooksHealthService, { strict: false });
    const event = await app.probe.say(aMessage());
    const many = (count: number) => Array.from({ length: count }, () => ({ ...event, id: uuidv7() }));
    await app.service.db.transaction((tx) => service.record(tx, many(3000)));
    await app.service.db.query('ANALYZE webhook_deliveries');
    const [before, after] = await app.service.db.transaction(async (tx) => {
      const rowsRead = async () => {
        const [{ rows }] = await tx.query<[{ rows: number }]>(
          `SELECT (seq_tup_read + idx_tup_fetch)::int AS rows FROM pg_stat_xact_user_tables WHERE relname = 'webhook_deliveries'`,
        );
        return rows;
      };
      await health.lock(tx, id);
      await tx.query(
        `UPDATE webhook_deliveries SET state = 'scheduled', due_at = now() + interval '1 hour', sending_until = NULL
        WHERE endpoint_id = $1 AND state <> 'waiting'`,
        [id],
      );
      const before = await rowsRead();
      await service.record(tx, many(1));
      return [before, await rowsRead()];
    });
    expect(after - before).toBeLessThan(100);
  });

  it('are sent at once after the clock of the database was ahead', async () => {
    const { id, path } = await open();
    await app.service.db.query(`UPDATE webhook_health SET next_slot_at = now() + interval '1 day'`);
    await app.probe.say(aMessage());
    const { dueInMs } = await until(
      async () => {
        const rows = await app.service.db.query<{ dueInMs: number | null }[]>(
          `SELECT extract(epoch FROM due_at - now())::float8 * 1000 AS "dueInMs" FROM webhook_deliveries WHERE endpoint_id = $1`,
          [id],
        );
        return rows[0];
      },
      { what: 'a delivery' },
    );
    expect(dueInMs ?? 0).toBeLessThan(61_000);
    await hasten();
    await receiver.until(path);
  });
});

describe('a process that is killed', () => {
  it('before it has sent, loses nothing', async () => {
    const { id, path } = await open();
    // As if the process were gone right after it had taken the delivery upon itself.
    const claim = queue().claim.bind(queue());
    jest.spyOn(queue(), 'claim').mockImplementationOnce(async (deliveryId) => {
      await claim(deliveryId);
      return undefined;
    });
    await app.probe.say(aMessage());
    await until(async () => (await deliveries({ endpointId: id, state: 'sending' })).length === 1, { what: 'a claim' });
    expect(receiver.at(path)).toEqual([]);
    await hasten();
    expect(await untilEnded(id)).toMatchObject([{ outcome: 'delivered', attemptCount: 2 }]);
    expect(receiver.at(path)).toHaveLength(1);
  });

  it('whenever it sends, does so ten times and no more', async () => {
    const { id } = await open();
    const claim = queue().claim.bind(queue());
    jest.spyOn(queue(), 'claim').mockImplementation(async (deliveryId) => {
      await claim(deliveryId);
      return undefined;
    });
    await app.probe.say(aMessage());
    const ended = await until(
      async () => {
        const [delivery] = await deliveries({ endpointId: id });
        if (delivery?.state === 'sending') await hasten();
        return delivery?.state === 'ended' && delivery;
      },
      { what: 'the end' },
    );
    expect(ended).toMatchObject({ outcome: 'failed', reason: 'exhausted', attemptCount: 10 });
    expect((await log(ended.id)).attempts.map(({ error }) => error)).toEqual(
      Array.from({ length: 10 }, () => 'interrupted'),
    );
    await app.probe.until(WebhookDeliveryFailed, ({ data }) => data.deliveryId === ended.id);
  });

  it('at any statement, loses nothing and says nothing twice', async () => {
    const within = new AsyncLocalStorage<true>();
    let countdown = Infinity;
    let asked = 0;
    const dies = () => {
      if (!within.getStore()) return;
      asked++;
      if (--countdown === 0) throw new Error('killed');
    };
    // Before a statement it is as if the process had ended there, and after a commit as if nobody had heard of it.
    const subscriber = {
      beforeQuery: dies,
      afterQuery: ({ query }: { query: string }) => void (query === 'COMMIT' && dies()),
    };
    app.service.db.subscribers.push(subscriber);
    const { claim } = WebhookQueueService.prototype;
    const { settle } = WebhookOutcomesService.prototype;
    jest.spyOn(queue(), 'claim').mockImplementation((...args) => within.run(true, () => claim.apply(queue(), args)));
    jest
      .spyOn(outcomes(), 'settle')
      .mockImplementation((...args) => within.run(true, () => settle.apply(outcomes(), args)));
    const deliver = async () => {
      const { id, path } = await open();
      await app.probe.say(aMessage());
      const ended = await until(
        async () => {
          const [delivery] = await deliveries({ endpointId: id });
          if (countdown <= 0 && delivery?.state !== 'ended') await hasten();
          return delivery?.state === 'ended' && delivery;
        },
        { what: 'the end of the delivery' },
      );
      expect(ended).toMatchObject({ outcome: 'delivered' });
      expect(new Set(receiver.at(path).map((each) => `${each.id} ${each.text}`)).size).toBe(1);
      const { data } = await app.probe.until(WebhookDeliveryCompleted, ({ data }) => data.deliveryId === ended.id);
      expect(
        app.probe.all(WebhookDeliveryCompleted).filter((event) => event.data.deliveryId === data.deliveryId),
      ).toHaveLength(1);
      await app.service.db.query('DELETE FROM webhook_endpoints');
    };
    try {
      await deliver();
      const statements = asked;
      expect(statements).toBeGreaterThan(15);
      for (let at = 1; at <= statements; at++) {
        countdown = at;
        await deliver();
        expect(countdown).toBeLessThanOrEqual(0);
      }
    } finally {
      app.service.db.subscribers.splice(app.service.db.subscribers.indexOf(subscriber), 1);
    }
  });

  it('before it has noted what came of it, sends it again under the same id', async () => {
    const { id, path } = await open();
    jest.spyOn(outcomes(), 'settle').mockRejectedValueOnce(new Error('killed'));
    await app.probe.say(aMessage());
    await receiver.until(path);
    await until(async () => (await deliveries({ endpointId: id, state: 'sending' })).length === 1, {
      what: 'the claim',
    });
    await hasten();
    const [first, second] = await receiver.until(path, 2);
    expect([second!.id, second!.text]).toEqual([first!.id, first!.text]);
    expect(await untilEnded(id)).toMatchObject([{ outcome: 'delivered', attemptCount: 2 }]);
  });

  it('is not missed: what has lost its job, or waits for nobody, is found', async () => {
    const { id, path } = await open();
    receiver.answer(path, 500);
    await app.probe.say(aMessage());
    await untilTried(id, 1);
    receiver.answer(path, 200);
    await app.service.db.query('DELETE FROM gateway_jobs._private_jobs');
    await app.service.db.query(
      `UPDATE webhook_deliveries SET due_at = now() - interval '2 minutes' WHERE endpoint_id = $1`,
      [id],
    );
    expect(await queue().sendForgotten()).toBeGreaterThan(0);
    expect(await untilEnded(id)).toMatchObject([{ outcome: 'delivered' }]);
    await app.probe.say(aMessage());
    await untilEnded(id, 2);
    await app.service.db.query(
      `UPDATE webhook_deliveries SET state = 'waiting', outcome = NULL, is_replay = true WHERE endpoint_id = $1`,
      [id],
    );
    await queue().sendForgotten();
    await receiver.until(path, 5);
    await until(async () => (await deliveries({ endpointId: id, outcome: 'delivered' })).length === 2, {
      what: 'both',
    });
  });

  it('or stops, waits for the answers that are on their way', async () => {
    const other = await startApp(gatewayApp, { env: ENV });
    const path = '/stops';
    const question = { body: { url: receiver.url(path), types: [TYPE] }, idempotencyKey: uuidv7() };
    await other.gateway.call(OpenWebhookEndpoint, question);
    const held = Promise.withResolvers<ServerResponse>();
    receiver.answer(path, (_, response) => held.resolve(response));
    await other.probe.say(aMessage());
    const response = await held.promise;
    const stopped = other.stop({ keepDatabase: true });
    response.writeHead(204).end();
    await stopped;
    const again = await startApp(gatewayApp, { env: ENV, database: other.database });
    expect((await again.gateway.call(ListWebhookDeliveries)).data).toMatchObject([
      { outcome: 'delivered', attemptCount: 1 },
    ]);
    await again.stop();
  });
});

it('nothing that names a person is left of one who was erased, sent or not', async () => {
  const { id, path } = await open();
  const [gone, stays] = [uuidv7(), uuidv7()];
  receiver.answer(path, 500);
  await app.probe.say(aMessage({ userId: gone }));
  await app.probe.say(aMessage({ userId: stays }));
  await until(async () => (await deliveries({ endpointId: id, state: 'scheduled' })).length === 2, { what: 'both' });
  expect(await tablesWith(app, gone)).toContain('webhook_deliveries');
  expect(await erasePerson(app, gone)).toEqual([]);
  const left = await deliveries({ endpointId: id });
  expect(left).toHaveLength(1);
  expect((await log(left[0]!.id)).body).toContain(stays);
});

it('what is thirty days old is forgotten', async () => {
  const { id } = await open();
  const now = app.clock.now();
  app.clock.advance(-31 * 24 * HOUR_MS);
  await app.service.db.query('SELECT 1');
  await app.gateway.call(TestWebhookEndpoint, { params: { endpointId: id }, idempotencyKey: uuidv7() });
  await untilEnded(id);
  app.clock.set(now);
  await app.gateway.call(TestWebhookEndpoint, { params: { endpointId: id }, idempotencyKey: uuidv7() });
  await untilEnded(id, 2);
  await app.service.nest
    .get(Schedules, { strict: false })
    .runSlot('forget-webhook-deliveries', new Date(Date.now() + YEAR_MS));
  await until(async () => (await deliveries({ endpointId: id })).length === 1, { what: 'the old one to go' });
  expect((await deliveries({ endpointId: id }))[0]!.createdAt).toEqual(now);
});
