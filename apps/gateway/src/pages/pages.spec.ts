import { mergedOpenApi, problems, routes } from '@switchboard/contracts';
import { startApp, type TestApp } from '@switchboard/testing';
import { globSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Browser, chromium } from 'playwright-core';
import { brotliDecompressSync } from 'node:zlib';
import { gatewayApp } from '../gateway.app';
import { PageFiles } from './page-files';

const missing = process.env['CHROMIUM_MISSING'];
const inBrowser = missing && process.env['CI'] !== 'true' ? it.skip : it;

describe('the pages of the gateway', () => {
  let app: TestApp;

  beforeAll(async () => {
    app = await startApp(gatewayApp, { env: { GATEWAY_PUBLIC_URL: 'https://bots.example.com/' } });
  });
  afterAll(() => app.stop());

  const get = (path: string, headers: Record<string, string> = {}, init: RequestInit = {}) =>
    fetch(app.service.publicUrl + path, { redirect: 'manual', ...init, headers });

  it('begin where somebody is at home', async () => {
    const start = async (cookie?: string) => {
      const response = await get('/', cookie ? { cookie } : {});
      return [response.status, response.headers.get('location')];
    };
    expect(await start()).toEqual([302, '/console/']);
    expect(await start('__Host-person=x')).toEqual([302, '/me']);
    expect(await start('__Host-person=x; __Host-staff=y')).toEqual([302, '/console/']);
  });

  it('let Telegram alone show the area of a person in a frame', async () => {
    const framedBy = async (path: string) =>
      /frame-ancestors ([^;]+)/.exec((await get(path)).headers.get('content-security-policy') ?? '')?.[1];
    expect(await framedBy('/me/subscriptions?bot=vpn')).toBe('https://*.telegram.org');
    expect(await framedBy('/shop/vpn')).toBe("'none'");
    expect(await framedBy('/console/')).toBe("'none'");
  });

  it('have the API document, with the address of this installation and for pages of others, too', async () => {
    const response = await get('/openapi.json', { origin: 'https://editor.example' });
    expect(response.headers.get('content-type')).toBe('application/json');
    expect(response.headers.get('access-control-allow-origin')).toBe('*');
    const document = (await response.json()) as object;
    const made = JSON.parse(JSON.stringify(mergedOpenApi(routes))) as object;
    expect(document).toEqual({ ...made, servers: [{ url: 'https://bots.example.com' }] });
  });

  it('give the document packed, and not again to whoever has it', async () => {
    const packed = await get('/openapi.json', { 'accept-encoding': 'br' });
    expect(packed.headers.get('content-encoding')).toBe('br');
    const tag = packed.headers.get('etag')!;
    const plain = await get('/openapi.json', { 'accept-encoding': 'identity' });
    expect(plain.headers.get('etag')).toBe(tag);
    const bytes = await new Promise<Buffer>((resolve) => {
      const { hostname, port } = new URL(app.service.publicUrl!);
      const chunks: Buffer[] = [];
      connect(Number(port), hostname, function (this: ReturnType<typeof connect>) {
        this.write('GET /openapi.json HTTP/1.0\r\naccept-encoding: br\r\n\r\n');
      })
        .on('data', (chunk) => chunks.push(chunk))
        .on('end', () => resolve(Buffer.concat(chunks)));
    });
    const body = bytes.subarray(bytes.indexOf('\r\n\r\n') + 4);
    expect(brotliDecompressSync(body).toString()).toBe(await plain.text());
    const again = await get('/openapi.json', { 'if-none-match': `"other", ${tag.slice(2)}` });
    expect([again.status, await again.text()]).toEqual([304, '']);
  });

  it('say of every problem what it means and what to do, in two languages', async () => {
    const pages = await Promise.all(
      [...problems.values()].flatMap(({ code, means, todo }) =>
        (['en', 'ru'] as const).map(async (language) => {
          const response = await get(`/problems/${code}`, { 'accept-language': language });
          const text = (await response.text()).replaceAll(/<\/?code>/g, '').replaceAll('&#39;', "'");
          const shown = (part: string) => text.includes(part.replaceAll('`', '').replaceAll('"', '&quot;'));
          return [
            code,
            response.status,
            response.headers.get('content-language') === language,
            shown(means[language]),
            shown(todo[language]),
          ];
        }),
      ),
    );
    expect(pages.filter((page) => page.slice(1).join() !== '200,true,true,true')).toEqual([]);
  });

  it('lead to a problem from the answer that has it', async () => {
    const { type } = (await (await get('/v1/account')).json()) as { type: string };
    const page = await get(`${type}?lang=ru`, { 'accept-language': 'en' });
    expect(page.status).toBe(200);
    expect(await page.text()).toContain('Нужен действительный токен.');
    expect(page.headers.get('content-security-policy')).toMatch(/^default-src 'none'/);
    expect(await (await get('/problems')).text()).toContain('href="/problems/gateway.bot_changed?lang=en"');
  });

  it('have no source maps, and none is named in what browsers load', async () => {
    const html = await (await get('/console/')).text();
    const assets = [...html.matchAll(/\/console\/assets\/[\w.-]+/g)].map(([path]) => path);
    expect(assets.some((path) => path.endsWith('.js'))).toBe(true);
    const folder = join(__dirname, '../../../console/dist');
    const built = globSync('**/*', { cwd: folder });
    expect(built.filter((name) => /\.map(\.|$)/.test(name))).toEqual([]);
    for (const name of built.filter((file) => /^assets\/.*\.(js|css)$/.test(file))) {
      const path = `/console/${name}`;
      expect([path, /sourceMappingURL=/.test(await (await get(path)).text())]).toEqual([path, false]);
      expect([path, (await get(`${path}.map`)).status]).toEqual([path, 404]);
    }
  });

  it('serve no source map that lies beside the files of a page', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'page-'));
    mkdirSync(join(folder, 'assets'));
    writeFileSync(join(folder, 'assets', 'index-1a2b.js'), 'void 0;');
    writeFileSync(join(folder, 'assets', 'index-1a2b.js.map'), '{}');
    const files = new PageFiles(folder);
    expect((await files.asset('index-1a2b.js', 'identity'))?.bytes.toString()).toBe('void 0;');
    expect(await files.asset('index-1a2b.js.map', 'identity')).toBeUndefined();
    rmSync(folder, { recursive: true });
  });

  it.each([
    ['a problem of another version', 'GET', '/problems/gateway.imagined', 404, 'text/html; charset=utf-8'],
    ['a code that is none', 'GET', '/problems/%3Cscript%3E', 404, 'text/html; charset=utf-8'],
    ['a page nobody has made', 'GET', '/imprint', 404, 'application/problem+json'],
    ['a shop of no bot', 'GET', '/shop/', 404, 'application/problem+json'],
    ['a way out of the folder', 'GET', '/console/assets/..%2f..%2fpackage.json', 404, 'application/problem+json'],
    ['an address that is half a host', 'GET', '//[', 404, 'application/problem+json'],
    ['what would change a page', 'POST', '/docs', 405, 'application/problem+json'],
  ])('answer %s', async (_, method, path, status, type) => {
    const response = await get(path, {}, { method });
    expect([response.status, response.headers.get('content-type')]).toEqual([status, type]);
    expect(await response.text()).not.toContain('<script>');
  });

  inBrowser('show every route to somebody who is cut off from all other hosts', async () => {
    const executablePath = process.env['CHROMIUM_PATH'];
    if (!executablePath) throw new Error(missing ?? 'CHROMIUM_PATH is not set: run specs with `npm test -- <path>`');
    const browser: Browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] });
    try {
      const page = await browser.newPage();
      const asked: string[] = [];
      const said: string[] = [];
      page.on('console', (message) => message.type() === 'error' && said.push(message.text()));
      page.on('pageerror', (error) => said.push(error.message));
      await page.route('**', (route) => {
        const { host } = new URL(route.request().url());
        asked.push(host);
        return host === new URL(app.service.publicUrl!).host ? route.continue() : route.abort();
      });
      await page.goto(`${app.service.publicUrl}/docs`);
      await page.getByText('Who asks.').waitFor();
      await page.getByText('gateway.bots', { exact: true }).first().click();
      await page.getByText('/v1/bots').first().waitFor();
      expect([...new Set(asked)]).toEqual([new URL(app.service.publicUrl!).host]);
      expect(said).toEqual([]);
    } finally {
      await browser.close();
    }
  });
});
