import { ContactStarted } from '@switchboard/contracts';
import { hearsUnknownWords, startApp, type TestApp } from '@switchboard/testing';
import { v7 as uuidv7 } from 'uuid';
import { gatewayApp } from '../src/gateway.app';

/** A newer version of another service says words that this one has never heard of. */
describe('words that gateway does not know', () => {
  let app: TestApp;

  beforeAll(async () => {
    app = await startApp(gatewayApp);
  });
  afterAll(() => app.stop());

  it('keep no event from being applied', () =>
    // A sample of each event that is heard and has open words: { [MessageReceived.type]: () => MessageReceived({ … }) }
    hearsUnknownWords(app, gatewayApp, {
      [ContactStarted.type]: () =>
        ContactStarted({
          ...{ chatId: uuidv7(), botId: 'lumen', channel: 'telegram', userId: uuidv7(), contactId: uuidv7() },
          ...{ externalId: uuidv7(), locale: 'en' },
        }),
    }));
});
