import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Markup, Telegraf } from 'telegraf';
import { message } from 'telegraf/filters';
import { BOT_ID, type Running, startForSpec, TOKEN, until } from '../start-for-spec';

const SPEC = { bot: BOT_ID };

describe('a stock telegraf bot', () => {
  let run: Running;
  let bot: Telegraf;

  beforeEach(async () => {
    run = await startForSpec();
    bot = new Telegraf(TOKEN, { telegram: { apiRoot: run.sandbox.telegramUrl } });
    bot.start((ctx) => ctx.reply(`hello ${ctx.from.first_name}, you came with "${ctx.payload}"`));
    bot.command('menu', (ctx) => ctx.reply('choose', Markup.inlineKeyboard([Markup.button.callback('Tea', 'tea')])));
    bot.action('tea', async (ctx) => {
      await ctx.answerCbQuery('brewing');
      await ctx.editMessageText('tea it is');
    });
    bot.on(message('voice'), async (ctx) => {
      const link = await ctx.telegram.getFileLink(ctx.message.voice.file_id);
      const bytes = Buffer.from(await (await fetch(link)).arrayBuffer());
      await ctx.replyWithDocument({ source: bytes, filename: 'эхо.ogg' });
    });
    bot.on(message('text'), (ctx) => ctx.replyWithHTML(`<b>${ctx.message.text}</b>`));
  });

  afterEach(() => run.sandbox.close());

  const lastFrom = async (isBot: boolean) => {
    const messages = await run.messages(run.anna.id);
    return messages.filter(({ from }) => from?.is_bot === isBot).at(-1);
  };
  const answer = (text: string) =>
    until(async () => {
      const last = await lastFrom(true);
      return last?.text === text && last;
    });

  describe('over long polling', () => {
    beforeEach(async () => {
      await new Promise<void>((launched) => void bot.launch(launched));
    });
    afterEach(() => bot.stop());

    it('greets, with the payload of the deep link', async () => {
      await run.telegram.start(run.anna.id, SPEC, 'from_site-1');
      await answer(`hello ${run.anna.firstName}, you came with "from_site-1"`);
    });

    it('gets its button pressed, answers and edits', async () => {
      await run.say(run.anna, '/menu');
      const menu = await answer('choose');
      const pressed = await run.telegram.press(run.anna.id, SPEC, menu.message_id, 'tea');
      expect(pressed).toEqual({ answered: true, text: 'brewing' });
      const edited = await answer('tea it is');
      expect(edited.message_id).toBe(menu.message_id);
      expect(edited.reply_markup).toBeUndefined();
    });

    it('downloads a voice note and uploads it again, unchanged', async () => {
      await run.telegram.sendFile(run.anna.id, SPEC, 'voice', Buffer.from('OggS pretend voice'), { duration: 3 });
      const echoed = await until(async () => (await lastFrom(true))?.document);
      expect(echoed).toMatchObject({ file_name: 'эхо.ogg', file_size: 18 });
      const { result } = await run.api<{ file_path: string }>('getFile', { file_id: echoed.file_id });
      const bytes = await fetch(`${run.sandbox.telegramUrl}/file/bot${TOKEN}/${result.file_path}`);
      expect(await bytes.text()).toBe('OggS pretend voice');
    });

    it('writes HTML that arrives as entities', async () => {
      await run.say(run.anna, 'loud');
      const loud = await answer('loud');
      expect(loud.entities).toEqual([{ type: 'bold', offset: 0, length: 4 }]);
    });
  });

  describe('over a webhook', () => {
    let server: Server;

    beforeEach(async () => {
      const secretToken = 'said-between-us';
      server = createServer(bot.webhookCallback('/hook', { secretToken }));
      await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
      const { port } = server.address() as AddressInfo;
      await bot.telegram.setWebhook(`http://127.0.0.1:${port}/hook`, { secret_token: secretToken });
    });
    afterEach(() => {
      server.closeAllConnections();
      server.close();
    });

    it('answers, the first call within the response to the update', async () => {
      await run.say(run.anna, '/start');
      await answer(`hello ${run.anna.firstName}, you came with ""`);
    });

    it('gets every message of a quick person in order', async () => {
      await run.say(run.anna, '/start');
      for (const text of ['one', 'two', 'three']) await run.say(run.anna, text);
      await answer('three');
      const texts = (await run.messages(run.anna.id)).filter(({ from }) => from?.is_bot).map(({ text }) => text);
      expect(texts.slice(1)).toEqual(['one', 'two', 'three']);
    });
  });
});
