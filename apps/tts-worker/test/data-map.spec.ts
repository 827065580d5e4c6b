import { dataMapProblems, startApp } from '@switchboard/testing';
import { ttsWorkerApp } from '../src/tts-worker.app';

it('the data map says of every table what it holds of whom, and rows of persons are kept apart', async () => {
  const app = await startApp(ttsWorkerApp);
  expect(await dataMapProblems(app, ttsWorkerApp)).toEqual([]);
  await app.stop();
});
