import { Outbox } from '@switchboard/bus';
import { ReplyCompleted } from '@switchboard/contracts';
import { until } from '@switchboard/testing';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { generate } from 'otplib';
import { type Browser, chromium } from 'playwright-core';
import { DataSource } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import { StaffService } from '../../gateway/src/staff/staff.service';
import { PhonePage } from '../../sandbox/test/phone-page';
import { ConsolePage } from './console-page';
import { type KnownIds, pagesOf, UNKNOWN } from './console-pages.mts';
import { Installation } from './installation';
import { Person } from './person';
import { YOOKASSA_SHOP } from './sandbox';

const missing = process.env['CHROMIUM_MISSING'];
const withBrowser = missing && process.env['CI'] !== 'true' ? describe.skip : describe;

const workspace = join(__dirname, '..', '..', '..');
const OWNER = { email: 'ada@example.com', password: 'violet tram under seven lemons' };
const BOOKS = { token: '7000000003:sandbox-books', username: 'books_bot', name: 'Books' };

/** Its address has to be known before it starts: sign-ins lead back to it. */
async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** The stories build on each other, as the first day of an installation does: later ones find what earlier ones made. */
withBrowser('the console in the browser', () => {
  let installation: Installation;
  let browser: Browser;
  let site: string;
  /** The owner's browser. */
  let console: ConsolePage;
  /** Somebody who writes to Books. */
  let reader: Person;

  beforeAll(async () => {
    const executablePath = process.env['CHROMIUM_PATH'];
    if (!executablePath) throw new Error(missing ?? 'CHROMIUM_PATH is not set: run specs with `npm test -- <path>`');
    const port = await freePort();
    site = `http://localhost:${port}`;
    const publicly = { GATEWAY_PUBLIC_PORT: String(port), GATEWAY_PUBLIC_URL: site };
    [installation, browser] = await Promise.all([
      Installation.start({ BUS: 'memory', ...publicly }),
      chromium.launch({ executablePath, args: ['--no-sandbox'] }),
    ]);
    await installation.sandbox.calm();
    await installation.sandbox.control('POST', 'telegram/bots', BOOKS);
    console = await ConsolePage.open(browser, site);
  }, 60_000);
  afterAll(async () => {
    await browser?.close();
    await installation?.stop();
  });

  /** One thing that somebody does, in the browser of the owner unless they open another. */
  function story(name: string, play: () => Promise<void>): void {
    it(
      name,
      async () => {
        try {
          await play();
          expect(console.complaints.splice(0)).toEqual([]);
        } catch (error) {
          await console.picture(`failed ${name}`);
          throw error;
        }
      },
      60_000,
    );
  }

  story('whoever opens the one-time link becomes the owner: password, authenticator, recovery codes', async () => {
    const link = await installation.part('gateway', StaffService).linkForFirstOwner();
    await console.go(link!);
    await console.fill({ 'E-mail': OWNER.email, 'Your name': 'Ada Lind', 'A password': OWNER.password });
    await console.press('Continue');
    const secret = (await console.page.locator('.ui-code-line code').innerText()).replaceAll(' ', '');
    const now = Math.floor(Date.now() / 1000);
    await console.fill({
      'Code now': await generate({ secret, epoch: now }),
      'The next code': await generate({ secret, epoch: now + 30 }),
    });
    await console.heading('Keep these codes').waitFor();
    const codes = await console.page.locator('.sign-in-codes li').allInnerTexts();
    expect(codes).toHaveLength(10);
    await console.page.getByText('I have kept them in a safe place').click();
    await console.press('Open the console');
    await console.heading(/Ada/).waitFor();

    // And comes in again with one of the codes, once.
    await console.press('Ada Lind');
    await console.page.getByRole('menuitem', { name: 'Sign out' }).click();
    await console.fill({ 'E-mail': OWNER.email, Password: OWNER.password });
    await console.press('Continue');
    await console.press('I have no access to the app');
    await console.fill({ 'Recovery code': codes[0]! });
    await console.press('Sign in');
    await console.heading(/Ada/).waitFor();
  });

  story('a bot that the wizard made answers on the phone within two minutes', async () => {
    const began = Date.now();
    await console.go('/console/bots/new');
    await console.choose('Sandbox');
    await console.fill({ Token: BOOKS.token, 'User name': BOOKS.username });
    await console.press('Check it');
    await console.fill({ Name: BOOKS.name, Id: 'books' });
    await console.press('Continue');
    await console.fill({ 'What it is told': 'You sell books, and are kind.' });
    await console.press('Continue');
    await console.press('Continue');
    await console.says('All services can use it.');
    await console.press('Create the bot');
    await console.heading(BOOKS.name).waitFor();

    reader = await Person.meet(installation.sandbox, 'en', BOOKS.username, 'Philippa');
    const phone = await PhonePage.open(browser, installation.sandbox.url, { id: reader.id, firstName: 'Philippa' });
    try {
      await phone.openChat(BOOKS.name);
      await phone.part('start').click();
      await phone.reads(/I am Books/);
      await phone.write('Do you have novels?');
      await phone.reads(/Do you have novels/);
    } finally {
      await phone.close();
    }
    expect(Date.now() - began).toBeLessThan(120_000);
  });

  story('what has the focus is pressed by Enter, also on a page with a table', async () => {
    await console.go('/console/bots');
    await console.page.getByRole('table').first().waitFor();
    await console.page.getByRole('link', { name: 'Skip to content' }).focus();
    await console.page.keyboard.press('Enter');
    await console.page.waitForURL(/#content$/);
  });

  story('a new prompt counts from the next answer on, and is gone back from by one press', async () => {
    await installation.sandbox.script('as a pirate', 'Arr, novels below deck!');
    await console.go('/console/prompts/books?tab=draft');
    await console.press('Begin a draft');
    await console.fill({ 'What the assistant is told': 'You sell books, and speak as a pirate.' });
    await console.press('Publish');
    await console.dialog.getByLabel('Why').fill('Pirates sell more.');
    await console.agree('Publish');
    await console.says('Version 2 is in force');
    await until(
      async () => {
        await reader.say('Novels?');
        return await reader.reads(/Arr, novels below deck/, 3000).catch(() => undefined);
      },
      { what: 'an answer by the new prompt' },
    );

    await console.go('/console/prompts/books?tab=versions');
    await console.press('Actions: Version 1');
    await console.page.getByRole('menuitem', { name: 'Go back to it' }).click();
    await console.dialog.getByLabel('Why').fill('They do not.');
    await console.agree('Publish');
    await console.says('Version 1 is in force');
    await reader.say('Are there still novels?');
    const answer = await reader.reads(/Are there still novels/);
    expect(answer.text).not.toContain('Arr');
  });

  story('what somebody else changed meanwhile is not overwritten: a draft of an experiment', async () => {
    const { page } = console;
    const ask = (method: string, path: string, body?: unknown, headers = {}) =>
      page.evaluate(
        async ([method, path, body, headers]) => {
          const given = { 'content-type': 'application/json', ...headers };
          const answer = await fetch(`/v1${path}`, { method, headers: given, ...(body ? { body } : {}) });
          return (await answer.json()) as { id: string; revision: string };
        },
        [method, path, body === undefined ? undefined : JSON.stringify(body), headers] as const,
      );
    const versions = (await ask('GET', '/prompts/books/versions')) as unknown as { data: { id: string }[] };
    const [newer, older] = versions.data.map(({ id }) => id);
    const plan = {
      ...{ kind: 'comparison', place: 'chat-ai.prompt:books', botId: 'books', coverage: 10_000 },
      ...{ automaticRollback: true, hypothesis: 'Pirates sell more.', primary: null, guardrails: [] },
      arms: [
        { key: 'control', weight: 5000, value: older },
        { key: 'v2', weight: 5000, value: newer },
      ],
    };
    const idempotent = { 'Idempotency-Key': uuidv7() };
    const draft = await ask('POST', '/experiments', { ...plan, key: 'pirates' }, idempotent);
    await console.go(`/console/experiments/new?draft=${draft.id}`);
    await page.getByLabel('What you expect, and why').waitFor();

    const changed = { ...plan, hypothesis: 'They do not.' };
    await ask('PATCH', `/experiments/${draft.id}`, changed, { 'If-Match': `"${draft.revision}"` });
    // Whoever comes back to the tab a minute later: what is shown is asked for anew.
    const renewed = page.waitForResponse((response) => response.url().endsWith(`/experiments/${draft.id}`));
    await page.evaluate(`{
      const now = Date.now;
      Date.now = () => now() + 60_000;
      dispatchEvent(new Event('visibilitychange'));
    }`);
    await renewed;
    await console.settled();
    await console.press('Save the draft');
    await page.getByRole('alert').first().waitFor();
    expect((await ask('GET', `/experiments/${draft.id}`)) as unknown).toMatchObject({ hypothesis: 'They do not.' });
    console.forgive(/status of 412/);
  });

  story('what could not be asked is said to be so, and drawn as no zeros: usage over time', async () => {
    const { page } = console;
    const problem = { type: 'about:blank', title: 'Down', status: 503, code: 'unavailable' };
    await page.route(/\/v1\/usage\/series/, (route) =>
      route.fulfill({ status: 503, contentType: 'application/problem+json', body: JSON.stringify(problem) }),
    );
    await console.go('/console/usage');
    await page.getByRole('alert').first().waitFor();
    expect(await page.locator('.ui-plot').count()).toBe(0);
    await page.unroute(/\/v1\/usage\/series/);
    await console.button('Try again').first().click();
    await page.locator('.ui-plot').first().waitFor();
    console.forgive(/status of 503/);
  });

  story('a conversation is read by whoever says why', async () => {
    await console.go('/console/conversations?bot=books');
    await console.page.getByRole('row').nth(1).getByRole('link').first().click();
    await console.says('Answered');
    await console.press('Read what was said');
    await console.dialog.getByRole('textbox').fill('Philippa asked why she got no answer.');
    await console.agree('Read what was said');
    await console.says('Do you have novels?');
  });

  story('what was given up is found, and done after all when it is tried again', async () => {
    const [chat] = await installation.rows<{ id: string; user_id: string }>(
      'bot-adapter',
      `SELECT id, user_id FROM chats WHERE bot_id = 'books'`,
    );
    const lost = uuidv7();
    const reply = ReplyCompleted({
      ...{ replyId: uuidv7(), chatId: lost, botId: 'books', userId: chat!.user_id, locale: 'en' },
      ...{ text: 'Your novel has come.', outcome: 'answered', answers: [uuidv7()] },
    });
    const outbox = installation.part('chat-ai', Outbox);
    await installation.part('chat-ai', DataSource).transaction((tx) => outbox.add(tx, reply));

    const dead = console.page.getByRole('row', { name: /chat-ai\.reply\.completed\.v1/ });
    await until(
      async () => {
        await console.go('/console/failures');
        return (await dead.count()) > 0;
      },
      { what: 'the event among the failures' },
    );
    await dead.click();
    await console.page.getByRole('row', { name: new RegExp(lost) }).click();
    await console.says(`there is no chat ${lost}`);

    // The chat is there after all, as the former id of the one that goes on.
    await installation.rows(
      'bot-adapter',
      `INSERT INTO chats (id, bot_id, channel, external_id, external_hash, kind, user_id, locale, voice_mode, moved_to)
       SELECT $1, bot_id, channel, external_id, 'former', kind, user_id, locale, voice_mode, id FROM chats WHERE id = $2`,
      [lost, chat!.id],
    );
    await console.agree('Try again');
    await console.says('Try 1 event again?');
    await console.agree('Try again');
    await console.says('1 event on their way');
    await reader.reads(/Your novel has come/);
  });

  story('a board is saved as CSV', async () => {
    await console.go('/console/boards?board=activity');
    await console.press('Save as a file');
    await console.choose('CSV');
    await console.agree('Write the file');
    const link = console.dialog.getByRole('link', { name: /\.csv$/ });
    const [download] = await Promise.all([console.page.waitForEvent('download'), link.click()]);
    expect(download.suggestedFilename()).toMatch(/activity.*\.csv$/);
    expect(await readFile(await download.path(), 'utf8')).toMatch(/^\uFEFF?\w+[,;]/);
  });

  /** The area of whoever writes to Books, in a browser of their own. */
  async function signInAsReader(): Promise<{ cabinet: ConsolePage; userId: string }> {
    const [{ user_id: userId } = { user_id: '' }] = await installation.rows<{ user_id: string }>(
      'bot-adapter',
      `SELECT user_id FROM chats WHERE bot_id = 'books' AND moved_to IS NULL`,
    );
    const cabinet = await ConsolePage.open(browser, site);
    const { page } = cabinet;
    await cabinet.go('/me/profile');
    await cabinet.press(/Telegram/);
    await page.locator(`input[name="person"][value="${reader.id}"]`).check();
    await page.locator(`input[name="emoji"][value="${await page.locator('#emoji').innerText()}"]`).check();
    await cabinet.press('Approve');
    await cabinet.heading('Profile').waitFor();
    return { cabinet, userId };
  }

  story('a plan is put into the catalogue, at the price that was typed', async () => {
    const { page } = console;
    // From here on no page is loaded anew: a quick browser would ask for more in a minute than one person may.
    await console.turnTo('/console/catalogue/books/plans/new');
    await console.fill({ 'Name in English': 'A month', 'Name in Russian': 'Месяц', Code: 'month', Level: 'plus' });
    const price = page.getByRole('textbox', { name: /^Russian/ });
    await price.fill('199.999');
    await console.press('Save');
    await console.says('Write an amount, as in 199.00.');
    await price.fill('199,5');
    // What was wrong goes when the field is left, and what stands below moves up.
    await price.blur();
    await console.press('Something more');
    await page.getByRole('menuitem', { name: 'VPN devices' }).click();
    await console.press('Save');
    await console.says('₽199.50');
    type Plan = { code: string; prices: Record<string, number>; features: Record<string, number> };
    const plans = () => installation.rows<Plan>('payments', 'SELECT code, prices, features FROM plans');
    expect(await plans()).toEqual([{ code: 'month', prices: { RUB: 19_950 }, features: { 'vpn.devices': 1 } }]);

    await page.getByRole('link', { name: 'A month' }).click();
    await price.fill('249');
    await console.press('Save');
    // The words of the first time may still stand there, so what is kept is asked.
    await until(async () => (await plans())[0]?.prices['RUB'] === 24_900, { what: 'the new price' });
    expect(await plans()).toEqual([{ code: 'month', prices: { RUB: 24_900 }, features: { 'vpn.devices': 1 } }]);
  });

  story('what was bought goes back, and the page of the person tells it', async () => {
    const { cabinet, userId } = await signInAsReader();
    await console.turnTo(`/console/people/${userId}?tab=purchases`);
    await console.press('Correct it');
    await console.dialog.getByLabel('Amount').fill('300');
    await console.dialog.getByLabel('Reason').fill('Her first month is a present.');
    await console.agree('Correct it');
    await console.says('The balance is corrected');

    const [plan] = await installation.rows<{ id: string }>('payments', 'SELECT id FROM plans');
    const wanted = { kind: 'plan', planId: plan!.id };
    const order = { botId: 'books', wanted, currency: 'RUB', useBalance: true };
    const state = await cabinet.page.evaluate(
      async ([key, body]) => {
        const headers = { 'content-type': 'application/json', 'idempotency-key': key! };
        const answer = await fetch('/v1/me/orders', { method: 'POST', headers, body: body! });
        return ((await answer.json()) as { state: string }).state;
      },
      [uuidv7(), JSON.stringify(order)],
    );
    expect(state).toBe('fulfilled');
    await cabinet.close();

    await console.turnTo(`/console/orders?person=${userId}`);
    await console.page.getByRole('link', { name: 'A month' }).click();
    await console.says('Served');
    await console.press('Refund');
    await console.choose('To the balance in the bot');
    await console.dialog.getByLabel('Reason').fill('She did not need it.');
    await console.agree('Refund');
    await console.says('The refund is on its way');
    await console.says('Refunded');
    await console.turnTo(`/console/people/${userId}`);
    await console.says('₽249.00 went back');
    await console.turnTo('/console/ledger');
    await console.says('Adds up to zero');
  });

  story('a server is added when its panel has answered', async () => {
    const { account } = await installation.sandbox.client.panels('marzban').addServer({ name: 'frankfurt-1' });
    const { url, username, password } = account as Record<string, string>;
    await console.turnTo('/console/servers/new');
    await console.fill({
      Name: 'Frankfurt 1',
      Region: 'de',
      Address: url!,
      'User name': username!,
      'Cost a month': '12',
    });
    const secret = console.page.getByLabel(/^Password/);
    await secret.fill('not this one');
    await console.press('Try the connection');
    await console.says('It does not accept the secrets.');
    await secret.fill(password!);
    await console.press('Try the connection');
    await console.says(/It answers in/);
    await console.press('Save');
    await console.heading('Frankfurt 1').waitFor();
    await console.says('0 of 100');
    await console.turnTo('/console/servers?tab=migrations');
    await console.press('Move people');
    await console.agree(/From/);
    await console.page.getByRole('option', { name: /Frankfurt 1/ }).click();
    await console.says('It serves nobody who could be moved.');
  });

  story('who signs in with Telegram is the person who writes to the bot', async () => {
    const entrance = await ConsolePage.open(browser, site);
    await entrance.go('/me/profile');
    expect(await entrance.faults()).toEqual([]);
    await entrance.close();
    const { cabinet, userId } = await signInAsReader();
    await cabinet.says(userId);

    for (const { path } of pagesOf('me', {}, workspace)) {
      await cabinet.turnTo(path);
      expect([path, await cabinet.faults()]).toEqual([path, []]);
      if (path.includes(UNKNOWN)) cabinet.forgive(/status of 404/);
    }
    // A bot that rewards nobody has none.
    cabinet.forgive(/404 .*me\/referrals/);
    expect(cabinet.complaints).toEqual([]);
    await cabinet.close();
  });

  story('what a guest has paid is taken over by whoever signs in, and goes on by what they pay there', async () => {
    const { yookassa } = installation.sandbox.client;
    const webhookUrl = `${site}/v1/payments/yookassa/northwind/notifications`;
    await yookassa.setShop({ shopId: YOOKASSA_SHOP.shopId, webhookUrl });
    const plan = {
      ...{ botId: 'northwind', code: 'week', level: 'plus', period: { count: 7, unit: 'day' } },
      ...{ name: { en: 'A week', ru: 'Неделя' }, description: { en: 'All of it.', ru: 'Всё.' } },
      ...{ prices: { RUB: 9900 }, features: {} },
    };
    const post = (path: string, body: object) =>
      console.page.evaluate(
        async ([address, key, text]) => {
          const headers = { 'content-type': 'application/json', 'idempotency-key': key! };
          return (await fetch(address!, { method: 'POST', headers, body: text! })).status;
        },
        [path, uuidv7(), JSON.stringify(body)],
      );
    expect(await post('/v1/plans', plan)).toBe(201);

    const guest = await ConsolePage.open(browser, site);
    const { page } = guest;
    // The page of the provider opens beside it, and is not what is seen here.
    await page.addInitScript('window.open = () => null');
    const pay = async () => {
      const link = page.getByRole('link', { name: 'Open the payment page' });
      const address = await link.getAttribute('href');
      await yookassa.pay(address!.split('/').at(-1)!);
    };
    await guest.go('/shop/northwind?campaign=autumn');
    await guest.heading('Northwind').waitFor();
    expect(await guest.faults()).toEqual([]);
    await guest.fill({ 'E-mail': 'philippa@example.com' });
    await guest.press('Pay ₽99');
    await pay();
    await page.getByRole('link', { name: 'Go on in the browser' }).click();
    await page.getByRole('link', { name: 'Sign in to take it over' }).click();
    await guest.press(/Telegram/);
    await page.locator(`input[name="person"][value="${reader.id}"]`).check();
    await page.locator(`input[name="emoji"][value="${await page.locator('#emoji').innerText()}"]`).check();
    await guest.press('Approve');
    await guest.press('Take it over');
    await guest.says('7 days left');
    expect(await guest.faults()).toEqual([]);

    // Beside it stands the one that staff have ended.
    await page.getByRole('link', { name: /^Open/ }).first().click();
    await page.getByRole('link', { name: 'Extend' }).click();
    // By what staff have given them.
    const [{ user_id: userId }] = (await installation.rows<{ user_id: string }>(
      'payments',
      `SELECT user_id FROM subscriptions WHERE bot_id = 'northwind' ORDER BY started_at DESC LIMIT 1`,
    )) as [{ user_id: string }];
    const present = { changeMinor: 9900, currency: 'RUB', reason: 'The next week is a present.' };
    expect(await post(`/v1/balances/${userId}/corrections`, present)).toBe(201);
    await page.reload();
    await guest.press('Buy with the balance: ₽99');
    await guest.says('Your subscription goes on.');
    await page.getByRole('link', { name: 'To my subscription' }).click();
    await guest.says('14 days left');
    await guest.go('/me/payments');
    await page
      .getByRole('row', { name: /A week/ })
      .nth(1)
      .waitFor();
    // A bot by which the person has something, and which sells nothing itself.
    guest.forgive(/404 .*\/v1\/shops\/books$/);
    expect(guest.complaints).toEqual([]);
    await guest.close();
  });

  describe('each page', () => {
    // What is not named here is opened as something that there is not.
    let ids: KnownIds;
    beforeAll(async () => {
      const [known] = await installation.rows<{ id: string; user_id: string }>(
        'chat-ai',
        `SELECT id, user_id FROM conversations WHERE bot_id = 'books'`,
      );
      const first = async (service: string, table: string) =>
        (await installation.rows<{ id: string }>(service, `SELECT id FROM ${table}`))[0]?.id ?? UNKNOWN;
      ids = {
        ...{ botId: 'books', conversationId: known?.id ?? UNKNOWN, userId: known?.user_id ?? UNKNOWN },
        ...{
          experimentId: await first('analytics', 'experiments'),
          serverId: await first('vpn-provisioner', 'servers'),
        },
        ...{ orderId: await first('payments', 'orders'), planId: await first('payments', 'plans') },
      };
      await console.go('/console/');
    });

    for (const [i, { name }] of pagesOf('staff', {}, workspace).entries()) {
      story(`can be read out and fits on a phone: ${name}`, async () => {
        const { path } = pagesOf('staff', ids, workspace)[i]!;
        await console.turnTo(path);
        expect(await console.faults()).toEqual([]);
        if (path.includes(UNKNOWN)) console.forgive(/status of 404/);
      });
    }

    story('can be read out and fits on a phone: what is found by its name', async () => {
      await console.turnTo('/console/bots');
      await console.page.keyboard.press('Control+k');
      await console.dialog.getByRole('option').first().waitFor();
      expect(await console.faults()).toEqual([]);
      await console.page.keyboard.press('Escape');
    });
  });
});
