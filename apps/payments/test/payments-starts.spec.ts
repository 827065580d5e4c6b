import { startApp, type TestApp } from '@switchboard/testing';
import { paymentsApp } from '../src/payments.app';

describe('payments', () => {
  let app: TestApp;

  beforeAll(async () => {
    app = await startApp(paymentsApp);
  });
  afterAll(() => app.stop());

  it('is ready on a fresh database', async () => {
    const response = await fetch(`${app.url}/health/ready`);
    expect(await response.json()).toEqual({ status: 'ok', checks: { database: true, broker: true, migrations: true } });
  });
});
