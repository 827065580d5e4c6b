import { dataMapProblems, startApp } from '@switchboard/testing';
import { chatAiApp } from '../src/chat-ai.app';

it('the data map says of every table what it holds of whom, and rows of persons are kept apart', async () => {
  const app = await startApp(chatAiApp);
  expect(await dataMapProblems(app, chatAiApp)).toEqual([]);
  await app.stop();
});
