import { dataMapProblems, startApp, type TestApp } from '@switchboard/testing';
import { gatewayApp } from '../src/gateway.app';

let app: TestApp;
beforeAll(async () => {
  app = await startApp(gatewayApp);
});
afterAll(() => app.stop());

it('the data map says of every table what it holds of whom, and rows of persons are kept apart', async () => {
  expect(await dataMapProblems(app, gatewayApp)).toEqual([]);
});
