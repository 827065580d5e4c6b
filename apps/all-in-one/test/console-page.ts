import AxeBuilder from '@axe-core/playwright';
import { until } from '@switchboard/testing';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Browser, Locator, Page, Request } from 'playwright-core';

const pictures = join(__dirname, '..', '..', '..', 'artifacts', 'console');

const PHONE = { width: 390, height: 844 };
const DESK = { width: 1440, height: 900 };
const QUIET_MS = 120;

/** The console, or a person's own area, in a browser of its own. */
export class ConsolePage {
  /** What a developer would see in red. */
  complaints: string[] = [];

  /** What is on its way. */
  private readonly asked = new Set<Request>();

  private constructor(
    readonly page: Page,
    private readonly site: string,
  ) {
    page.on('pageerror', (error) => this.complaints.push(String(error)));
    page.on('console', (message) => {
      if (message.type() === 'error') this.complaints.push(`${message.text()} ${message.location().url}`);
    });
    page.on('request', (request) => this.asked.add(request));
    for (const end of ['requestfinished', 'requestfailed'] as const)
      page.on(end as 'requestfinished', (request) => this.asked.delete(request));
  }

  static async open(browser: Browser, site: string): Promise<ConsolePage> {
    const context = await browser.newContext({ viewport: DESK, locale: 'en-GB', timezoneId: 'Europe/Berlin' });
    context.setDefaultTimeout(20_000);
    return new ConsolePage(await context.newPage(), site);
  }

  async go(path: string): Promise<void> {
    // Of what leaving a page cuts short, the browser does not tell in every case.
    this.asked.clear();
    await this.page.goto(path.startsWith('http') ? path : this.site + path);
    await this.settled();
  }

  /** Another page of the same app, without loading it anew. */
  async turnTo(path: string): Promise<void> {
    await this.page.evaluate(`history.pushState({}, '', '${path}'); dispatchEvent(new PopStateEvent('popstate'))`);
    await this.settled();
  }

  /** Everything that was asked for is there. */
  async settled(): Promise<void> {
    let quietSince = Date.now();
    await until(
      async () => {
        if (this.asked.size > 0 || (await this.page.locator('.ui-skeleton').count()) > 0) quietSince = Date.now();
        return Date.now() - quietSince >= QUIET_MS;
      },
      { what: 'a page that is complete' },
    ).catch((error: unknown) => {
      throw new Error(`still on their way: ${[...this.asked].map((request) => request.url()).join(', ')}`, {
        cause: error,
      });
    });
  }

  button = (name: string | RegExp): Locator => this.page.getByRole('button', { name });
  heading = (name: string | RegExp): Locator => this.page.getByRole('heading', { name });
  says = (words: string | RegExp): Promise<void> => this.page.getByText(words).first().waitFor();

  async fill(fields: Readonly<Record<string, string>>): Promise<void> {
    for (const [label, value] of Object.entries(fields)) {
      await this.page
        .getByRole('textbox', { name: label, exact: true })
        .or(this.page.getByLabel(label, { exact: true }))
        .first()
        .fill(value);
    }
  }

  press = (name: string | RegExp): Promise<void> => this.button(name).click();

  /** One of several, by the words beside it. */
  choose = (words: string): Promise<void> => this.page.locator('label').filter({ hasText: words }).first().click();

  /** The one that is open above everything else. */
  get dialog(): Locator {
    return this.page.locator('[role="dialog"], [role="alertdialog"]').last();
  }
  agree = (name: string | RegExp): Promise<void> => this.dialog.getByRole('button', { name }).click();

  /** What is wrong with how the page is laid out or read out: on a phone in the light, at a desk in the dark. */
  async faults(): Promise<string[]> {
    const { page } = this;
    await page.setViewportSize(PHONE);
    await page.emulateMedia({ colorScheme: 'light', reducedMotion: 'reduce' });
    const overflow = () => page.evaluate<number>('document.documentElement.scrollWidth - innerWidth');
    // Charts follow the width of the page a moment later.
    await until(async () => (await overflow()) <= 0, { what: 'the page to fit', timeoutMs: 2000 }).catch(
      () => undefined,
    );
    const found = (await overflow()) > 0 ? [`${await overflow()} px wider than a phone`] : [];
    found.push(...(await this.axe('phone', new AxeBuilder({ page }))));
    await page.setViewportSize(DESK);
    await page.emulateMedia({ colorScheme: 'dark', reducedMotion: 'reduce' });
    found.push(...(await this.axe('desk', new AxeBuilder({ page }))));
    return found;
  }

  private async axe(where: string, builder: AxeBuilder): Promise<string[]> {
    const { violations } = await builder
      // A window for the result would be one more page for each.
      .setLegacyMode()
      // The announcer of React Aria, which axe takes for a picture.
      .exclude('[data-live-announcer]')
      .analyze();
    return violations.flatMap(({ id, nodes }) =>
      nodes.map(({ html, any }) => `${where}: ${id}: ${html.slice(0, 160)} ${any[0]?.message ?? ''}`),
    );
  }

  /** What this page was meant to be refused. */
  forgive(refusal: RegExp): void {
    this.complaints = this.complaints.filter((complaint) => !refusal.test(complaint));
  }

  async picture(name: string): Promise<void> {
    await mkdir(pictures, { recursive: true });
    const path = join(pictures, `${name.replaceAll(/\W+/g, '-')}.png`);
    await this.page.screenshot({ path, animations: 'disabled' });
  }

  close = () => this.page.context().close();
}
