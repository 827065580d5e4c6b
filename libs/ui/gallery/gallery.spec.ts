import AxeBuilder from '@axe-core/playwright';
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { extname, join } from 'node:path';
import { promisify } from 'node:util';
import { type Browser, chromium, type Page } from 'playwright-core';

const missing = process.env['CHROMIUM_MISSING'];
const withBrowser = missing && process.env['CI'] !== 'true' ? describe.skip : describe;

const workspace = join(__dirname, '..', '..', '..');
const sections = ['controls', 'fields', 'overlays', 'table', 'charts', 'texts', 'states', 'wizard'];
const PHONE = { width: 390, height: 844 };
const DESK = { width: 1440, height: 900 };
/** Each width, theme and language in two ways. */
const looks = [
  { name: 'on a phone, light, in English', viewport: PHONE, colorScheme: 'light', locale: 'en-GB' },
  { name: 'on a phone, dark, in Russian', viewport: PHONE, colorScheme: 'dark', locale: 'ru-RU' },
  { name: 'at a desk, dark, in English', viewport: DESK, colorScheme: 'dark', locale: 'en-GB' },
  { name: 'at a desk, light, in Russian', viewport: DESK, colorScheme: 'light', locale: 'ru-RU' },
] as const;
const types: Readonly<Record<string, string>> = { '.html': 'text/html', '.js': 'text/javascript', '.css': 'text/css' };

withBrowser('the gallery of the kit', () => {
  let folder: string;
  let server: Server;
  let site: string;
  let browser: Browser;

  beforeAll(async () => {
    const executablePath = process.env['CHROMIUM_PATH'];
    if (!executablePath) throw new Error(missing ?? 'CHROMIUM_PATH is not set: run specs with `npm test -- <path>`');
    folder = await mkdtemp(join(tmpdir(), 'gallery-'));
    const vite = join(workspace, 'node_modules/vite/bin/vite.js');
    const building = promisify(execFile)(process.execPath, [vite, 'build', __dirname, '--outDir', folder], {
      cwd: workspace,
    });
    [browser] = await Promise.all([chromium.launch({ executablePath, args: ['--no-sandbox'] }), building]);
    server = createServer(({ url = '/' }, response) => {
      const file = new URL(url, 'http://gallery').pathname;
      readFile(join(folder, file === '/' ? 'index.html' : file)).then(
        (content) => response.setHeader('content-type', types[extname(file) || '.html'] ?? 'font/woff2').end(content),
        () => response.writeHead(404).end(),
      );
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    site = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  }, 60_000);
  afterAll(async () => {
    await browser?.close();
    server?.close();
    if (folder) await rm(folder, { recursive: true });
  });

  async function open(look: (typeof looks)[number], section: string): Promise<Page> {
    const context = await browser.newContext({ ...look, timezoneId: 'Europe/Berlin', reducedMotion: 'reduce' });
    const page = await context.newPage();
    await page.goto(`${site}#${section}`);
    await page.getByRole('heading', { level: 1 }).waitFor();
    return page;
  }

  it.each(looks)(
    'can be read out and fits: $name',
    async (look) => {
      const page = await open(look, sections[0]!);
      const faults: string[] = [];
      const complaints: string[] = [];
      page.on('pageerror', (error) => complaints.push(String(error)));
      for (const section of sections) {
        await page.goto(`${site}#${section}`);
        await page.locator(`a[href="#${section}"][aria-current="page"]`).first().waitFor({ state: 'attached' });
        const wider = await page.evaluate<number>('document.documentElement.scrollWidth - innerWidth');
        if (wider > 0) faults.push(`${section}: ${wider} px wider than the screen`);
        // A window for the result would be one more page for each; the announcer of React Aria is no picture.
        const { violations } = await new AxeBuilder({ page })
          .setLegacyMode()
          .exclude('[data-live-announcer]')
          .analyze();
        for (const { id, nodes } of violations)
          faults.push(...nodes.map(({ html }) => `${section}: ${id}: ${html.slice(0, 160)}`));
      }
      expect(faults).toEqual([]);
      expect(complaints).toEqual([]);
      await page.context().close();
    },
    60_000,
  );

  it('draws what is less than nothing below zero', async () => {
    const page = await open(looks[2], 'charts');
    const chart = page.getByRole('figure', { name: 'Net, with days of refunds' });
    await chart.locator('.ui-plot-bar path').first().waitFor();
    const outside = await chart.evaluate((figure) => {
      const plot = figure.querySelector('.ui-plot svg')!.getBoundingClientRect();
      const bars = [...figure.querySelectorAll('.ui-plot-bar path')].map((bar) => bar.getBoundingClientRect());
      const zero = figure.querySelector('.ui-plot-tick[data-zero] line')!.getBoundingClientRect().top;
      return {
        bars: bars.length,
        below: bars.filter(({ top }) => top >= zero - 1).length,
        cut: bars.filter(({ top, bottom }) => top < plot.top || bottom > plot.bottom).length,
      };
    });
    expect(outside.bars).toBe(56);
    expect(outside.below).toBeGreaterThan(5);
    expect(outside.cut).toBe(0);
    await page.context().close();
  });
});
