import { dataMapProblems, type TestApp } from '@switchboard/testing';
import { botAdapterApp } from '../src/bot-adapter.app';
import { startBotAdapter } from './start-bot-adapter';
import { type PretendedTelegram, startTelegram } from './start-sandbox';

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

it('the data map says of every table what it holds of whom, and rows of persons are kept apart', async () => {
  expect(await dataMapProblems(app, botAdapterApp)).toEqual([]);
});
