import { MessageReceived } from '@switchboard/contracts';
import { type TestApp, until } from '@switchboard/testing';
import { hear, startBotAdapter } from '../../../test/start-bot-adapter';
import { LUMEN, type PretendedTelegram, startTelegram } from '../../../test/start-sandbox';

describe('a bot in Telegram', () => {
  let telegram: PretendedTelegram;
  let app: TestApp;

  beforeAll(async () => {
    telegram = await startTelegram();
    app = await startBotAdapter(telegram);
  });
  afterAll(async () => {
    await app.stop();
    await telegram.close();
  });

  it('goes on hearing when the ids of updates begin anew, as they do after a week without any', async () => {
    const emma = await telegram.person();
    await hear(app, emma, 'before the silence');
    await telegram.control('POST', 'telegram/bots', { token: LUMEN.token, nextUpdateId: 1000 });
    for (const text of ['after a week', 'and once more', 'and again']) await hear(app, emma, text);
    const waiting = async () => {
      const bots = await telegram.control<{ username: string; pendingUpdates: number }[]>('GET', 'telegram/bots');
      return bots.find(({ username }) => username === LUMEN.username)!.pendingUpdates;
    };
    await until(async () => (await waiting()) === 0, { what: 'all updates to be confirmed' });
    expect(app.probe.all(MessageReceived).filter(({ data }) => data.text === 'after a week')).toHaveLength(1);
  });
});
