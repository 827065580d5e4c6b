import { startApp, type TestApp } from '@switchboard/testing';
import { gatewayApp } from '../src/gateway.app';

describe('gateway', () => {
  let app: TestApp;

  beforeAll(async () => {
    app = await startApp(gatewayApp);
  });
  afterAll(() => app.stop());

  it('is ready on a fresh database', async () => {
    const response = await fetch(`${app.url}/health/ready`);
    expect(await response.json()).toEqual({ status: 'ok', checks: { database: true, broker: true, migrations: true } });
  });

  it('offers no way to sign in that is not configured', async () => {
    const ask = async (method: string, path: string, body?: object) => {
      const headers = { 'content-type': 'application/json' };
      const response = await fetch(app.url + path, { method, headers, ...(body && { body: JSON.stringify(body) }) });
      return { status: response.status, ...((await response.json()) as object) };
    };
    expect(await ask('GET', '/sign-in/methods')).toMatchObject({ providers: [], email: false });
    const telegram = await ask('POST', '/sign-in/attempts', { provider: 'telegram' });
    expect(telegram).toMatchObject({ status: 404, code: 'gateway.provider_unknown' });
    const email = await ask('POST', '/sign-in/emails', { email: 'ann@mail.example' });
    expect(email).toMatchObject({ status: 404, code: 'gateway.email_not_offered' });
  });
});
