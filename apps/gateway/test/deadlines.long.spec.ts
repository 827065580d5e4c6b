import { startApp, type TestApp } from '@switchboard/testing';
import { gatewayApp } from '../src/gateway.app';
import { type SignedIn, signInStaff } from './sign-in';
import { Upstream } from './upstream';

const USAGE = '/v1/usage?from=2026-01-01T00:00:00Z&to=2026-02-01T00:00:00Z';

describe('a service that hangs', () => {
  let upstream: Upstream;
  let app: TestApp;
  let analyst: SignedIn;

  beforeAll(async () => {
    upstream = await Upstream.start();
    app = await startApp(gatewayApp, { directory: upstream.directory });
    analyst = await signInStaff(app, 'analyst');
  });
  afterAll(async () => {
    await app.stop();
    await upstream.stop();
  });
  const ask = () => fetch(app.service.publicUrl + USAGE, { headers: analyst.headers });

  it('before it answers is given up', async () => {
    upstream.answer = () => undefined;
    const response = await ask();
    expect([response.status, await response.json()]).toMatchObject([504, { code: 'upstream_timeout' }]);
  }, 60_000);

  it('in the middle of its answer is given up, and what has come is not taken for the whole', async () => {
    upstream.answer = (_request, response) => void response.writeHead(200).write('{"half":');
    const response = await ask();
    await expect(response.text()).rejects.toThrow();
  }, 120_000);
});
