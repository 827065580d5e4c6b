import { type TestApp, until } from '@switchboard/testing';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Browser, chromium } from 'playwright-core';
import { v7 as uuidv7 } from 'uuid';
import { type SignedIn, signInStaff } from '../../gateway/test/sign-in';
import { PhonePage } from '../../sandbox/test/phone-page';
import { Installation } from './installation';
import { NORTHWIND, YOOKASSA_SHOP } from './sandbox';

const missing = process.env['CHROMIUM_MISSING'];
const withBrowser = missing && process.env['CI'] !== 'true' ? describe.skip : describe;

const PHONE = { width: 390, height: 844 };
/** More than one member of staff gives back alone. */
const PRICE_MINOR = 600_000;

/** The stories build on each other: what somebody has bought on their phone goes back. */
withBrowser('a shop with all services', () => {
  let installation: Installation;
  let browser: Browser;
  let folder: string;
  let olga: SignedIn;
  let oleg: SignedIn;

  beforeAll(async () => {
    const executablePath = process.env['CHROMIUM_PATH'];
    if (!executablePath) throw new Error(missing ?? 'CHROMIUM_PATH is not set: run specs with `npm test -- <path>`');
    folder = await mkdtemp(join(tmpdir(), 'switchboard-shop-'));
    const shop = {
      ...{ name: 'Northwind', products: ['vpn-shop'], languages: ['en', 'ru'] },
      channel: { kind: 'telegram', apiRoot: 'sandbox', token: NORTHWIND.token },
      payments: { yookassa: { shopId: YOOKASSA_SHOP.shopId, secretEnv: 'NORTHWIND_YOOKASSA_SECRET' } },
    };
    await writeFile(join(folder, 'northwind.json'), JSON.stringify(shop));
    [installation, browser] = await Promise.all([
      Installation.start({ BUS: 'memory', BOTS_FOLDER: folder }),
      chromium.launch({ executablePath, args: ['--no-sandbox'] }),
    ]);
    const gateway = { service: installation.service('gateway') } as unknown as TestApp;
    [olga, oleg] = [await signInStaff(gateway, 'owner'), await signInStaff(gateway, 'owner')];
    await openShop();
  }, 60_000);
  afterAll(async () => {
    await browser?.close();
    await installation?.stop();
    await rm(folder, { recursive: true, force: true });
  });

  type Answer = Record<string, unknown> & { data: Record<string, unknown>[]; params: Record<string, string> };
  async function ask(as: SignedIn, method: string, path: string, body?: object, more: object = {}) {
    const response = await fetch(`${installation.publicUrl}/v1${path}`, {
      method,
      headers: { ...as.headers, ...(body && { 'content-type': 'application/json' }), ...more },
      ...(body && { body: JSON.stringify(body) }),
    });
    return { status: response.status, body: (await response.json()) as Answer };
  }
  const newKey = () => ({ 'idempotency-key': uuidv7() });

  /** One plan, one server, and a provider that knows where to tell of payments. */
  async function openShop(): Promise<void> {
    const { client } = installation.sandbox;
    const webhookUrl = `${installation.publicUrl}/v1/payments/yookassa/northwind/notifications`;
    await client.yookassa.setShop({ shopId: YOOKASSA_SHOP.shopId, webhookUrl });
    const plan = {
      ...{ botId: 'northwind', code: 'years', level: 'plus', period: { count: 24, unit: 'month' } },
      ...{ name: { en: 'Two years', ru: 'Два года' }, description: { en: 'All of it.', ru: 'Всё.' } },
      ...{ prices: { RUB: PRICE_MINOR }, features: { 'vpn.devices': 3, 'vpn.servers': 1 } },
    };
    expect(await ask(olga, 'POST', '/plans', plan, newKey())).toMatchObject({ status: 201 });
    const { account } = await client.panels('marzban').addServer({ name: 'frankfurt-1' });
    const { url, username, password } = account as Record<string, string>;
    const server = {
      ...{ name: 'Frankfurt 1', region: 'de', capacity: 10, monthlyCostMinor: 1200, currency: 'USD' },
      ...{ panelKind: 'marzban', url, settings: { username, protocols: ['vless'] }, secrets: { password } },
      endpoints: [
        {
          ...{ protocol: 'vless', transport: 'tcp', security: 'reality', host: 'de.example.com', port: 443 },
          ...{ sni: 'www.example.com', fingerprint: 'chrome', shortId: 'ab12cd34', flow: 'xtls-rprx-vision' },
          publicKey: 'J7c5pS1lEV3Lh0d9w1nM6hQv8yC2kR4tB0aXzU5eYgI',
        },
      ],
    };
    expect(await ask(olga, 'POST', '/vpn/servers', server, newKey())).toMatchObject({ status: 201 });
  }

  it('sells on the phone: menu, plan, the page of the provider, and the key', async () => {
    const anna = { firstName: 'Анна', languageCode: 'ru' };
    const { id } = await installation.sandbox.client.telegram.addPerson(anna);
    const phone = await PhonePage.open(
      browser,
      installation.sandbox.url,
      { id, firstName: 'Анна' },
      { viewport: PHONE },
    );
    try {
      const press = (label: RegExp) => phone.part('keyboard-button').filter({ hasText: label }).last().click();
      await phone.openChat('Northwind');
      await phone.part('start').click();
      await phone.reads(/Здравствуйте, Анна!/);
      await press(/Выбрать тариф/);
      await phone.reads(/Выберите тариф/);
      await press(/Два года/);
      await press(/ЮKassa/);
      await phone.reads(/К оплате: 6\s000/);
      const [bank] = await Promise.all([phone.page.context().waitForEvent('page'), press(/^Оплатить 6/)]);
      await bank.locator('button[value="pay"]').click();
      await phone.reads(/✅ Оплачено/);
      const ready = await phone.reads(/Доступ готов!/);
      await ready.getByText('/s/').waitFor();
      expect(phone.complaints).toEqual([]);
    } catch (error) {
      await phone.picture('failed to buy');
      throw error;
    } finally {
      await phone.close();
    }
  }, 60_000);

  it('gives back what one member of staff may not give back alone, once another one has agreed', async () => {
    const [order] = (await ask(olga, 'GET', '/orders')).body.data;
    const path = `/orders/${order!['id'] as string}/refund`;
    const key = newKey();
    const wanted = { amountMinor: PRICE_MINOR, currency: 'RUB', reason: 'Bought by mistake.' };
    const refund = (more: object = {}) => ask(olga, 'POST', path, wanted, { ...key, ...more });
    const refunded = async () =>
      (await installation.sandbox.client.yookassa.payments()).map(({ refunded_amount: amount }) => amount?.value);
    const asked = await refund();
    expect(asked).toMatchObject({ status: 423, body: { code: 'approval_required' } });
    const { approvalId } = asked.body.params;
    expect((await ask(olga, 'POST', `/approvals/${approvalId}/approve`, {})).status).toBe(403);
    expect((await refund({ 'x-approval': approvalId })).status).toBe(423);
    expect(await refunded()).not.toContain('6000.00');
    expect((await ask(oleg, 'POST', `/approvals/${approvalId}/approve`, {})).status).toBe(200);
    expect((await refund({ 'x-approval': approvalId })).status).toBe(201);
    await until(async () => (await refunded()).includes('6000.00'), { what: 'the money' });
    const state = async () => (await ask(olga, 'GET', `/orders/${order!['id'] as string}`)).body['state'];
    await until(async () => (await state()) === 'refunded', { what: 'that the order says so' });
  });
});
