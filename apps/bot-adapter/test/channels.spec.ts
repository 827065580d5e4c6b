import { randomUUID } from 'node:crypto';
import { defineBotAdapter } from '../src/bot-adapter.module';
import { assistant } from '../src/products/assistant/assistant.module';
import { channelContract, type ChannelWorld, type Someone } from './channel.contract';
import { pigeon } from './channels/pigeon.channel';
import { ACCOUNTS, APP_SECRET, PigeonServer } from './channels/pigeon.server';
import { startBotAdapter } from './start-bot-adapter';
import { LUMEN, NORTHWIND, type Phone, startTelegram } from './start-sandbox';
import { TelegramWebhook } from './webhook';

const THIRD = { token: '7000000003:sandbox-third', username: 'third_bot', name: 'Third' };

describe('Telegram', () =>
  channelContract(async (transport): Promise<ChannelWorld> => {
    const telegram = await startTelegram({ bots: [LUMEN, NORTHWIND, THIRD] });
    const app = await startBotAdapter(telegram, { transport });
    const webhook = new TelegramWebhook(app);
    const phones = new Map<Someone, Phone>();

    const withPhone = (phone: Phone): Someone => {
      const who: Someone = {
        say: (text) => phone.say(text),
        sendSticker: async () => {
          await phone.start();
          return webhook.message({ chat: { id: phone.id, type: 'private' }, from: { id: phone.id }, sticker: {} });
        },
        answers: async () => (await phone.answers()).map(({ text }) => text ?? ''),
        choose: async (label) => phone.press((await phone.answers()).at(-1)!.message_id, label),
      };
      phones.set(who, phone);
      return who;
    };
    const inBoth = async () => {
      const lumen = await telegram.person();
      return { one: withPhone(lumen), two: withPhone(telegram.other(lumen, NORTHWIND.username)) };
    };
    return {
      app,
      someone: async (account) => (await inBoth())[account],
      inBoth,
      sayTogether: async (said) => {
        for (const { who, text } of said) await who.say(text);
      },
      sayTwice: async (who, text) => {
        await telegram.misbehave({ target: 'telegram.updates', kind: 'duplicate', times: 1 });
        await who.say(text);
      },
      bringNonsense: () => webhook.post({ message: 'of no form' }),
      forge: (text) => webhook.post({ update_id: 2, message: { text } }, 'not the secret'),
      misbehave: async (fault, who) => {
        if (fault === 'blocked by the person') {
          await telegram.misbehave({ target: 'telegram.updates', kind: 'drop', times: 1 });
          await phones.get(who)!.block(true);
          return;
        }
        const kind = fault === 'taken but not confirmed' ? '500-after-commit' : '429';
        const retryAfter = fault === 'busy for a minute' ? 60 : 1;
        await telegram.misbehave({ target: 'telegram.sendMessage', kind, retryAfter, times: 1 });
      },
      credentials: (which) => ({
        channel: { kind: 'telegram', apiRoot: 'sandbox' },
        secrets: { token: { good: THIRD.token, wrong: '7000000003:mistyped', "the first bot's": LUMEN.token }[which] },
      }),
      edits: true,
      files: true,
      limit: { max: 4096, measure: (text) => text.length },
      stop: async () => {
        await app.stop();
        await telegram.close();
      },
    };
  }));

describe('a channel of accounts in batches, bytes and plain words', () =>
  channelContract(async (transport): Promise<ChannelWorld> => {
    const pigeons = await PigeonServer.start();
    const bot = (name: string, account: string) => ({
      name,
      channel: { kind: 'pigeon', account, tokenEnv: `PIGEON_TOKEN_OF_${name.toUpperCase()}` },
      languages: ['en', 'ru'],
    });
    const app = await startBotAdapter(
      { apiRoot: 'http://127.0.0.1:9' },
      {
        transport,
        app: defineBotAdapter({ channels: [pigeon], products: [assistant] }),
        bots: { lumen: bot('Lumen', ACCOUNTS.one), northwind: bot('Northwind', ACCOUNTS.two) },
        env: {
          PIGEON_API: pigeons.url,
          PIGEON_APP_SECRET: APP_SECRET,
          PIGEON_TOKEN_OF_LUMEN: 'token-1',
          PIGEON_TOKEN_OF_NORTHWIND: 'token-2',
        },
      },
    );
    const ids = new Map<Someone, { account: 'one' | 'two'; id: string }>();
    pigeons.echoesTo = app.url;
    pigeons.files.set('file-1', Buffer.from('a picture'));
    let last: unknown;
    const bring = (entry: { account: string; updates: unknown[] }[]) => pigeons.bring(app.url, (last = { entry }));

    const updateOf = (who: Someone, content: object) => pigeons.update({ id: ids.get(who)!.id, name: 'Emma' }, content);
    const send = (who: Someone, ...contents: object[]) =>
      bring([{ account: ACCOUNTS[ids.get(who)!.account], updates: contents.map((content) => updateOf(who, content)) }]);
    const lastTo = (who: Someone) => pigeons.sent.findLast(({ to }) => to === ids.get(who)!.id)!;
    const lastSaidBy = new Map<Someone, string>();
    const withId = (account: 'one' | 'two', id: string = randomUUID()): Someone => {
      const answers = () => Promise.resolve(pigeons.sent.flatMap(({ to, text }) => (to === id ? [text] : [])));
      const who: Someone = {
        say: (text, { agoMs = 0 } = {}) => {
          const said = updateOf(who, { text, at: Date.now() - agoMs });
          lastSaidBy.set(who, said.id);
          return bring([{ account: ACCOUNTS[account], updates: [said] }]);
        },
        sendSticker: () => send(who, { sticker: true }),
        answers,
        choose: async (label) => {
          const { text, replies = [] } = lastTo(who);
          const reply = replies.find(({ title }) => title.replace(/^✓ /, '') === label);
          if (reply) return send(who, { text: reply.title, choice: reply.payload });
          const lines = text.split('\n');
          const [, number] = lines
            .map((line) => /^(\d+)\. (?:✓ )?(.*)$/.exec(line))
            .find((found) => found?.[2] === label)!;
          return send(who, { text: number });
        },
      };
      ids.set(who, { account, id });
      return who;
    };
    return {
      app,
      someone: (account) => Promise.resolve(withId(account)),
      inBoth: () => {
        const id = randomUUID();
        return Promise.resolve({ one: withId('one', id), two: withId('two', id) });
      },
      sayTogether: async (said) => {
        const ofAccount = (account: 'one' | 'two') => ({
          account: ACCOUNTS[account],
          updates: said.flatMap(({ who, text }) => {
            const { id, account: of } = ids.get(who)!;
            return of === account ? [pigeons.update({ id, name: 'Emma' }, { text })] : [];
          }),
        });
        await bring([ofAccount('one'), ofAccount('two')]);
      },
      sayTwice: async (who, text) => {
        await who.say(text);
        await pigeons.bring(app.url, last);
      },
      bringNonsense: () => pigeons.bring(app.url, { entry: [{ account: ACCOUNTS.one, updates: ['of no form'] }] }),
      forge: (text) =>
        pigeons.bring(
          app.url,
          { entry: [{ account: ACCOUNTS.one, updates: [pigeons.update({ id: 'x', name: 'X' }, { text })] }] },
          'not it',
        ),
      misbehave: (fault) => {
        if (fault === 'blocked by the person') pigeons.faults.push('blocked');
        else if (fault === 'disconnected') pigeons.faults.push('disconnected');
        else if (fault === 'busy for a second') pigeons.faults.push({ status: 429, body: { waitSeconds: 1 } });
        else if (fault === 'busy for a minute') pigeons.faults.push({ status: 429, body: { waitSeconds: 60 } });
        else pigeons.faults.push({ status: 500, body: {}, delivers: true });
        return Promise.resolve();
      },
      credentials: (which) => ({
        channel: {
          kind: 'pigeon',
          tokenEnv: 'none',
          account: which === "the first bot's" ? ACCOUNTS.one : 'account-3',
        },
        secrets: { token: which === 'wrong' ? 'mistyped' : 'token-3' },
      }),
      answerElsewhere: (who, text, author) => send(who, { echo: { id: `elsewhere-${randomUUID()}`, text, author } }),
      sayAndTakeBack: (who, text) => {
        const said = updateOf(who, { text });
        const { account } = ids.get(who)!;
        return bring([{ account: ACCOUNTS[account], updates: [said, updateOf(who, { deleted: said.id })] }]);
      },
      react: (who, emoji) => send(who, { reaction: { id: lastTo(who).id, emoji } }),
      follow: (who, ref) => send(who, { ref }),
      sendPhoto: (who) => send(who, { photo: 'file-1' }),
      look: (who) => send(who, { status: { id: lastTo(who).id, state: 'read' } }),
      failLater: (who) => {
        const status = { id: lastTo(who).id, state: 'failed' };
        return send(who, { status }, { status }, { status });
      },
      canBeDisconnected: true,
      wasRead: (who) => pigeons.read.includes(lastSaidBy.get(who) ?? ''),
      edits: false,
      files: true,
      limit: { max: 1000, measure: (text) => Buffer.byteLength(text) },
      stop: async () => {
        await app.stop();
        pigeons.close();
      },
    };
  }));

it('the address of a channel can be proven by a handshake', async () => {
  const pigeons = await PigeonServer.start();
  const app = await startBotAdapter(
    { apiRoot: 'http://127.0.0.1:9' },
    {
      app: defineBotAdapter({ channels: [pigeon], products: [assistant] }),
      bots: { lumen: { name: 'Lumen', channel: { kind: 'pigeon', account: 'a', tokenEnv: 'PIGEON_TOKEN' } } },
      env: { PIGEON_API: pigeons.url, PIGEON_APP_SECRET: APP_SECRET, PIGEON_TOKEN: 'token' },
    },
  );
  const response = await fetch(`${app.url}/webhooks/pigeon/_?challenge=4711`);
  expect([response.headers.get('content-type'), await response.text()]).toEqual(['text/plain; charset=utf-8', '4711']);
  await app.stop();
  pigeons.close();
});
