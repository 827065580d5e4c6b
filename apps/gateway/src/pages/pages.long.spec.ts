import AxeBuilder from '@axe-core/playwright';
import { startApp, type TestApp } from '@switchboard/testing';
import { chromium } from 'playwright-core';
import { gatewayApp } from '../gateway.app';

const missing = process.env['CHROMIUM_MISSING'];
const inBrowser = missing && process.env['CI'] !== 'true' ? it.skip : it;

let app: TestApp;
beforeAll(async () => {
  app = await startApp(gatewayApp);
});
afterAll(() => app.stop());

// Hundreds of routes on one page: axe takes half a minute for each of the themes.
inBrowser.each(['light', 'dark'] as const)(
  'the page of the API can be read out: %s',
  async (colorScheme) => {
    const executablePath = process.env['CHROMIUM_PATH'];
    if (!executablePath) throw new Error(missing ?? 'CHROMIUM_PATH is not set: run specs with `npm test -- <path>`');
    const browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] });
    try {
      const page = await browser.newPage({ colorScheme, reducedMotion: 'reduce' });
      await page.goto(`${app.service.publicUrl}/docs`);
      await page.getByText('gateway.bots', { exact: true }).first().click();
      await page.getByText('/v1/bots').first().waitFor();
      // Each route has a region of its responses, which the viewer calls the same in all of them.
      const { violations } = await new AxeBuilder({ page }).setLegacyMode().disableRules('landmark-unique').analyze();
      expect(violations.map(({ id, nodes }) => `${id}: ${nodes[0]?.html}`)).toEqual([]);
    } finally {
      await browser.close();
    }
  },
  180_000,
);
