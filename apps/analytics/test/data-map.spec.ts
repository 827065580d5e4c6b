import { dataMapProblems, startApp, type TestApp } from '@switchboard/testing';
import { analyticsApp } from '../src/analytics.app';

let app: TestApp;
beforeAll(async () => {
  app = await startApp(analyticsApp);
});
afterAll(() => app.stop());

it('the data map says of every table what it holds of whom, and rows of persons are kept apart', async () => {
  expect(await dataMapProblems(app, analyticsApp)).toEqual([]);
});
