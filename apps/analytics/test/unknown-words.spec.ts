import { ConsentGiven, ConsentWithdrawn, events, ExposureRecorded, publishedSchema } from '@switchboard/contracts';
import { hearsUnknownWords, startApp, type TestApp } from '@switchboard/testing';
import { v7 as uuidv7 } from 'uuid';
import { analyticsApp } from '../src/analytics.app';
import { nameOf } from '../src/rollups/event-rules';
import { aPerson, ask, clear, say } from './build';

/** A newer version of another service says words that this one has never heard of. */
describe('words that analytics does not know', () => {
  let app: TestApp;

  beforeAll(async () => {
    app = await startApp(analyticsApp);
  });
  afterAll(() => app.stop());

  it('keep no event from being applied', async () => {
    const decision = { consentId: uuidv7(), userId: uuidv7(), purpose: 'analytics', version: '1', source: 'bot' };
    const at = new Date().toISOString();
    // Consent to something that it does not know is none of its business.
    await hearsUnknownWords(
      app,
      analyticsApp,
      {
        [ConsentGiven.type]: () => ConsentGiven({ ...decision, givenAt: at }),
        [ConsentWithdrawn.type]: () => ConsentWithdrawn({ ...decision, withdrawnAt: at }),
        [ExposureRecorded.type]: () =>
          ExposureRecorded({
            experimentId: uuidv7(),
            experiment: 'lumen-warm',
            arm: 'warm',
            userId: uuidv7(),
            reason: 'assigned',
          }),
      },
      ['purpose'],
    );
  });

  it.each(events.map((definition) => [definition.type, definition] as const))(
    'keep no %s from being stored, nor do fields',
    async (type, definition) => {
      await clear(app);
      const userId = await aPerson(app);
      const data = sampleOf(publishedSchema(definition) as Shape, userId) as Record<string, unknown>;
      if ('userId' in data) data['userId'] = userId;
      await say(app, { type, subject: 's', data: { ...data, neverHeardOf: { deep: ['zebra'] } } });
      expect(await ask(app, 'SELECT type, reason, detail FROM quarantined_events')).toEqual([]);
      const counted = await ask<{ events: number }>(
        app,
        `SELECT events::int FROM measures WHERE minutes = 5 AND measure = 'events' AND type = $1`,
        [nameOf(type)],
      );
      const isOfPerson = 'userId' in data || 'chatId' in data;
      // Of an event that names a chat and nobody it is not known whether its person has consented.
      if (isOfPerson || counted.length > 0) expect(counted[0]?.events).toBeGreaterThanOrEqual(1);
      expect(await ask(app, `SELECT FROM events WHERE props::text LIKE '%zebra%'`)).toEqual([]);
    },
  );
});

interface Shape {
  $ref?: string;
  allOf?: Shape[];
  anyOf?: Shape[];
  type?: string;
  format?: string;
  pattern?: string;
  minimum?: number;
  maximum?: number;
  examples?: unknown[];
  properties?: Record<string, Shape>;
  items?: Shape;
  definitions?: Record<string, Shape>;
}

const WORDS = [
  'never_heard_of',
  'lumen',
  'nv-Latn-US',
  'application/x-never-heard-of',
  'a'.repeat(64),
  'lumen-greeting',
  'chat-ai.prompts.published',
];

/** Data that fits a schema, with words that nobody knows where words are open. */
function sampleOf(shape: Shape, userId: string, definitions = shape.definitions ?? {}): unknown {
  const sample = (inner: Shape) => sampleOf(inner, userId, definitions);
  if (shape.$ref) return sample(definitions[shape.$ref.replace('#/definitions/', '')]!);
  const [first] = shape.allOf ?? shape.anyOf ?? [];
  if (first) return sample(first);
  if (shape.properties)
    return Object.fromEntries(Object.entries(shape.properties).map(([name, inner]) => [name, sample(inner)]));
  switch (shape.type) {
    case 'array':
      return [sample(shape.items!)];
    case 'integer':
    case 'number':
      return Math.max(shape.minimum ?? 1, Math.min(1, shape.maximum ?? 1));
    case 'boolean':
      return true;
    case 'object':
      return {};
  }
  if (shape.format === 'uuid') return uuidv7();
  if (shape.format === 'date-time') return '2026-11-27T12:00:00.000Z';
  if (!shape.pattern) return 'some words';
  return WORDS.find((word) => new RegExp(shape.pattern!).test(word));
}
