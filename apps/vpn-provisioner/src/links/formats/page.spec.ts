import AxeBuilder from '@axe-core/playwright';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Browser, chromium } from 'playwright-core';
import { APPS, PLATFORMS, platformOf } from './apps';
import { page, PAGE_POLICY, type PageOptions, type PageView } from './page';

const missing = process.env['CHROMIUM_MISSING'];
const inBrowser = missing && process.env['CI'] !== 'true' ? it.skip : it;

const NOW = new Date('2026-11-20T12:00:00Z');
const view: PageView = {
  ...{
    title: 'Fox & <b>VPN</b>',
    address: 'https://vpn.example.com/s/0123456789ABCDEFGHIJKLabcdef',
    notice: undefined,
  },
  ...{ servedUntil: new Date('2026-12-01T18:00:00Z'), usedBytes: 42.5 * 1024 ** 3, limitBytes: 100 * 1024 ** 3 },
  ...{ resetsAt: null, deviceLimit: 3, servers: ['🇩🇪 Frankfurt', '🇳🇱 Amsterdam'], hasShadowsocks: true },
  devices: [{ name: 'Pixel 9, "Android" 16', seenAt: new Date('2026-11-19T08:00:00Z') }],
  timeZone: 'Europe/Moscow',
};
const options: PageOptions = { locale: 'en', platform: 'android', now: NOW };

describe('the page of an address', () => {
  it('says how much is left, in the language of whoever looks', () => {
    const text = (html: string) => html.replaceAll(/<style>[^]*?<\/style>|<[^>]+>/g, ' ').replaceAll(/\s+/g, ' ');
    expect(text(page(view, options))).toContain('Days left 12 until December 1, 2026 Traffic 42.5 GB of 100 GB');
    expect(text(page(view, { ...options, locale: 'ru' }))).toMatch(
      /Осталось дней 12 до 1 декабря 2026 г\. Трафик 42,5 ГБ из 100 ГБ/,
    );
    const over = page({ ...view, notice: '⌛ Expired', servedUntil: new Date(0), limitBytes: null }, options);
    expect(text(over)).toContain('⌛ Expired Days left 0 over Traffic 42.5 GB without limit');
  });

  it('leads to an app on every system, and escapes what people and staff have written', () => {
    for (const platform of PLATFORMS) {
      const html = page(view, { ...options, platform });
      const first = APPS.find(({ shop }) => shop[platform])!;
      expect(html.indexOf(`Install ${first.name}`)).toBeGreaterThan(0);
    }
    const html = page(view, options);
    expect(html).toContain('Fox &amp; &lt;b&gt;VPN&lt;/b&gt;');
    expect(html).toContain('Pixel 9, &quot;Android&quot; 16');
    expect(html).toContain(`href="happ://add/${view.address}"`);
    expect(html).toContain(`href="ssconf://vpn.example.com/s/0123456789ABCDEFGHIJKLabcdef/outline#Fox%20`);
    expect(page({ ...view, hasShadowsocks: false }, options)).not.toContain('ssconf:');
  });

  it('opens an app at once where a link says so', () => {
    const open = APPS.find(({ id }) => id === 'happ');
    expect(page(view, { ...options, open })).toContain(
      `<meta http-equiv="refresh" content="0;url=happ://add/${view.address}">`,
    );
    expect(page(view, options)).not.toContain('http-equiv');
  });

  it.each([
    ['Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X)', 'ios'],
    ['Mozilla/5.0 (Linux; Android 16; Pixel 9)', 'android'],
    ['Mozilla/5.0 (Windows NT 10.0; Win64; x64)', 'windows'],
    ['Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7)', 'macos'],
    ['Mozilla/5.0 (X11; Linux x86_64)', 'linux'],
  ])('knows %s', (userAgent, platform) => {
    expect(platformOf(userAgent)).toBe(platform);
  });

  describe('in a browser', () => {
    let server: Server;
    let browser: Browser;
    let url: string;

    beforeAll(async () => {
      server = createServer((request, response) => {
        const locale = request.url?.includes('lang=ru') ? 'ru' : 'en';
        response.writeHead(200, { 'content-type': 'text/html', 'content-security-policy': PAGE_POLICY });
        response.end(page(view, { ...options, locale }));
      });
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
      if (!missing) browser = await chromium.launch({ executablePath: process.env['CHROMIUM_PATH']! });
    });
    afterAll(async () => {
      await browser?.close();
      server.close();
    });

    inBrowser.each(['light', 'dark'] as const)(
      'is whole on a phone, %s, and can be used by everybody',
      async (colorScheme) => {
        const context = await browser.newContext({ colorScheme, viewport: { width: 360, height: 740 } });
        const tab = await context.newPage();
        const complaints: string[] = [];
        tab.on('console', (message) => complaints.push(message.text()));
        tab.on(
          'request',
          (request) =>
            request.url().startsWith(url) || request.url().startsWith('data:') || complaints.push(request.url()),
        );
        await tab.goto(url);
        for (const summary of await tab.locator('summary').all()) await summary.click();
        expect(await tab.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(360);
        const axe = new AxeBuilder({ page: tab });
        // All but the colours is the same.
        const { violations } = await (colorScheme === 'dark' ? axe.withRules(['color-contrast']) : axe).analyze();
        expect(violations.map(({ id, nodes }) => [id, nodes.map(({ html }) => html)])).toEqual([]);
        await tab.getByRole('link', { name: 'По-русски' }).click();
        expect(await tab.getByRole('heading', { level: 2 }).first().textContent()).toBe('Подключить это устройство');
        expect(complaints).toEqual([]);
        await context.close();
      },
    );
  });
});
