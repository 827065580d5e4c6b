import { dataMapProblems } from '@switchboard/testing';
import { botAdapterApp } from '../src/bot-adapter.app';
import { startBotAdapter } from './start-bot-adapter';
import { startTelegram } from './start-sandbox';

it('the data map says of every table what it holds of whom, and rows of persons are kept apart', async () => {
  const telegram = await startTelegram();
  const app = await startBotAdapter(telegram);
  expect(await dataMapProblems(app, botAdapterApp)).toEqual([]);
  await app.stop();
  await telegram.close();
});
