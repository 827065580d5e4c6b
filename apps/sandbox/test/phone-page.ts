import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Browser, Locator, Page } from 'playwright-core';

const pictures = join(__dirname, '..', '..', '..', 'artifacts', 'phone');

export interface PageOptions {
  viewport?: { width: number; height: number };
  dark?: boolean;
}

/** The phone of one person in a browser of its own. */
export class PhonePage {
  /** What a developer would see in red. */
  readonly complaints: string[] = [];

  private constructor(
    readonly page: Page,
    readonly person: { id: number; firstName: string },
  ) {}

  static async open(
    browser: Browser,
    url: string,
    person: { id: number; firstName: string },
    { viewport = { width: 1100, height: 820 }, dark = false }: PageOptions = {},
  ): Promise<PhonePage> {
    const context = await browser.newContext({ viewport, colorScheme: dark ? 'dark' : 'light', locale: 'en-GB' });
    context.setDefaultTimeout(30_000);
    const phone = new PhonePage(await context.newPage(), person);
    phone.page.on('pageerror', (error) => phone.complaints.push(String(error)));
    phone.page.on('console', (message) => message.type() === 'error' && phone.complaints.push(message.text()));
    await phone.page.goto(url);
    return phone;
  }

  part = (testId: string): Locator => this.page.locator(`[data-testid="${testId}"]`);
  /** What the bot wrote, oldest first. */
  get answers(): Locator {
    return this.page.locator('[data-testid="bubble"][data-own="false"]');
  }

  /** Picks the person, then the chat with the bot of this name. */
  async openChat(bot: string): Promise<void> {
    await this.part(`person-${this.person.id}`).click();
    await this.page.getByRole('button', { name: bot }).click();
  }

  async meet(bot: string): Promise<void> {
    await this.openChat(bot);
    await this.part('start').click();
    await this.reads(/I am|Я /);
  }

  async write(text: string): Promise<void> {
    await this.part('composer').fill(text);
    await this.part('send').click();
  }

  /** Waits for something the bot wrote. */
  async reads(words: RegExp): Promise<Locator> {
    const found = this.answers.filter({ hasText: words }).first();
    await found.waitFor();
    return found;
  }

  async choose(file: { name: string; mimeType: string; buffer: Buffer }, caption: string): Promise<void> {
    const chooser = this.page.waitForEvent('filechooser');
    await this.part('attach').click();
    await (await chooser).setFiles(file);
    await this.page.getByRole('textbox', { name: 'Caption' }).fill(caption);
  }

  isFocused = (target: Locator): Promise<boolean> =>
    target.evaluate((element) => element === element.ownerDocument.activeElement);

  /** Moves the focus by the Tab key alone until it is there. */
  async tabTo(target: Locator): Promise<void> {
    for (let presses = 0; presses < 60; presses += 1) {
      if (await this.isFocused(target)) return;
      await this.page.keyboard.press('Tab');
    }
    throw new Error(`the Tab key does not lead to ${target}`);
  }

  /** Where the page is wider than the screen, in pixels; 0 is none. */
  overflow(): Promise<number> {
    return this.page.evaluate('document.documentElement.scrollWidth - innerWidth');
  }

  /** What a screen reader would announce without a name. */
  async nameless(): Promise<string[]> {
    const tree = await this.page.locator('body').ariaSnapshot();
    const controls = /^\s*- (button|link|textbox|slider|combobox|checkbox|dialog|img)(?! ").*$/gm;
    return [...tree.matchAll(controls)].map(([line]) => line.trim());
  }

  async picture(name: string): Promise<void> {
    await mkdir(pictures, { recursive: true });
    const path = join(pictures, `${name.replaceAll(/\W+/g, '-')}.png`);
    await this.page.screenshot({ path, animations: 'disabled' });
  }

  close = () => this.page.context().close();
}
