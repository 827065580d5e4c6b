import { dataMapProblems, startApp, type TestApp } from '@switchboard/testing';
import { paymentsApp } from '../src/payments.app';

let app: TestApp;
beforeAll(async () => {
  app = await startApp(paymentsApp);
});
afterAll(() => app.stop());

it('the data map says of every table what it holds of whom, and rows of persons are kept apart', async () => {
  expect(await dataMapProblems(app, paymentsApp)).toEqual([]);
});
