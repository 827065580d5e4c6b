import { ConsentGiven, ConsentWithdrawn, ErasureRequested, events, ExposureRecorded } from '@switchboard/contracts';
import { hearsUnknownWords, startApp, type TestApp } from '@switchboard/testing';
import { v7 as uuidv7 } from 'uuid';
import { analyticsApp } from '../src/analytics.app';
import { nameOf } from '../src/rollups/event-rules';
import { aPerson, ask, clear, say } from './build';
import { sampleOf } from './samples';

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
      const data = sampleOf(definition);
      if ('userId' in data) data['userId'] = userId;
      await say(app, { type, subject: 's', data: { ...data, neverHeardOf: { deep: ['zebra'] } } });
      expect(await ask(app, 'SELECT type, reason, detail FROM quarantined_events')).toEqual([]);
      const counted = await ask<{ events: number }>(
        app,
        `SELECT events::int FROM measures WHERE minutes = 5 AND measure = 'events' AND type = $1`,
        [nameOf(type)],
      );
      // The consent of the person above is one, too.
      expect(counted).toEqual([{ events: type === ConsentGiven.type ? 2 : 1 }]);
      // Of an event that names a chat and nobody it is not known whether its person has consented.
      const isKept = 'userId' in data || !('chatId' in data);
      const kept = await ask<{ props: object }>(app, 'SELECT props FROM events WHERE type = $1', [nameOf(type)]);
      // One of them has what is kept of its person erased, soon after.
      if (type !== ErasureRequested.type) expect(kept.length > 0).toBe(isKept);
      expect(JSON.stringify(kept)).not.toContain('zebra');
    },
  );
});
