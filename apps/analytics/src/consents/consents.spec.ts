import { ConsentGiven, ConsentWithdrawn, type CloudEvent } from '@switchboard/contracts';
import { erasePerson, startApp, tablesWith, type TestApp, until } from '@switchboard/testing';
import { v7 as uuidv7 } from 'uuid';
import { aMessage, aPerson, ask, aUsage, clear, consents, measuresOf, say, withdraws } from '../../test/build';
import { analyticsApp } from '../analytics.app';

let app: TestApp;
beforeAll(async () => {
  app = await startApp(analyticsApp);
});
afterAll(() => app.stop());
beforeEach(() => clear(app));

const eventsOf = async (userId: string) =>
  (await ask<{ type: string }>(app, 'SELECT type FROM events WHERE user_id = $1', [userId]))
    .map(({ type }) => type)
    .filter((type) => !type.startsWith('gateway.'));

const decision = (userId: string, purpose = 'analytics') =>
  ({ consentId: uuidv7(), userId, purpose, version: '1', source: 'bot' }) as const;

describe('consent', () => {
  it('counts from when it is given, and ends with its withdrawal, which deletes what was kept', async () => {
    const userId = uuidv7();
    await say(app, aMessage({ userId }));
    await consents(app, userId);
    await say(app, aMessage({ userId }));
    await say(app, { type: 'shop.parcel.sent.v1', subject: 's', data: { userId } });
    expect(await eventsOf(userId)).toHaveLength(1);
    await withdraws(app, userId);
    await say(app, aMessage({ userId }));
    expect(await tablesWith(app, userId)).toEqual(['consents']);
    expect(await measuresOf(app, 'bot-adapter.message.received')).toEqual({ events: [3, 0] });
    await consents(app, userId);
    await say(app, aMessage({ userId }));
    expect(await eventsOf(userId)).toEqual([]);
    app.clock.advance(1000);
    await consents(app, userId);
    await say(app, aMessage({ userId }));
    expect(await eventsOf(userId)).toHaveLength(1);
  });

  it('is what was decided last, in whichever order it is heard', async () => {
    const userId = uuidv7();
    const [first, second] = [0, 1000].map((ms) => new Date(app.clock.now().getTime() + ms).toISOString());
    await app.probe.say(ConsentWithdrawn({ ...decision(userId), withdrawnAt: second! }));
    await app.probe.say(ConsentGiven({ ...decision(userId), givenAt: first! }));
    await say(app, aMessage({ userId }));
    expect(await eventsOf(userId)).toEqual([]);
  });

  it('to something else is none', async () => {
    const userId = uuidv7();
    await app.probe.say(ConsentGiven({ ...decision(userId, 'marketing'), givenAt: app.clock.now().toISOString() }));
    await say(app, aMessage({ userId }));
    expect(await ask(app, 'SELECT FROM consents')).toEqual([]);
    expect(await eventsOf(userId)).toEqual([]);
  });

  it('that is withdrawn while events are being stored leaves none of them behind', async () => {
    const people = await Promise.all(Array.from({ length: 5 }, () => aPerson(app)));
    app.clock.advance(1000);
    const said: Promise<CloudEvent>[] = [];
    for (let i = 0; i < 60; i++) said.push(say(app, aUsage({ userId: people[i % 5]! })));
    await Promise.all([...people.map((userId) => withdraws(app, userId)), ...said]);
    expect(await ask(app, 'SELECT FROM events WHERE user_id IS NOT NULL')).toEqual([]);
    expect(await measuresOf(app, 'chat-ai.usage.recorded')).toMatchObject({ events: [60, 0] });
  });
});

describe('the erasure of a person', () => {
  it('leaves nothing of them but counts, also of what comes after it', async () => {
    const userId = await aPerson(app);
    await say(app, aMessage({ userId }));
    await say(app, { type: 'shop.parcel.sent.v1', subject: 's', data: { userId } });
    expect(await erasePerson(app, userId)).toEqual([]);
    await say(app, aMessage({ userId }));
    // What they had decided before may come late.
    await consents(app, userId);
    await say(app, aMessage({ userId }));
    expect((await tablesWith(app, userId)).filter((table) => !['person_keys', 'outbox'].includes(table))).toEqual([]);
    expect(await measuresOf(app, 'bot-adapter.message.received')).toEqual({ events: [3, 0] });
  });

  it('is waited for by nobody for long', async () => {
    const [one, other] = [await aPerson(app), await aPerson(app)];
    await Promise.all([
      erasePerson(app, one),
      ...Array.from({ length: 20 }, () => say(app, aUsage({ userId: other }))),
    ]);
    await until(async () => (await eventsOf(other)).length === 20, { what: 'the events of the other' });
  });
});
