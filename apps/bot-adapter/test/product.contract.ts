import type { AppDefinition } from '@switchboard/service-kit';
import { ErasureRequested } from '@switchboard/contracts';
import { dataMapProblems, type TestApp, until } from '@switchboard/testing';
import { defineBotAdapter } from '../src/bot-adapter.module';
import { telegram as telegramChannel } from '../src/channels/telegram/telegram.factory';
import type { ProductDefinition } from '../src/dialogs/product';
import { ProductRouter } from '../src/dialogs/product-router.service';
import { BOTS, externalHash, inSandbox, startBotAdapter } from './start-bot-adapter';
import { LUMEN, type Phone, type PretendedTelegram, type SeenMessage, startTelegram } from './start-sandbox';

export interface ProductUnderTest {
  readonly name: string;
  readonly definition: ProductDefinition;
  /** What it keeps of a person, as /privacy says it. */
  readonly keeps: readonly RegExp[];
  readonly prepare?: (app: TestApp, phone: Phone) => Promise<void>;
  /** Commands that show buttons, with one of them and what it does to the message. */
  readonly menus: readonly { readonly command: string; readonly button: string; readonly shows: RegExp }[];
  /** Commands that put keys in place of the person's keyboard, with one of them and what it does. */
  readonly keyboards: readonly { readonly command: string; readonly key: string; readonly shows: RegExp }[];
  /** Dialogs by their command, with what a person answers and what is said in the end. */
  readonly dialogs: readonly { readonly command: string; readonly answers: readonly string[]; readonly ends: RegExp }[];
  /** Questions that are answered once: the buttons that lead there, and how often it was done. */
  readonly questions: readonly {
    readonly command: string;
    readonly path: readonly string[];
    readonly yes: string;
    readonly no: string;
    readonly done: (app: TestApp, phone: Phone) => Promise<number>;
  }[];
}

const EVERY = /[\s\S]/;

/** What the kit promises for every product. */
export function productContract(product: ProductUnderTest): void {
  const app: AppDefinition = defineBotAdapter({ channels: [telegramChannel], products: [product.definition] });
  const bots = { lumen: { ...BOTS['lumen'], products: [product.name], channel: inSandbox(LUMEN) } };
  let telegram: PretendedTelegram;
  let running: TestApp;

  beforeAll(async () => {
    telegram = await startTelegram();
    running = await startBotAdapter(telegram, { app, bots });
  });
  afterAll(async () => {
    await running.stop();
    await telegram.close();
  });

  async function someone(name = 'Emma'): Promise<Phone> {
    const phone = await telegram.person('en', LUMEN.username, name);
    await phone.start();
    await phone.answer(({ text }) => EVERY.test(text ?? ''));
    await product.prepare?.(running, phone);
    return phone;
  }
  /** The next message of the bot. */
  async function answerTo(phone: Phone, say: () => Promise<unknown>): Promise<SeenMessage> {
    const before = new Set((await phone.answers()).map(({ message_id }) => message_id));
    await say();
    return phone.answer(({ message_id }) => !before.has(message_id));
  }
  const open = (phone: Phone, command: string) => answerTo(phone, () => phone.say(command));
  const userOf = async ({ chat }: Phone): Promise<string | undefined> => {
    const [found] = await running.service.db.query<{ user_id: string }[]>(
      'SELECT user_id FROM people WHERE external_hash = $1',
      [externalHash(chat)],
    );
    return found?.user_id;
  };
  const buttonsOf = ({ reply_markup }: SeenMessage) =>
    reply_markup?.inline_keyboard.flat().map(({ text }) => text) ?? [];

  it('describes each command in every language it speaks', () => {
    const router = running.service.nest.get(ProductRouter, { strict: false });
    const [{ texts, commands }] = router.productsOf({ products: [product.name] } as never) as never as [
      { texts: { languages: string[]; has(key: string): boolean }; commands: object },
    ];
    expect(texts.languages).toEqual(expect.arrayContaining(['en', 'ru']));
    expect(Object.keys(commands).filter((name) => !texts.has(`commands.${name}`))).toEqual([]);
    expect(Object.keys(commands).length).toBeGreaterThan(0);
  });

  it('answers each of its commands', async () => {
    const router = running.service.nest.get(ProductRouter, { strict: false });
    const phone = await someone();
    const [found] = router.productsOf({ products: [product.name] } as never);
    for (const command of Object.keys(found!.commands)) {
      expect((await open(phone, `/${command}`)).text).toMatch(EVERY);
    }
  });

  it('greets a person by name, and lists what can be done, rights included', async () => {
    const phone = await telegram.person('en', LUMEN.username, 'Emma');
    await phone.start();
    expect((await phone.answer(({ text }) => EVERY.test(text ?? ''))).text).toMatch(/Emma.*Lumen/s);
    expect((await open(phone, '/help')).text).toMatch(/\/language – .*\/privacy – /s);
  });

  it('speaks the language of the person, or the one they choose', async () => {
    const [anna, emma] = [await telegram.person('ru', LUMEN.username, 'Анна'), await someone()];
    await anna.start();
    expect((await anna.answer(({ text }) => EVERY.test(text ?? ''))).text).toMatch(/Здравствуйте, Анна/);
    expect((await open(anna, '/privacy')).text).toMatch(/Что о вас хранится/);
    const menu = await open(emma, '/language');
    await emma.press(menu.message_id, 'Русский');
    await emma.answer(({ message_id, text }) => message_id === menu.message_id && /На каком языке/.test(text ?? ''));
    expect((await open(emma, '/help')).text).toMatch(/\/privacy – Что я о вас храню/);
  });

  it('tells what is kept about a person, and forgets all of it once they agree', async () => {
    const phone = await someone();
    const userId = await userOf(phone);
    const screen = await open(phone, '/privacy');
    expect(screen.text).toMatch(/your name.*30 days.*encrypted/s);
    for (const kept of product.keeps) expect(screen.text).toMatch(kept);
    await phone.press(screen.message_id, 'Delete what you keep about me');
    const isQuestion = ({ message_id, text }: SeenMessage) =>
      message_id === screen.message_id && /cannot be undone/.test(text ?? '');
    await phone.answer(isQuestion);
    await Promise.all([1, 2].map(() => phone.press(screen.message_id, 'Delete everything')));
    await phone.answer(({ message_id, text }) => message_id === screen.message_id && /being deleted/.test(text ?? ''));
    const asked = running.probe.all(ErasureRequested).filter(({ data }) => data.userId === userId);
    expect(asked).toHaveLength(1);
    // A press that comes after the erasure is that of somebody new.
    await until(async () => (await userOf(phone)) !== userId, { what: 'the person being forgotten' });
    for (const [table, { person }] of Object.entries(product.definition.dataMap ?? {})) {
      const left = await running.service.db.query(`SELECT FROM ${table} WHERE ${String(person)} = $1`, [userId]);
      expect(left).toEqual([]);
    }
  });

  it('says of its tables what they hold of whom', async () => {
    expect(await dataMapProblems(running, app)).toEqual([]);
  });

  describe.each(product.menus)('$command', ({ command, button, shows }) => {
    it('changes in place when a button is pressed', async () => {
      const phone = await someone();
      const menu = await open(phone, command);
      expect((await phone.press(menu.message_id, button)).answered).toBe(true);
      const changed = await phone.answer(
        ({ message_id, text }) => message_id === menu.message_id && shows.test(text ?? ''),
      );
      expect(changed.message_id).toBe(menu.message_id);
    });

    it('answers every press of a hasty finger, and still shows what was chosen', async () => {
      const phone = await someone();
      const menu = await open(phone, command);
      const presses = await Promise.all([1, 2, 3].map(() => phone.press(menu.message_id, button)));
      expect(presses.map(({ answered }) => answered)).toEqual([true, true, true]);
      await phone.answer(({ message_id, text }) => message_id === menu.message_id && shows.test(text ?? ''));
    });

    it('does nothing any more when it is a month old', async () => {
      const phone = await someone();
      const menu = await open(phone, command);
      running.clock.advance(31 * 86_400_000);
      expect((await phone.press(menu.message_id, button)).text).toMatch(/out of date/);
      running.clock.advance(-31 * 86_400_000);
    });

    it('does nothing in the chat of somebody else', async () => {
      const [phone, thief] = [await someone(), await someone('Oliver')];
      const menu = await open(phone, command);
      const { callback_data } = menu.reply_markup!.inline_keyboard.flat().find(({ text }) => text === button)!;
      const own = await open(thief, '/help');
      const reply_markup = { inline_keyboard: [[{ text: 'stolen', callback_data }]] };
      await telegram.ask('editMessageText', {
        chat_id: thief.chat,
        message_id: own.message_id,
        text: 'x',
        reply_markup,
      });
      expect((await thief.press(own.message_id, 'stolen')).text).toMatch(/out of date/);
    });

    it('belongs in a group to the person who opened it', async () => {
      const [emma, oliver] = [
        await telegram.person('en', undefined, 'Emma'),
        await telegram.person('en', undefined, 'Oliver'),
      ];
      const group = await telegram.group(emma, oliver);
      await answerTo(group, () => group.say(`/help@${LUMEN.username}`));
      await product.prepare?.(running, group);
      const menu = await answerTo(group, () => group.say(`${command}@${LUMEN.username}`));
      const others = telegram.inGroup(oliver, group);
      expect((await others.press(menu.message_id, button)).text).toMatch(/somebody else/);
      expect((await group.press(menu.message_id, button)).text ?? '').not.toMatch(/somebody else/);
      await group.answer(({ message_id, text }) => message_id === menu.message_id && shows.test(text ?? ''));
    });
  });

  for (const { command, key, shows } of product.keyboards) {
    it(`a key of ${command} does what it says, however it is typed`, async () => {
      const phone = await someone();
      await open(phone, command);
      expect((await answerTo(phone, () => phone.say(key))).text).toMatch(shows);
      expect((await answerTo(phone, () => phone.say(key.toUpperCase()))).text).toMatch(shows);
    });
  }

  for (const { command, path, yes, no, done } of product.questions) {
    const ask = async (phone: Phone) => {
      let screen = await open(phone, command);
      for (const button of path) {
        const { text } = screen;
        await phone.press(screen.message_id, button);
        screen = await phone.answer((message) => message.message_id === screen.message_id && message.text !== text);
      }
      return screen;
    };

    it(`the question behind ${path.join(' › ')} is answered once, however often it is pressed`, async () => {
      const phone = await someone();
      const question = await ask(phone);
      const presses = await Promise.all([1, 2, 3].map(() => phone.press(question.message_id, yes)));
      expect(presses.filter(({ text }) => /done already/.test(text ?? ''))).toHaveLength(2);
      expect(await done(running, phone)).toBe(1);
    });

    it(`of the answers to the question behind ${path.join(' › ')} the first counts alone`, async () => {
      const phone = await someone();
      const question = await ask(phone);
      const [refused, agreed] = await Promise.all([no, yes].map((button) => phone.press(question.message_id, button)));
      const isTooLate = ({ text = '' }: { text?: string }) => /done already/.test(text);
      expect([refused, agreed].filter((press) => isTooLate(press!))).toHaveLength(1);
      expect(await done(running, phone)).toBe(isTooLate(agreed!) ? 0 : 1);
    });
  }

  if (product.dialogs.length === 0) return;
  describe.each(product.dialogs)('the dialog of $command', ({ command, answers, ends }) => {
    const last = answers.at(-1)!;

    it('ends with what was asked for, through a restart between two steps', async () => {
      const phone = await someone();
      await open(phone, command);
      for (const answer of answers.slice(0, -1)) await answerTo(phone, () => phone.say(answer));
      await running.stop({ keepDatabase: true });
      running = await startBotAdapter(telegram, { app, bots, database: running.database, clock: running.clock });
      expect((await answerTo(phone, () => phone.say(last))).text).toMatch(ends);
    }, 60_000);

    it('is left by a command, and its button is out of date then', async () => {
      const phone = await someone();
      const question = await open(phone, command);
      expect(buttonsOf(question)).toContain('Cancel');
      await open(phone, '/cancel');
      expect((await phone.press(question.message_id, 'Cancel')).text).toMatch(/out of date/);
    });

    it('is cancelled by its button', async () => {
      const phone = await someone();
      const question = await open(phone, command);
      await phone.press(question.message_id, 'Cancel');
      await phone.answer(({ message_id, text }) => message_id === question.message_id && text === 'Cancelled.');
      const dialogs = await running.service.db.query<{ n: number }[]>(
        `SELECT count(*)::int AS n FROM dialogs WHERE step IS NOT NULL AND chat_id = (SELECT id FROM chats WHERE external_hash = $1)`,
        [externalHash(phone.chat)],
      );
      expect(dialogs[0]!.n).toBe(0);
    });

    it('that a newer version does not know any more is begun again', async () => {
      const phone = await someone();
      await open(phone, command);
      await running.service.db.query(
        `UPDATE dialogs SET step = 'never_heard_of' WHERE chat_id = (SELECT id FROM chats WHERE external_hash = $1)`,
        [externalHash(phone.chat)],
      );
      expect((await answerTo(phone, () => phone.say(answers[0]!))).text).toMatch(/begin again/);
    });

    it('holds what was said sealed', async () => {
      const phone = await someone();
      await open(phone, command);
      for (const answer of answers.slice(0, -1)) await answerTo(phone, () => phone.say(answer));
      const rows = await running.service.db.query<{ data: string | null }[]>(
        'SELECT data FROM dialogs WHERE data IS NOT NULL',
      );
      expect(rows.every(({ data }) => data!.startsWith('p1.'))).toBe(true);
    });
  });
}
