import {
  type CloudEvent,
  ConsentGiven,
  ErasureRequested,
  events,
  RecordUiEvents,
  uiEvents,
} from '@switchboard/contracts';
import { erasePerson, startApp, tablesWith, type TestApp } from '@switchboard/testing';
import { v7 as uuidv7 } from 'uuid';
import { analyticsApp } from '../src/analytics.app';
import { EventsService } from '../src/events/events.service';
import { aPerson, ask, clear, eventAt, withdraws } from './build';
import { sampleOf } from './samples';

const DAY_MS = 86_400_000;
const WORDS = 'some words';

/** All that is said of people, but for what is a decision of theirs about this. */
const ofPeople = events.filter(
  ({ type, schema }) =>
    ('userId' in schema.shape || 'chatId' in schema.shape) &&
    type !== ConsentGiven.type &&
    type !== ErasureRequested.type,
);

let app: TestApp;
beforeAll(async () => {
  app = await startApp(analyticsApp);
});
afterAll(() => app.stop());
beforeEach(() => clear(app));

interface Somebody {
  readonly userId: string;
  readonly chatId: string;
}

/** Every event of the catalogue about somebody, with all fields that it may have; and the ids in it. */
function allOf({ userId, chatId }: Somebody, at: Date, spoil = false): CloudEvent[] {
  return ofPeople.map((definition) => {
    const data = sampleOf(definition);
    if ('userId' in data) data['userId'] = userId;
    if ('chatId' in data) data['chatId'] = chatId;
    const [field] = Object.keys(data).filter((name) => name !== 'userId' && name !== 'chatId');
    if (spoil && field) data[field] = { [WORDS]: WORDS };
    return eventAt(at, { type: definition.type, subject: userId, data });
  });
}

const receive = (said: CloudEvent[]) =>
  app.service.db.transaction((tx) => app.service.nest.get(EventsService, { strict: false }).receive(tx, said));
/** By the bus, to all who hear it. */
const hear = (said: CloudEvent[]) =>
  Promise.all(said.map(({ id, time, ...draft }) => app.probe.say(draft, { id, time })));

/** Tables that name them, or hold anything that was written; but for names of models, by which sums are told apart. */
const traces = async ({ userId, chatId }: Somebody) => [
  ...(await tablesWith(app, userId)),
  ...(await tablesWith(app, chatId)),
  ...(await tablesWith(app, WORDS)).filter((table) => !['measures', 'anonymous_measures'].includes(table)),
];

describe('of somebody who does not consent', () => {
  const somebody = (): Somebody => ({ userId: uuidv7(), chatId: uuidv7() });

  it('no event of the catalogue leaves anything', async () => {
    expect(ofPeople.length).toBeGreaterThan(30);
    const silent = somebody();
    await hear(allOf(silent, app.clock.now()));
    expect(await traces(silent)).toEqual([]);
    expect(await ask(app, 'SELECT reason, detail FROM quarantined_events')).toEqual([]);
  });

  it('nor does one that comes too late, or fits no contract, or that nobody knows', async () => {
    const silent = somebody();
    const now = app.clock.now();
    await receive(allOf(silent, new Date(now.getTime() - 8 * DAY_MS)));
    await receive(allOf(silent, now, true));
    await receive(allOf(silent, now).map((event) => ({ ...event, type: 'shop.parcel.sent.v1', id: uuidv7() })));
    expect(await traces(silent)).toEqual([]);
    expect(await ask(app, 'SELECT FROM quarantined_events WHERE event IS NOT NULL')).toEqual([]);
  });

  it('nor does what their pages say, of which everything is kept of others', async () => {
    const silent = somebody();
    const now = app.clock.now();
    const post = (id: string) => {
      const body = {
        ...{ app: 'cabinet', platform: 'web', tzOffset: 180, sentAt: now.toISOString() },
        events: uiEvents.map((definition) => ({
          ...{ id: uuidv7(), type: definition.type, at: now.toISOString(), data: sampleOf(definition) },
        })),
      };
      return app.gateway.call(
        RecordUiEvents,
        { body, headers: {} },
        { actor: { kind: 'person', id, roles: [], scopes: ['me:*'] } },
      );
    };
    expect(await post(await aPerson(app))).toMatchObject({ stored: uiEvents.length, quarantined: 0 });
    expect(await post(silent.userId)).toEqual({ stored: 0, known: 0, quarantined: 0 });
    expect(await traces(silent)).toEqual([]);
  });

  it('any more, nothing stays of what there was, but for the decision; and of who was erased not even that', async () => {
    const userId = await aPerson(app);
    const changed = { userId, chatId: uuidv7() };
    await hear(allOf(changed, app.clock.now()));
    await receive(allOf(changed, app.clock.now(), true));
    expect((await tablesWith(app, userId)).sort()).toEqual(
      expect.arrayContaining(['active_people', 'consents', 'events', 'people', 'quarantined_events']),
    );
    app.clock.advance(1000);
    await withdraws(app, userId);
    expect(await tablesWith(app, userId)).toEqual(['consents']);
    expect(await tablesWith(app, changed.chatId)).toEqual([]);
    expect(await erasePerson(app, userId)).toEqual([]);
  });
});
