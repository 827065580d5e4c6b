import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Browser, chromium, type Page } from 'playwright-core';
import { canUseApt, installWithApt } from '../local/apt.mts';
import { findChromium } from '../local/chromium.mts';
import { startInstallation } from '../local/installation.mts';
import { root } from '../local/workspace.mts';
import { build } from './build.mts';

const folder = join(root, 'docs/pictures');

interface Talk {
  file: string;
  person: string;
  locale: string;
  viewport: { width: number; height: number };
  question: string;
  /** What the answer has to contain before the picture is taken. */
  answer: RegExp;
  listen?: { press: string };
}

const TALKS: Talk[] = [
  {
    file: 'phone.png',
    person: 'Emma',
    locale: 'en-GB',
    viewport: { width: 1200, height: 900 },
    question: 'When is the workshop open on Saturday?',
    answer: /Sources/,
    listen: { press: 'Listen' },
  },
  {
    file: 'phone-ru.png',
    person: 'Анна',
    locale: 'ru-RU',
    viewport: { width: 390, height: 844 },
    question: 'Во сколько вы открываетесь в субботу?',
    answer: /Источники/,
  },
];

/** `npm run pictures`: the screenshots of docs/pictures, taken of a running installation. */
export async function main(): Promise<number> {
  const found = await findChromium();
  if ('missing' in found) throw new Error(found.missing);
  // The buttons show emoji.
  if (canUseApt()) await installWithApt(['fonts-noto-color-emoji']);
  await build();
  mkdirSync(folder, { recursive: true });
  const stateDir = mkdtempSync(join(tmpdir(), 'switchboard-pictures-'));
  const installation = await startInstallation({ stateDir, ports: 'free' });
  const browser = await chromium.launch({ executablePath: found.path });
  try {
    for (const talk of TALKS) await takePicture(browser, installation.sandboxUrl, talk);
    return 0;
  } finally {
    await browser.close();
    await installation.stop();
    rmSync(stateDir, { recursive: true, force: true });
  }
}

async function takePicture(browser: Browser, url: string, talk: Talk): Promise<void> {
  const context = await browser.newContext({ viewport: talk.viewport, locale: talk.locale });
  const page = await context.newPage();
  await page.goto(url);
  await page.getByRole('button', { name: talk.person }).click();
  await page.getByRole('button', { name: 'Northwind' }).click();
  await part(page, 'start').click();
  await part(page, 'bubble').nth(1).waitFor();
  await part(page, 'composer').fill(talk.question);
  await part(page, 'send').click();
  const answer = part(page, 'bubble').filter({ hasText: talk.answer });
  await answer.waitFor();
  if (talk.listen) {
    await answer.getByRole('button', { name: talk.listen.press }).click();
    await part(page, 'voice-play').waitFor();
    await part(page, 'toast').waitFor({ state: 'detached' });
  }
  const path = join(folder, talk.file);
  await page.screenshot({ path, animations: 'disabled' });
  console.log(`Written: docs/pictures/${talk.file}`);
  await context.close();
}

const part = (page: Page, testId: string) => page.locator(`[data-testid="${testId}"]`);
