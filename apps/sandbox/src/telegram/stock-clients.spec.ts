import { Bot as GrammyBot, InputFile, Keyboard } from 'grammy';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Api, Bot, InlineKeyboardBuilder } from 'node-telegram-bot-api';
import { BOT_ID, PNG, type Running, startForSpec, TOKEN, until } from '../start-for-spec';

const SPEC = { bot: BOT_ID };
const NAMES = ['my plan.pdf', 'план работ.pdf', 'plan (1).pdf', 'a;b.pdf', 'the "best".pdf'];

describe('other stock clients', () => {
  let run: Running;
  let chat: number;

  beforeAll(async () => {
    run = await startForSpec();
    chat = run.anna.id;
    await run.say(run.anna, '/start');
  });
  afterAll(() => run.sandbox.close());

  describe('grammY', () => {
    const bot = () => new GrammyBot(TOKEN, { client: { apiRoot: run.sandbox.telegramUrl } });

    it.each(NAMES)('uploads a file called %s, which it names without quotes', async (name) => {
      const sent = await bot().api.sendDocument(chat, new InputFile(Buffer.from('x'), name));
      expect(sent.document).toMatchObject({ file_name: name, file_size: 1 });
    });

    it('polls, answers, asks by keyboard, and sees an edit and a reaction', async () => {
      const grammy = bot();
      grammy.command('menu', (ctx) =>
        ctx.reply('who?', { reply_markup: new Keyboard().requestContact('Me').oneTime() }),
      );
      grammy.on('message:contact', (ctx) => ctx.react('👍'));
      grammy.on('edited_message', (ctx) => ctx.reply(`now ${ctx.editedMessage.text}`));
      grammy.on('message_reaction', (ctx) => ctx.reply(`you ${ctx.reactions().emojiAdded.join()}`));
      const polling = grammy.start({ allowed_updates: ['message', 'edited_message', 'message_reaction'] });
      const seen = (text: string) =>
        until(async () => (await run.messages(chat)).find((message) => message.text === text));
      await run.say(run.anna, '/menu');
      await seen('who?');
      const contact = await run.telegram.send(chat, SPEC, { contact: { phone_number: '+1', first_name: 'Анна' } });
      await until(
        async () => (await run.messages(chat)).find(({ message_id }) => message_id === contact.message_id)!.reactions,
      );
      const said = await run.say(run.anna, 'frist');
      await run.telegram.edit(chat, SPEC, said.message_id, 'first');
      await seen('now first');
      await run.telegram.react(chat, SPEC, said.message_id, '🔥');
      await seen('you 🔥');
      await grammy.stop();
      await polling;
      await run.api('getUpdates', { allowed_updates: [], offset: -1 });
    });
  });

  describe('node-telegram-bot-api', () => {
    let files: Server;
    let address: string;

    beforeAll(async () => {
      files = createServer((req, res) => {
        if (req.url === '/big') return void res.end(Buffer.alloc(6 * 1024 * 1024));
        if (req.url === '/gone') return void res.writeHead(404).end();
        res.writeHead(200, { 'content-type': 'image/png' }).end(PNG);
      });
      await new Promise<void>((listening) => files.listen(0, '127.0.0.1', listening));
      address = `http://127.0.0.1:${(files.address() as AddressInfo).port}`;
    });
    afterAll(() => void files.close());

    const api = () => new Api(TOKEN, { apiRoot: run.sandbox.telegramUrl });

    it('sends photos and documents by their address', async () => {
      const photo = await api().sendPhoto({ chat_id: chat, photo: `${address}/dot.png`, caption: 'a dot' });
      expect(photo).toMatchObject({ caption: 'a dot', photo: [{ file_size: PNG.length, width: 1 }] });
      const document = await api().sendDocument({ chat_id: chat, document: `${address}/dot.png` });
      expect(document.document).toMatchObject({ file_name: 'dot.png', mime_type: 'image/png' });
      // Versions before 2 put everything into the address of a POST without a body.
      const query = new URLSearchParams({ chat_id: String(chat), photo: `${address}/dot.png` });
      const old = await fetch(`${run.sandbox.telegramUrl}/bot${TOKEN}/sendPhoto?${query}`, { method: 'POST' });
      expect(await old.json()).toMatchObject({ ok: true });
    });

    it.each([
      ['too big', '/big', 'file is too big'],
      ['gone', '/gone', 'failed to get HTTP URL content'],
    ])('what is %s is refused', async (_what, path, reason) => {
      await expect(api().sendPhoto({ chat_id: chat, photo: address + path })).rejects.toThrow(reason);
    });

    it('polls, answers a button, and sends what else there is', async () => {
      const bot = new Bot(TOKEN, { apiRoot: run.sandbox.telegramUrl });
      const reply_markup = new InlineKeyboardBuilder().text('Up', 'up').build();
      bot.command('pick', (ctx) => ctx.reply('Pick one', { reply_markup }));
      bot.on('callback_query', async (ctx) => void (await ctx.answerCallbackQuery({ text: 'tapped' })));
      const polling = bot.startPolling();
      await run.say(run.anna, '/pick');
      const menu = await until(async () => (await run.messages(chat)).find(({ text }) => text === 'Pick one'));
      // Asked again where the bot takes longer than a person waits for a button.
      const answer = () => run.telegram.press(chat, SPEC, menu.message_id, 'up');
      expect(await until(async () => [await answer()].find(({ answered }) => answered))).toEqual({
        answered: true,
        text: 'tapped',
      });
      await bot.stop();
      await polling;
      const poll = await api().sendPoll({ chat_id: chat, question: 'Which?', options: [{ text: 'a' }, { text: 'b' }] });
      expect(poll.poll).toMatchObject({ question: 'Which?', options: [{ text: 'a' }, { text: 'b' }] });
      expect((await api().sendDice({ chat_id: chat })).dice).toMatchObject({ emoji: '🎲' });
      const forwarded = await api().forwardMessage({ chat_id: chat, from_chat_id: chat, message_id: poll.message_id });
      expect(forwarded.poll).toMatchObject({ id: poll.poll!.id });
    });
  });
});
