import { until } from '@switchboard/testing';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Browser, chromium, type Locator } from 'playwright-core';
import { SandboxClient } from '../src/client';
import { type Sandbox, startSandbox } from '../src/sandbox';
import type { BotSeed } from '../src/telegram/state';
import { DEMO, startAllInOne } from './all-in-one';
import { type PageOptions, PhonePage } from './phone-page';

const missing = process.env['CHROMIUM_MISSING'];
const describeWithBrowser = missing && process.env['CI'] !== 'true' ? describe.skip : describe;
/** A bot that is played by the spec. */
const KINDS = { token: '7200000009:kinds', username: 'kinds_bot', name: 'Kinds' };
const SMALL = { width: 390, height: 844 };

interface Described {
  name: string;
  channel: Omit<BotSeed, 'name'> & { kind: string; apiRoot?: string };
}

/** A number that the browser knows of an element. */
const property = (element: Locator, name: string): Promise<number> =>
  element.evaluate((node, key) => (node as unknown as Record<string, number>)[key]!, name);

describeWithBrowser('the phone in the browser', () => {
  let sandbox: Sandbox;
  let services: { stop(): Promise<void> };
  let browser: Browser;

  beforeAll(async () => {
    const executablePath = process.env['CHROMIUM_PATH'];
    if (!executablePath) throw new Error(missing ?? 'CHROMIUM_PATH is not set: run specs with `npm test -- <path>`');
    const files = readdirSync(join(DEMO, 'bots')).map((file) => readFileSync(join(DEMO, 'bots', file), 'utf8'));
    const described = files.map((file) => JSON.parse(file) as Described);
    const living = described.filter(({ channel }) => channel.kind === 'telegram' && channel.apiRoot === 'sandbox');
    const bots = living.map(({ name, channel: { token, username } }) => ({ name, token, username }));
    sandbox = await startSandbox({ telegram: { bots: [...bots, KINDS] } });
    [services, browser] = await Promise.all([startAllInOne(sandbox), chromium.launch({ executablePath })]);
  }, 60_000);
  afterAll(async () => {
    await browser?.close();
    await services?.stop();
    await sandbox?.close();
  });

  /** One person who has just come to live in the sandbox, and a browser that shows them. */
  function story(name: string, play: (phone: PhonePage) => Promise<void>, options: PageOptions = {}): void {
    it(
      name,
      async () => {
        const philippa = { firstName: 'Philippa', lastName: 'Long', languageCode: 'en' };
        const person = await new SandboxClient(sandbox.url).telegram.addPerson(philippa);
        const phone = await PhonePage.open(browser, sandbox.url, person, options);
        try {
          await play(phone);
          expect(phone.complaints).toEqual([]);
        } catch (error) {
          await phone.picture(`failed ${name}`);
          throw error;
        } finally {
          await phone.close();
        }
      },
      60_000,
    );
  }

  story('an answer is seen to grow, and the finished message takes its place', async (phone) => {
    await phone.meet('Lumen');
    await phone.write('Why is walking good?');
    const draft = phone.part('draft');
    const lengths = new Set<number>();
    await draft.waitFor();
    while ((await draft.count()) > 0) {
      const text = await draft
        .locator('.text')
        .innerText({ timeout: 1000 })
        .catch(() => '');
      if (text) lengths.add(text.length);
      if (lengths.size === 3) await phone.picture('1 an answer being written');
    }
    expect([...lengths]).toEqual([...lengths].sort((a, b) => a - b));
    expect(lengths.size).toBeGreaterThanOrEqual(3);
    await phone.reads(/you wrote: “Why is walking good\?”.*I do not invent answers/s);
    expect(await phone.answers.count()).toBe(2);
    await phone.picture('2 the finished answer');
  });

  story('an answer is stopped, written again in its place, and rated', async (phone) => {
    const { openai } = new SandboxClient(sandbox.url);
    await phone.meet('Lumen');
    await phone.write('A list of 40 ideas about tea');
    await phone.part('draft').getByText('Point 3').waitFor();
    await phone.part('stop').click();
    const stopped = await phone.reads(/…/);
    expect(await stopped.innerText()).not.toContain('Point 40');
    expect(await phone.answers.count()).toBe(2);
    await phone.picture('12 an answer that was stopped');
    await openai.setPace({ firstTokenMs: 0, betweenTokensMs: 2 });
    await stopped.getByRole('button', { name: '🔁' }).click();
    await phone.part('toast').getByText('I think again').waitFor();
    const again = await phone.reads(/Point 40/);
    expect(await phone.answers.count()).toBe(2);
    expect(await phone.part('draft').count()).toBe(0);
    await again.getByRole('button', { name: '👍' }).click();
    await phone.part('toast').getByText('Thank you').waitFor();
    await phone.picture('13 an answer that was written again');
    await openai.setPace({ firstTokenMs: 250, betweenTokensMs: 25 });
  });

  story('Listen brings a voice note that plays', async (phone) => {
    await phone.meet('Lumen');
    await phone.write('Hello');
    const answer = await phone.reads(/I am a pretend model/);
    await answer.getByRole('button', { name: 'Listen' }).click();
    await phone.part('toast').getByText('I am recording it').waitFor();
    await phone.part('voice-play').waitFor();
    const audio = phone.page.locator('audio');
    await until(async () => (await property(audio, 'duration')) > 1, { what: 'the length of the voice note' });
    await phone.part('voice-play').click();
    await until(async () => (await property(audio, 'currentTime')) > 0.3, { what: 'sound' });
    await phone.picture('3 a voice note plays');
  });

  story('a photo and a document are sent, shown and answered', async (phone) => {
    await phone.meet('Lumen');
    const photo = { name: 'view.png', mimeType: 'image/png', buffer: await phone.page.screenshot() };
    await phone.choose(photo, 'my view');
    await phone.picture('4 a photo about to be sent');
    await phone.part('send-file').click();
    const shown = phone.page.locator('.photo img');
    await until(async () => (await property(shown, 'naturalWidth')) > 0, { what: 'the photo' });
    await phone.reads(/you wrote: “my view”.*I see a picture: image\/jpeg, 1100 × 820, \w+/s);

    await phone.choose(
      { name: 'plan.txt', mimeType: 'text/plain', buffer: Buffer.from('a plan of the harbour') },
      'my plan',
    );
    await phone.part('send-file').click();
    await phone.page.getByRole('link', { name: 'Download plan.txt' }).waitFor();
    await phone.reads(/you wrote: “my plan”.*I read a document that begins with “a plan of the harbour”/s);
    await phone.picture('5 a photo and a document');
  });

  story('a poll, a place, an invoice, a keyboard and a reaction are shown and used', async (phone) => {
    const { id } = phone.person;
    const { telegram } = new SandboxClient(sandbox.url);
    const at = { bot: KINDS.username };
    const call = async <T>(method: string, params: object): Promise<T> => {
      const response = await fetch(`${sandbox.telegramUrl}/bot${KINDS.token}/${method}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ chat_id: id, ...params }),
      });
      return ((await response.json()) as { result: T }).result;
    };
    await telegram.start(id, at);
    await phone.openChat('Kinds');
    const poll = await call<{ message_id: number }>('sendPoll', { question: 'Tea?', options: ['Yes', 'No'] });
    await phone.page.getByRole('button', { name: 'Yes' }).click();
    await phone.page.getByText('100%').waitFor();
    await call('sendVenue', { latitude: 52.5, longitude: 13.4, title: 'Teahouse', address: 'Harbour Street 4' });
    await phone.page.getByRole('img', { name: 'Place' }).waitFor();
    await call('sendDice', {});
    await phone.page.getByRole('img', { name: 'Dice' }).waitFor();
    await call('sendContact', { phone_number: '+1 555', first_name: 'Ada' });
    await phone.page.getByRole('link', { name: '+1 555' }).waitFor();
    await call('sendInvoice', {
      title: 'A pot of tea',
      description: 'Green',
      payload: 'tea',
      currency: 'XTR',
      prices: [{ label: 'tea', amount: 5 }],
    });
    await phone.page.getByRole('button', { name: 'Pay' }).click();
    const confirm = async () => {
      const query = await until(
        async () =>
          (await call<{ pre_checkout_query?: { id: string } }[]>('getUpdates', { offset: -1 })).at(-1)
            ?.pre_checkout_query,
        { what: 'the question whether it may be paid' },
      );
      await call('answerPreCheckoutQuery', { pre_checkout_query_id: query.id, ok: true });
      await phone.part('toast').getByText('Paid').waitFor();
    };
    await confirm();
    const monthly = { title: 'Tea each month', description: 'Green', payload: 'teas', subscription_period: 2_592_000 };
    const price = { currency: 'XTR', prices: [{ label: 'tea', amount: 7 }] };
    const url = await call<string>('createInvoiceLink', { ...monthly, ...price });
    await call('sendMessage', { text: 'More?', reply_markup: { inline_keyboard: [[{ text: 'Each month', url }]] } });
    await phone.page.getByRole('button', { name: 'Each month' }).click();
    await phone.part('payment').getByText('every 30 days').waitFor();
    expect(await phone.nameless()).toEqual([]);
    await phone.part('pay').click();
    await confirm();
    await phone.part('chat-menu').click();
    await phone.page.getByRole('button', { name: 'Subscriptions' }).click();
    await phone.part('subscription').getByRole('button', { name: 'Cancel the renewal' }).click();
    await phone.part('subscription').getByRole('button', { name: 'Renew again' }).waitFor();
    await phone.page.keyboard.press('Escape');
    const keyboard = [[{ text: 'My number', request_contact: true }, 'Nothing']];
    await call('sendMessage', { text: 'What else?', reply_markup: { keyboard } });
    await phone.part('reply-keyboard').getByRole('button', { name: 'My number' }).click();
    await phone.part('reply-keyboard').getByRole('button', { name: 'Nothing' }).click();
    await phone.page.locator('[data-own="true"]').getByText('Nothing').waitFor();
    await telegram.react(id, at, poll.message_id, '👍');
    await phone.page.getByRole('button', { name: '👍 1' }).click();
    await phone.page.getByRole('button', { name: '👍 1' }).waitFor({ state: 'detached' });
    expect(await phone.nameless()).toEqual([]);
    expect(await phone.overflow()).toBe(0);
    await phone.picture('11 other kinds of messages');
  });

  story('speech as mp3 is something a browser can decode', async ({ page }) => {
    const response = await fetch(`${sandbox.openAiUrl}/audio/speech`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: 'Bearer sk-sandbox' },
      body: JSON.stringify({ model: 'tts-1', voice: 'nova', input: 'Good morning, dear listener' }),
    });
    const mp3 = Buffer.from(await response.arrayBuffer()).toString('base64');
    const heard = await page.evaluate<{ seconds: number; loudest: number }>(`(async () => {
      const bytes = Uint8Array.from(atob('${mp3}'), (letter) => letter.charCodeAt(0));
      const sound = await new OfflineAudioContext(1, 1, 24000).decodeAudioData(bytes.buffer);
      return { seconds: sound.duration, loudest: Math.max(...sound.getChannelData(0)) };
    })()`);
    expect(heard.seconds).toBeGreaterThan(1);
    expect(heard.loudest).toBeGreaterThan(0.1);
    expect(heard.loudest).toBeLessThan(0.6);
  });

  story('the page speaks Russian and English', async (phone) => {
    await phone.meet('Lumen');
    await phone.part('language-ru').first().click();
    await phone.page.getByRole('textbox', { name: 'Сообщение' }).waitFor();
    expect(await phone.page.locator('html').getAttribute('lang')).toBe('ru');
    expect(await phone.nameless()).toEqual([]);
    await phone.page.reload();
    await phone.page.getByRole('textbox', { name: 'Сообщение' }).waitFor();
    await phone.picture('6 in Russian');
    await phone.part('language-en').first().click();
    await phone.page.getByRole('textbox', { name: 'Message' }).waitFor();
  });

  story('a dark screen is dark, by choice or by the system', async (phone) => {
    const brightness = async () => {
      const colour = 'getComputedStyle(document.querySelector(".phone-glass")).backgroundColor';
      const [red, green, blue] = (await phone.page.evaluate<string>(colour)).match(/[\d.]+/g)!.map(Number);
      return (red! + green! + blue!) / 3;
    };
    await phone.meet('Lumen');
    expect(await brightness()).toBeGreaterThan(128);
    await phone.page.getByRole('button', { name: 'Dark' }).click();
    expect(await brightness()).toBeLessThan(96);
    await phone.picture('7 in the dark');
    await phone.page.getByRole('button', { name: 'Auto' }).click();
    await phone.page.emulateMedia({ colorScheme: 'dark' });
    expect(await brightness()).toBeLessThan(96);
  });

  story('everything is reached by the keyboard alone', async (phone) => {
    const { keyboard } = phone.page;
    await phone.tabTo(phone.part(`person-${phone.person.id}`));
    await keyboard.press('Enter');
    await phone.tabTo(phone.page.getByRole('button', { name: 'Lumen' }));
    await keyboard.press('Enter');
    await phone.part('start').waitFor();
    await phone.tabTo(phone.part('start'));
    await keyboard.press('Enter');
    await phone.reads(/I am Lumen/);
    await phone.tabTo(phone.part('composer'));
    await keyboard.type('Hello');
    await keyboard.press('Enter');
    const answer = await phone.reads(/I am a pretend model/);
    await phone.tabTo(answer.getByRole('button', { name: 'Listen' }));
    await keyboard.press('Enter');
    await phone.tabTo(phone.part('voice-play'));
    await keyboard.press('Enter');
    await phone.page.getByRole('button', { name: 'Pause' }).waitFor();
    await phone.tabTo(phone.part('command-menu'));
    await keyboard.press('Enter');
    await keyboard.press('Escape');
    expect(await phone.isFocused(phone.part('composer'))).toBe(true);
  });

  story(
    'on a small screen nothing runs out of it',
    async (phone) => {
      expect(await phone.overflow()).toBe(0);
      await phone.picture('8 people on a small screen');
      await phone.meet('Northwind');
      await phone.write('When is the workshop open on Saturday?');
      await phone.reads(/Sources/);
      await phone.write('Show me some code');
      await phone.reads(/It counts how often/);
      await phone.write(`Hello ${'w'.repeat(100)} https://example.com/${'path/'.repeat(20)}`);
      await phone.part('bubble').getByText('wwww').first().waitFor();
      expect(await phone.overflow()).toBe(0);
      await phone.picture('9 a chat on a small screen');
      await phone.part('back').click();
      await phone.part('settings').click();
      expect(await phone.overflow()).toBe(0);
      await phone.picture('10 settings on a small screen');
    },
    { viewport: SMALL },
  );

  story('a screen reader finds a name for everything, and hears of new messages', async (phone) => {
    expect(await phone.nameless()).toEqual([]);
    await phone.meet('Lumen');
    await phone.write('/voice');
    const menu = await phone.reads(/by voice/);
    await menu.getByRole('button', { name: 'Text and voice' }).click();
    await menu.getByRole('button', { name: '✓ Text and voice' }).waitFor();
    await phone.write('Hello');
    await phone.part('voice-play').waitFor();
    expect(await phone.nameless()).toEqual([]);
    const log = phone.page.getByRole('log', { name: 'Messages' });
    expect(await log.getAttribute('aria-live')).toBe('polite');
    expect(await log.getByText('I am a pretend model').count()).toBe(1);
    await phone.part('chat-menu').click();
    expect(await phone.nameless()).toEqual([]);
  });
});
