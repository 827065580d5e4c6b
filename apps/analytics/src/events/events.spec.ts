import {
  AuditEntryAppendRequested,
  ContactBlocked,
  ListQuarantinedEvents,
  type CloudEvent,
  ReplayQuarantinedEvents,
  ReplyCompleted,
} from '@switchboard/contracts';
import { Schedules } from '@switchboard/service-kit';
import { startApp, tablesWith, type TestApp, until } from '@switchboard/testing';
import { v4 as uuidv4, v7 as uuidv7 } from 'uuid';
import {
  aMessage,
  aPerson,
  ask,
  aSpeech,
  aUsage,
  clear,
  eventAt,
  measuresOf,
  runScheduled,
  say,
} from '../../test/build';
import { analyticsApp } from '../analytics.app';
import { EventsService } from './events.service';

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;

let app: TestApp;
beforeAll(async () => {
  app = await startApp(analyticsApp);
});
afterAll(() => app.stop());
beforeEach(() => clear(app));

const stored = () =>
  // But for what made their people consent, which is kept when it was applied before it is stored.
  ask<Record<string, unknown>>(app, `SELECT * FROM events WHERE type <> 'gateway.consent.given' ORDER BY occurred_at`);
const quarantined = () =>
  ask<{ type: string; reason: string; detail: string; event: unknown }>(
    app,
    'SELECT type, reason, detail, event FROM quarantined_events ORDER BY id',
  );

const receive = (...events: CloudEvent[]) =>
  app.service.db.transaction((tx) => app.service.nest.get(EventsService, { strict: false }).receive(tx, events));

describe('the event store', () => {
  it('keeps an event without what is personal in it', async () => {
    const userId = await aPerson(app);
    const event = await say(app, aMessage({ userId, kind: 'voice', senderName: 'A Zebra' }));
    expect(await stored()).toEqual([
      {
        event_id: event.id,
        type: 'bot-adapter.message.received',
        version: 1,
        source: 'bot-adapter',
        subject: event.subject,
        occurred_at: new Date(event.time),
        received_at: app.clock.now(),
        user_id: userId,
        bot_id: 'lumen',
        platform: 'telegram',
        locale: 'en',
        session_id: null,
        app_version: null,
        tz_offset: null,
        experiments: null,
        props: expect.objectContaining({ kind: 'voice', inGroup: false, chatId: event.subject }),
      },
    ]);
    // Neither in the clear nor as ciphertext.
    expect(Object.keys((await stored())[0]!['props'] as object).sort()).toEqual([
      'chatId',
      'inGroup',
      'kind',
      'messageId',
      'sentAt',
    ]);
    expect(await tablesWith(app, 'ebra')).toEqual([]);
  });

  it('drops personal values that came in the clear, and fields no contract knows', async () => {
    const userId = await aPerson(app);
    const { data, ...draft } = aMessage({ userId });
    const media = { mediaId: uuidv7(), kind: 'document', mimeType: 'text/plain', fileName: 'zebra.txt' };
    await receive(eventAt(app.clock.now(), { ...draft, data: { ...data, media, nickname: 'Zebra' } }));
    expect(await ask(app, `SELECT props->'media' AS media FROM events WHERE type LIKE 'bot%'`)).toEqual([
      { media: { mediaId: media.mediaId, kind: 'document', mimeType: 'text/plain' } },
    ]);
    expect(await tablesWith(app, 'ebra')).toEqual([]);
  });

  it('keeps and counts an event once, however often it comes, together and apart', async () => {
    const userId = await aPerson(app);
    const event = eventAt(app.clock.now(), aUsage({ userId }));
    await receive(event, event);
    await receive(event);
    await Promise.all([receive(event), receive(event)]);
    expect(await ask(app, `SELECT FROM events WHERE event_id = $1`, [event.id])).toHaveLength(1);
    expect(await measuresOf(app, 'chat-ai.usage.recorded')).toMatchObject({ events: [1, 0], costMicros: [1, 450] });
  });

  it('of who has not consented keeps nothing, and counts money and what shows whether it works', async () => {
    const userId = uuidv7();
    await say(app, aUsage({ userId }));
    await say(app, aMessage({ userId }));
    await say(app, aSpeech());
    expect(await stored()).toEqual([]);
    expect(await tablesWith(app, userId)).toEqual([]);
    expect(await measuresOf(app, 'chat-ai.usage.recorded')).toMatchObject({ events: [1, 0], costMicros: [1, 450] });
    expect(await measuresOf(app, 'bot-adapter.message.received')).toEqual({ events: [1, 0] });
    expect(await measuresOf(app, 'tts-worker.speech.completed')).toMatchObject({ durationMs: [1, 1500] });
  });

  it('keeps no ids of other people', async () => {
    const userId = await aPerson(app);
    const other = uuidv7();
    const { data, ...draft } = ContactBlocked({
      chatId: uuidv7(),
      botId: 'lumen',
      channel: 'telegram',
      userId,
      contactId: uuidv7(),
    });
    await receive(eventAt(app.clock.now(), { ...draft, data: { ...data, invitedByUserId: other } }));
    expect(await tablesWith(app, other)).toEqual([]);
  });

  it('keeps of what nobody did neither who asked for it nor words', async () => {
    const staffId = uuidv7();
    const entry = AuditEntryAppendRequested({
      actor: { kind: 'person', id: staffId },
      action: 'chat-ai.prompts.publish',
      resourceType: 'person',
      resourceId: staffId,
      reason: 'a peculiar zebra',
    });
    await say(app, entry);
    expect(await stored()).toMatchObject([{ user_id: null, subject: null, props: { resourceType: 'person' } }]);
    expect(await tablesWith(app, staffId)).toEqual([]);
  });

  it('takes an event of a month that has no partition yet, and of the last moment of a year', async () => {
    const userId = await aPerson(app);
    const { clock } = app;
    const before = clock.now();
    try {
      clock.set(new Date('2031-01-01T00:00:00.000Z'));
      await receive(
        eventAt(new Date('2030-12-31T23:59:59.999Z'), aUsage({ userId })),
        eventAt(new Date('2031-01-01T00:00:00.000Z'), aUsage({ userId })),
      );
      const names = await ask<{ name: string }>(
        app,
        `SELECT tableoid::regclass::text AS name FROM events WHERE type LIKE 'chat%' ORDER BY occurred_at`,
      );
      expect(names.map(({ name }) => name)).toEqual(['events_203012', 'events_203101']);
    } finally {
      clock.set(before);
    }
  });

  it('has the partitions of the coming months made ahead', async () => {
    const { clock } = app;
    const before = clock.now();
    try {
      clock.set(new Date('2034-12-31T23:59:00Z'));
      await app.service.nest.get(Schedules).runSlot('make-event-partitions', new Date('2034-12-31T23:40:00Z'));
      await until(
        async () => {
          const [row] = await ask<{ last: string | null }>(app, `SELECT to_regclass('events_203502')::text AS last`);
          return row!.last !== null;
        },
        { what: 'February' },
      );
    } finally {
      clock.set(before);
    }
  });
});

describe('the quarantine', () => {
  const stranger = (data: object) => ({ type: 'shop.parcel.sent.v3', subject: 's', data });

  it('holds what no contract describes and what does not fit its contract, without personal values', async () => {
    const userId = await aPerson(app);
    const { data, ...draft } = aMessage({ userId, senderName: 'A Zebra' });
    await say(app, stranger({ userId, weight: 3 }));
    await app.probe.say({ ...draft, data: { ...data, kind: 'NOT A WORD' } });
    expect(await quarantined()).toEqual([
      {
        type: 'shop.parcel.sent.v3',
        reason: 'unknown_type',
        detail: 'no contract describes shop.parcel.sent.v3',
        event: expect.objectContaining({ data: { userId, weight: 3 } }),
      },
      {
        type: draft.type,
        reason: 'invalid',
        detail: 'kind: invalid_format',
        event: expect.objectContaining({ source: 'bot-adapter' }),
      },
    ]);
    expect(await tablesWith(app, 'ebra')).toEqual([]);
    expect(await stored()).toEqual([]);
  });

  it('holds nothing that is never kept, such as ids of other people, and needs none of it to try again', async () => {
    const userId = await aPerson(app);
    const [other, staffId] = [uuidv7(), uuidv7()];
    const late = new Date(app.clock.now().getTime() - 8 * DAY_MS);
    const entry = AuditEntryAppendRequested({
      actor: { kind: 'person', id: staffId },
      action: 'chat-ai.prompts.publish',
      resourceType: 'person',
      resourceId: staffId,
      reason: 'a peculiar zebra',
    });
    const contact = { chatId: uuidv7(), botId: 'lumen', channel: 'telegram', userId, contactId: uuidv7() };
    const { data, ...blocked } = ContactBlocked(contact);
    await receive(
      eventAt(new Date(late.getTime() - 1), entry),
      eventAt(late, { ...blocked, data: { ...data, invitedByUserId: other } }),
      eventAt(late, { ...stranger({ userId, ownerId: other, texts: { en: 'Zebra' } }), subject: other }),
    );
    expect(await quarantined()).toHaveLength(3);
    for (const hidden of [other, staffId, 'ebra']) expect(await tablesWith(app, hidden)).toEqual([]);
    expect(await app.gateway.call(ReplayQuarantinedEvents, { body: {} })).toEqual({ stored: 2, left: 1 });
    expect(await stored()).toMatchObject([
      { type: 'gateway.audit-entry.append-requested', subject: null },
      { type: 'bot-adapter.contact.blocked', subject: blocked.subject },
    ]);
  });

  it('holds what lies too far in the future or in the past', async () => {
    const userId = await aPerson(app);
    const at = (ms: number) => eventAt(new Date(app.clock.now().getTime() + ms), aUsage({ userId }));
    await receive(at(6 * MINUTE_MS), at(4 * MINUTE_MS), at(-7 * DAY_MS - MINUTE_MS), at(-7 * DAY_MS + MINUTE_MS));
    expect((await quarantined()).map(({ reason }) => reason)).toEqual(['from_the_future', 'too_old']);
    expect(await measuresOf(app, 'chat-ai.usage.recorded')).toMatchObject({ events: [2, 0] });
  });

  it('takes what came so late that the bus did not deliver it, and of who has not consented nothing but that', async () => {
    const [userId, silent] = [await aPerson(app), uuidv7()];
    const late = new Date(app.clock.now().getTime() - 10 * DAY_MS);
    await say(app, aUsage({ userId }), late);
    await say(app, aUsage({ userId: silent }), late);
    const dead = () => ask(app, `SELECT FROM parked_events WHERE consumer = 'events'`);
    await until(async () => (await dead()).length === 2, { what: 'the dead letters' });
    expect(await quarantined()).toEqual([]);
    await runScheduled(app, 'quarantine-misdated-events');
    await until(async () => (await quarantined()).length === 2, { what: 'the quarantine' });
    expect((await quarantined()).map(({ reason, event }) => [reason, event !== null]).sort()).toEqual([
      ['too_old', false],
      ['too_old', true],
    ]);
    expect(await dead()).toEqual([]);
    expect(await tablesWith(app, silent)).toEqual([]);
    expect(await app.gateway.call(ReplayQuarantinedEvents, { body: {} })).toEqual({ stored: 1, left: 0 });
  });

  it('holds nothing but the reason of who has not consented', async () => {
    const userId = uuidv7();
    await say(app, stranger({ userId, weight: 3 }));
    await say(app, stranger({ chatId: uuidv4(), weight: 3 }));
    expect((await quarantined()).map(({ reason, event }) => [reason, event])).toEqual([
      ['unknown_type', null],
      ['unknown_type', null],
    ]);
    expect(await tablesWith(app, userId)).toEqual([]);
  });

  it('is counted, seen and tried again by an operator', async () => {
    const userId = await aPerson(app);
    const now = app.clock.now().getTime();
    const { data, ...draft } = ReplyCompleted({
      replyId: uuidv7(),
      chatId: uuidv7(),
      botId: 'lumen',
      userId,
      locale: 'en',
      text: 'a peculiar zebra',
      outcome: 'answered',
      answers: [uuidv7()],
    });
    // Its text, without which it does not fit, is not kept.
    await app.probe.say({ ...draft, data }, { time: new Date(now - 8 * DAY_MS).toISOString() });
    await say(app, stranger({ userId }));
    const metrics = await (await fetch(`${app.url}/metrics`)).text();
    expect(metrics).toMatch(/analytics_quarantined_events\{reason="too_old",.*\} 1/);

    const page = await app.gateway.call(ListQuarantinedEvents, { query: { limit: 1 } });
    expect(page.data).toMatchObject([{ reason: 'unknown_type', replayable: true }]);
    const rest = await app.gateway.call(ListQuarantinedEvents, { query: { limit: 1, after: page.page.next! } });
    expect(rest.data).toMatchObject([{ type: 'chat-ai.reply.completed.v1', reason: 'too_old' }]);

    expect(await app.gateway.call(ReplayQuarantinedEvents, { body: {} })).toEqual({ stored: 1, left: 1 });
    expect(await measuresOf(app, 'chat-ai.reply.completed')).toEqual({ events: [1, 0] });
    expect((await quarantined()).map(({ reason }) => reason)).toEqual(['unknown_type']);
  });
});
