import { startApp, type TestApp } from '@switchboard/testing';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Browser, chromium, type Page } from 'playwright-core';
import { gatewayApp } from '../src/gateway.app';
import { type SignedIn, signInStaff } from './sign-in';

/** Its address has to be known before it starts: passkeys are made for one site. */
async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

const missing = process.env['CHROMIUM_MISSING'];
const withBrowser = missing && process.env['CI'] !== 'true' ? describe.skip : describe;

withBrowser('a passkey that a browser has made', () => {
  let app: TestApp;
  let browser: Browser;
  let page: Page;
  let member: SignedIn;

  beforeAll(async () => {
    const port = await freePort();
    const site = `http://localhost:${port}`;
    app = await startApp(gatewayApp, { env: { GATEWAY_PUBLIC_URL: site, GATEWAY_PUBLIC_PORT: String(port) } });
    member = await signInStaff(app, 'support');
    const executablePath = process.env['CHROMIUM_PATH'];
    if (!executablePath) throw new Error(missing ?? 'CHROMIUM_PATH is not set: run specs with `npm test -- <path>`');
    browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] });
    page = await browser.newPage();
    // Of the same origin, and without a script that asks the browser for passkeys as well.
    await page.goto(`${site}/v1/session`);
    const devtools = await page.context().newCDPSession(page);
    await devtools.send('WebAuthn.enable');
    const options = { protocol: 'ctap2', transport: 'internal', hasResidentKey: true } as const;
    await devtools.send('WebAuthn.addVirtualAuthenticator', {
      options: { ...options, hasUserVerification: true, isUserVerified: true, automaticPresenceSimulation: true },
    });
  });
  afterAll(async () => {
    await browser?.close();
    await app?.stop();
  });

  const ask = async (path: string, body: object | undefined, headers: object = {}) => {
    const response = await fetch(`${app.service.publicUrl}/v1${path}`, {
      method: 'POST',
      headers: { ...headers, ...(body && { 'content-type': 'application/json' }) },
      ...(body && { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    return {
      status: response.status,
      body: (text ? JSON.parse(text) : {}) as { ticket: string; options: object },
      cookies: response.headers.getSetCookie(),
    };
  };

  /** A text, since the types of browsers are not those of this service. */
  const inPage = (method: 'create' | 'get', parse: string, options: object) =>
    page.evaluate<object>(
      `navigator.credentials.${method}({ publicKey: PublicKeyCredential.${parse}(${JSON.stringify(options)}) })
         .then((credential) => credential.toJSON())`,
    );

  it('signs in', async () => {
    const made = await ask('/account/passkeys/options', undefined, member.headers);
    const created = await inPage('create', 'parseCreationOptionsFromJSON', made.body.options);
    const passkey = { ticket: made.body.ticket, name: 'Chromium', response: created };
    expect((await ask('/account/passkeys', passkey, member.headers)).status).toBe(201);
    const { body } = await ask('/staff-sign-in/passkey/options', {});
    const signed = await inPage('get', 'parseRequestOptionsFromJSON', body.options);
    const signedIn = await ask('/staff-sign-in/passkey', { ticket: body.ticket, response: signed });
    expect(signedIn.status).toBe(204);
    expect(signedIn.cookies.some((cookie) => cookie.startsWith('__Host-staff='))).toBe(true);
  });
});
