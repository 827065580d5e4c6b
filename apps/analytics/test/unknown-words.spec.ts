import { hearsUnknownWords, startApp, type TestApp } from '@switchboard/testing';
import { analyticsApp } from '../src/analytics.app';

/** A newer version of another service says words that this one has never heard of. */
describe('words that analytics does not know', () => {
  let app: TestApp;

  beforeAll(async () => {
    app = await startApp(analyticsApp);
  });
  afterAll(() => app.stop());

  it('keep no event from being applied', () =>
    // A sample of each event that is heard and has open words: { [MessageReceived.type]: () => MessageReceived({ … }) }
    hearsUnknownWords(app, analyticsApp, {}));
});
