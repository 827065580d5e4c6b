import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generate } from 'otplib';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';
import { type KnownIds, pagesOf } from '../../apps/all-in-one/test/console-pages.mts';
import { demoStateFile, operatorClient } from '../demo/local.mts';
import { DemoPlayer } from '../demo/player.mts';
import { openDemoShop } from '../demo/shop.mts';
import { canUseApt, installWithApt } from '../local/apt.mts';
import { findChromium } from '../local/chromium.mts';
import { type Installation, startInstallation } from '../local/installation.mts';
import { operatorNamed } from '../local/operator.mts';
import { until } from '../local/processes.mts';
import { answerOf, connectSandbox, type SandboxClient } from '../local/sandbox-client.mts';
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

interface Visit {
  file: string;
  person: string;
  locale: string;
  viewport: { width: number; height: number };
  /** A button of the shop's first page, and what is to be seen after it. */
  press: RegExp;
  seen: RegExp;
  /** Of the page of the link, which a button of the message that is seen opens. */
  linkFile?: string;
}

const VISITS: Visit[] = [
  {
    file: 'shop.png',
    person: 'Emma',
    locale: 'en-GB',
    viewport: { width: 1200, height: 900 },
    press: /Try it for free/,
    seen: /Your access is ready!/,
    linkFile: 'link.png',
  },
  {
    file: 'shop-ru.png',
    person: 'Анна',
    locale: 'ru-RU',
    viewport: { width: 390, height: 844 },
    press: /Выбрать тариф/,
    seen: /Выберите тариф/,
  },
];
const UP_WITHIN_MS = 120_000;

const OWNER = { name: 'Ada Lind', email: 'ada@example.com', password: 'violet tram under seven lemons' };
const LUMEN = 7_000_000_001;
const SIZES = [
  { width: 1440, height: 900 },
  { width: 390, height: 844 },
];
/** The pictures of the README, by the page and how it is shown. */
const KEPT: Readonly<Record<string, string>> = {
  'staff-home-1440-light': 'console.png',
  'me-home-390-dark': 'cabinet.png',
  'staff-boards-growth-1440-dark': 'boards.png',
  'staff-sales-1440-light': 'sales.png',
};

/**
 * `npm run pictures`: the screenshots of docs/pictures, taken of a running installation; all pages of the console and of a person's own
 * area, on a phone and at a desk, in the light and in the dark, go into a folder for whoever wants to look at them.
 */
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
    await openShop(installation, stateDir);
    for (const visit of VISITS) await takeShopPictures(browser, installation.sandboxUrl, visit);
    await takePagePictures(browser, installation, stateDir);
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

/** The servers of the demo shop are up, and it sells something. */
async function openShop({ publicUrls, services, sandboxUrl }: Installation, stateDir: string): Promise<void> {
  const contracts = await import('@switchboard/contracts');
  const client = await operatorClient(stateDir, services);
  const sandbox = await connectSandbox(sandboxUrl);
  await openDemoShop(client, contracts, { sandbox, gatewayUrl: publicUrls.gateway! });
  const areUp = async () => {
    const { data } = await client.call(contracts.ListServers, { query: {} }, { actor: operatorNamed('pictures') });
    return data.every(({ health }) => health.state === 'up');
  };
  if (!(await until(areUp, UP_WITHIN_MS, 500))) throw new Error('The servers of the shop did not come up');
}

async function takeShopPictures(browser: Browser, url: string, visit: Visit): Promise<void> {
  const context = await browser.newContext({ viewport: visit.viewport, locale: visit.locale });
  const page = await context.newPage();
  await page.goto(url);
  await page.getByRole('button', { name: visit.person }).click();
  await page.getByRole('button', { name: 'Lantern' }).click();
  await part(page, 'start').click();
  await part(page, 'keyboard-button').filter({ hasText: visit.press }).last().click();
  const seen = part(page, 'bubble').filter({ hasText: visit.seen });
  await seen.last().waitFor();
  await page.screenshot({ path: join(folder, visit.file), animations: 'disabled' });
  console.log(`Written: docs/pictures/${visit.file}`);
  if (visit.linkFile) {
    const [opened] = await Promise.all([
      context.waitForEvent('page'),
      part(page, 'keyboard-button').filter({ hasText: 'Open the link' }).last().click(),
    ]);
    await opened.waitForLoadState('networkidle');
    await opened.screenshot({ path: join(folder, visit.linkFile), animations: 'disabled' });
    console.log(`Written: docs/pictures/${visit.linkFile}`);
  }
  await context.close();
}

const part = (page: Page, testId: string) => page.locator(`[data-testid="${testId}"]`);

/** What a day in the life of an installation looks like in the console, and what one of its people sees of it. */
async function takePagePictures(
  browser: Browser,
  { publicUrls, services, sandboxUrl }: Installation,
  stateDir: string,
) {
  const site = publicUrls.gateway!;
  const all = mkdtempSync(join(tmpdir(), 'switchboard-pages-'));
  const sandbox = await connectSandbox(sandboxUrl);
  const context = await browser.newContext({ viewport: SIZES[0], locale: 'en-GB', timezoneId: 'Europe/Berlin' });
  const page = await context.newPage();
  const philippa = await sandbox.telegram.addPerson({ firstName: 'Philippa', lastName: 'Long', languageCode: 'en' });
  await say(sandbox, philippa.id, LUMEN, '/start');

  await take(page, `${site}/me/sign-in`, 'me-sign-in', all);
  await signInWithTelegram(page, philippa.id);
  // Counted from the moment at which they agree.
  await page.goto(`${site}/me`);
  await page.getByRole('button', { name: 'Count my use' }).click();
  await page.getByText('Nothing in this month').waitFor();

  await take(page, `${site}/console/sign-in`, 'staff-sign-in', all);
  await becomeOwner(page, stateDir);
  for (const question of QUESTIONS) await say(sandbox, philippa.id, LUMEN, question);
  // Three months of a company, so that there is something to see.
  const operator = await operatorClient(stateDir, services);
  await new DemoPlayer(operator, await import('@switchboard/contracts'), demoStateFile(stateDir)).play(new Date());
  await page.goto(`${site}/console/`);
  await page.getByRole('button', { name: 'Close' }).first().click();
  const ids = await knownIds(context, site);
  for (const area of ['staff', 'me'] as const) {
    for (const { name, path } of pagesOf(area, ids, root)) await take(page, site + path, `${area}-${name}`, all);
  }
  // The first of the boards has little to show while nobody pays.
  await take(page, `${site}/console/boards?board=growth`, 'staff-boards-growth', all);
  await takeApi(page, site);
  await context.close();
  console.log(`All pages: ${all}`);
}

/** One picture for each size and theme. */
async function take(page: Page, url: string, name: string, into: string): Promise<void> {
  await page.goto(url);
  for (const viewport of SIZES) {
    await page.setViewportSize(viewport);
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
      await page.waitForLoadState('networkidle');
      await page.locator('.ui-skeleton').first().waitFor({ state: 'detached' });
      const id = `${name}-${viewport.width}-${colorScheme}`;
      const kept = KEPT[id];
      const path = kept ? join(folder, kept) : join(into, `${id}.png`);
      await page.screenshot({ path, animations: 'disabled' });
      if (kept) console.log(`Written: docs/pictures/${kept}`);
    }
  }
  await page.setViewportSize(SIZES[0]!);
}

/** Once: it is not our page, and slow to draw. */
async function takeApi(page: Page, site: string): Promise<void> {
  await page.emulateMedia({ colorScheme: 'light', reducedMotion: 'reduce' });
  await page.goto(`${site}/docs`);
  await page.getByText('Client Libraries').first().waitFor();
  await page.screenshot({ path: join(folder, 'api.png'), animations: 'disabled' });
  console.log('Written: docs/pictures/api.png');
}

async function becomeOwner(page: Page, stateDir: string): Promise<void> {
  const log = readFileSync(join(stateDir, 'logs/services.log'), 'utf8');
  const said = log.split('\n').findLast((line) => line.includes('nobody owns this installation yet'));
  if (!said) throw new Error('The services did not say how the first owner comes in');
  await page.goto((JSON.parse(said) as { link: string }).link);
  await page.getByLabel('E-mail').fill(OWNER.email);
  await page.getByLabel('Your name').fill(OWNER.name);
  await page.getByLabel('A password').fill(OWNER.password);
  await page.getByRole('button', { name: 'Continue' }).click();
  const secret = (await page.locator('.ui-code-line code').innerText()).replaceAll(' ', '');
  const now = Math.floor(Date.now() / 1000);
  await page.getByLabel('Code now').fill(await generate({ secret, epoch: now }));
  await page.getByLabel('The next code').fill(await generate({ secret, epoch: now + 30 }));
  await page.getByText('I have kept them in a safe place').click();
  await page.getByRole('button', { name: 'Open the console' }).click();
  await page.getByRole('heading', { level: 1 }).waitFor();
}

async function signInWithTelegram(page: Page, person: number): Promise<void> {
  await page.getByRole('button', { name: /Telegram/ }).click();
  await page.locator(`input[name="person"][value="${person}"]`).check();
  await page.locator(`input[name="emoji"][value="${await page.locator('#emoji').innerText()}"]`).check();
  await page.getByRole('button', { name: 'Approve' }).click();
  await page.getByRole('heading', { level: 1, name: 'My month' }).waitFor();
}

const QUESTIONS = ['Why is walking good?', 'How much of it a day?', 'And when it rains?'];

/** Says something and waits for what comes back. */
async function say(sandbox: SandboxClient, person: number, bot: number, text: string): Promise<void> {
  const { message_id: after } = await sandbox.telegram.say(person, { bot }, text);
  await answerOf(sandbox, { person, bot, after }, () => true, 20_000);
}

/** Of what there is, the latest. */
async function knownIds({ request }: BrowserContext, site: string): Promise<KnownIds> {
  const first = async (path: string) =>
    ((await (await request.get(`${site}/v1${path}`)).json()) as { data: Record<string, string>[] }).data[0]!;
  const { id: conversationId, userId } = await first('/conversations?botId=lumen&limit=1');
  const { id: experimentId } = await first('/experiments?limit=1');
  return {
    botId: 'lumen',
    ...(conversationId && { conversationId }),
    ...(userId && { userId }),
    ...(experimentId && { experimentId }),
  };
}
