import { dataMapProblems, startApp, type TestApp } from '@switchboard/testing';
import { chatAiApp } from '../src/chat-ai.app';

let app: TestApp;
beforeAll(async () => {
  app = await startApp(chatAiApp);
});
afterAll(() => app.stop());

it('the data map says of every table what it holds of whom, and rows of persons are kept apart', async () => {
  expect(await dataMapProblems(app, chatAiApp)).toEqual([]);
});
