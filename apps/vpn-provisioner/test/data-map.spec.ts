import { dataMapProblems, startApp, type TestApp } from '@switchboard/testing';
import { vpnProvisionerApp } from '../src/vpn-provisioner.app';

let app: TestApp;
beforeAll(async () => {
  app = await startApp(vpnProvisionerApp);
});
afterAll(() => app.stop());

it('the data map says of every table what it holds of whom, and rows of persons are kept apart', async () => {
  expect(await dataMapProblems(app, vpnProvisionerApp)).toEqual([]);
});
