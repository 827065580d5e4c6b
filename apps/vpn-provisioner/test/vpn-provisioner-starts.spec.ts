import { startApp, type TestApp } from '@switchboard/testing';
import { vpnProvisionerApp } from '../src/vpn-provisioner.app';

describe('vpn provisioner', () => {
  let app: TestApp;

  beforeAll(async () => {
    app = await startApp(vpnProvisionerApp);
  });
  afterAll(() => app.stop());

  it('is ready on a fresh database', async () => {
    const response = await fetch(`${app.url}/health/ready`);
    expect(await response.json()).toEqual({ status: 'ok', checks: { database: true, broker: true, migrations: true } });
  });
});
