import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Browser, chromium, type Page } from 'playwright-core';
import { type Gateway, startGateway } from './start-gateway';

/** Known before it starts: it is where the provider sends the browser back. */
async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

const missing = process.env['CHROMIUM_MISSING'];
const withBrowser = missing && process.env['CI'] !== 'true' ? describe.skip : describe;

withBrowser('the sign-in page of staff', () => {
  let gateway: Gateway;
  let browser: Browser;
  let page: Page;
  let site: string;

  beforeAll(async () => {
    const executablePath = process.env['CHROMIUM_PATH'];
    if (!executablePath) throw new Error(missing ?? 'CHROMIUM_PATH is not set: run specs with `npm test -- <path>`');
    const port = await freePort();
    site = `http://localhost:${port}`;
    const env = { GATEWAY_PUBLIC_URL: site, GATEWAY_PUBLIC_PORT: String(port), GATEWAY_PROOF_OF_WORK: '20' };
    gateway = await startGateway({ env });
    await gateway.sandbox.telegram.addPerson({ firstName: 'Olga' });
    browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] });
    page = await browser.newPage({ locale: 'en-GB' });
  });
  afterAll(async () => {
    await browser?.close();
    await gateway?.stop();
  });

  it('lets in by the provider of the company whoever is in a group that has a role, and says so to the rest', async () => {
    const atProvider = async (group?: string) => {
      await page.goto(`${site}/console/sign-in?to=/console/keys`);
      await page.getByRole('button', { name: 'Sign in with Northwind ID' }).click();
      if (group) await page.getByLabel(group).check();
      await page.getByRole('button', { name: 'Allow' }).click();
    };
    await atProvider();
    await page.getByText('You have no access here').waitFor();
    await atProvider('developers');
    await page.waitForURL(`${site}/console/keys`);
    const session = (await (await page.request.get(`${site}/v1/session`)).json()) as { staff: { roles: string[] } };
    expect(session.staff.roles).toEqual(['developer']);
  });

  it('computes in the background what a third wrong password takes', async () => {
    const alone = await (await browser.newContext({ locale: 'en-GB' })).newPage();
    const asked: string[] = [];
    alone.on('request', (request) => asked.push(new URL(request.url()).pathname));
    await alone.goto(`${site}/console/sign-in`);
    await alone.getByLabel('E-mail').fill('somebody@company.example');
    for (let i = 0; i < 3; i++) {
      await alone.getByLabel('Password').fill(`wrong once more ${i}`);
      const answered = alone.waitForResponse(
        (response) => response.url().endsWith('/staff-sign-in/password') && response.status() === 401,
      );
      await alone.getByRole('button', { name: 'Continue' }).click();
      await answered;
    }
    expect(asked.filter((path) => path.endsWith('/proof-of-work/challenges'))).toHaveLength(1);
  });
});
