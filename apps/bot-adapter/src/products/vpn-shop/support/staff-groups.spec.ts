import { MaintenanceChanged, PayoutAsked } from '@switchboard/contracts';
import { type TestApp, until } from '@switchboard/testing';
import { v7 as uuidv7 } from 'uuid';
import { PretendedShop } from '../../../../test/pretended-shop';
import { arriveAt, labelled, labels, press } from '../../../../test/shop-phone';
import { BOTS, startBotAdapter } from '../../../../test/start-bot-adapter';
import {
  LUMEN,
  NORTHWIND,
  type Phone,
  type PretendedTelegram,
  type SeenMessage,
  startTelegram,
} from '../../../../test/start-sandbox';

describe('the staff of two shops, each with a group of their own', () => {
  let telegram: PretendedTelegram;
  let shop: PretendedShop;
  let app: TestApp;
  const groups = {} as Record<'lumen' | 'northwind', Phone>;

  async function groupOf({ username, name }: typeof LUMEN): Promise<Phone> {
    const member = await telegram.person('en', username, 'Sam');
    const { id: chat } = await telegram.control<{ id: number }>('POST', 'telegram/chats', {
      ...{ title: `Staff of ${name}`, people: [member.id], bots: [username], admins: [username], basic: true },
    });
    return telegram.inGroup(member, { chat } as Phone);
  }

  beforeAll(async () => {
    telegram = await startTelegram();
    shop = await PretendedShop.start();
    groups.lumen = await groupOf(LUMEN);
    groups.northwind = await groupOf(NORTHWIND);
    const products = ['vpn-shop', 'assistant'];
    const staffOf = ({ chat }: Phone) => ({ chat: String(chat) });
    app = await startBotAdapter(telegram, {
      directory: shop.directory,
      bots: {
        lumen: { ...BOTS['lumen'], products, staff: staffOf(groups.lumen) },
        northwind: { ...BOTS['northwind'], products, staff: staffOf(groups.northwind) },
      },
    });
  });
  afterAll(async () => {
    await app.stop();
    await telegram.close();
    shop.stop();
  });

  const arrive = (name?: string) => arriveAt({ telegram, app }, 'en', name);
  const seenIn = async (name: keyof typeof groups): Promise<SeenMessage[]> => {
    const bot = { lumen: LUMEN, northwind: NORTHWIND }[name].username;
    return telegram.control<SeenMessage[]>('GET', `telegram/chats/${groups[name].chat}/messages?bot=${bot}`);
  };
  const saidIn = (name: keyof typeof groups, words: RegExp) =>
    until(async () => (await seenIn(name)).find(({ from, text }) => from.is_bot && words.test(text ?? '')), {
      what: `${String(words)} in the group of ${name}`,
    });
  const timesSaidIn = async (name: keyof typeof groups, words: RegExp) =>
    (await seenIn(name)).filter(({ text }) => words.test(text ?? '')).length;
  const meet = (name: keyof typeof groups) =>
    groups[name].say(`/start@${{ lumen: LUMEN, northwind: NORTHWIND }[name].username}`);

  /** Somebody comes and asks the staff. */
  async function asks(name: string, words: string) {
    const { phone, home, userId } = await arrive(name);
    const help = await press(phone, home, /Help/, /How it works/);
    await phone.press(help.message_id, labelled(help, /Write to a person/));
    await phone.answer(({ text }) => /in one message/.test(text ?? ''));
    await phone.say(words);
    return { phone, userId };
  }

  it('are offered to nobody until their group is known', async () => {
    const { phone, home } = await arrive();
    const help = await press(phone, home, /Help/, /How it works/);
    expect(labels(help)).not.toContain('💬 Write to a person');
    for (const name of ['lumen', 'northwind'] as const) await meet(name);
    for (const name of ['lumen', 'northwind'] as const) await saidIn(name, /^📊/);
    const again = await press(phone, await press(phone, help, /Back/, /What would you like/), /Help/, /How it works/);
    expect(labels(again)).toContain('💬 Write to a person');
  });

  it('are told in both what is about all shops, and in one what is about its shop', async () => {
    const payout = { userId: uuidv7(), amountMinor: 19900, currency: 'RUB' };
    await app.probe.say(PayoutAsked({ ...payout, payoutId: uuidv7(), botId: 'northwind' }));
    await saidIn('northwind', /^💸 Asked for: ₽199/);
    const change = { changeId: uuidv7(), automatic: true, since: new Date().toISOString() };
    await app.probe.say(MaintenanceChanged({ ...change, on: true }));
    await saidIn('northwind', /^🛠 Nothing can be served/);
    await saidIn('lumen', /^🛠 Nothing can be served/);
    expect(await timesSaidIn('lumen', /^💸/)).toBe(0);
    // As the version before said it.
    await app.probe.say(PayoutAsked({ ...payout, payoutId: uuidv7() }));
    await saidIn('lumen', /^💸 Asked for: ₽199/);
  });

  it('answer the one who has asked, also after their group was moved and ids of messages began anew', async () => {
    const { phone: max } = await asks('Max', 'What of my refund?');
    const first = await saidIn('lumen', /^💬 Lumen, Max:/);
    await groups.lumen.say('It is on its way', { replyTo: first.message_id });
    await max.answer(({ text }) => /It is on its way/.test(text ?? ''));
    const { phone: eva } = await asks('Eva', 'Is it slow?');
    const second = await saidIn('lumen', /^💬 Lumen, Eva:/);
    const { id: chat } = await telegram.control<{ id: number }>('POST', `telegram/chats/${groups.lumen.chat}/migrate`);
    groups.lumen = telegram.inGroup(groups.lumen, { chat } as Phone);
    const moved = async () =>
      (await app.service.db.query<unknown[]>(`SELECT FROM chats WHERE bot_id = 'lumen' AND former_hashes <> '{}'`))
        .length > 0;
    await until(moved, { what: 'the move' });
    /** The next message has that id. */
    const talkUntil = async (id: number) => {
      while (((await seenIn('lumen')).at(-1)?.message_id ?? 0) < id - 1) await groups.lumen.say('…');
    };
    await talkUntil(first.message_id);
    const change = { changeId: uuidv7(), automatic: true, since: new Date().toISOString() };
    await app.probe.say(MaintenanceChanged({ ...change, on: false }));
    const notice = await saidIn('lumen', /^🟢 Everything/);
    expect(notice.message_id).toBe(first.message_id);
    await groups.lumen.say('At last', { replyTo: notice.message_id });
    await talkUntil(second.message_id);
    const { phone: anna } = await asks('Anna', 'Where do I pay?');
    const question = await saidIn('lumen', /^💬 Lumen, Anna:/);
    expect(question.message_id).toBe(second.message_id);
    await groups.lumen.say('By card', { replyTo: question.message_id });
    await anna.answer(({ text }) => /By card/.test(text ?? ''));
    for (const phone of [max, eva])
      expect((await phone.answers()).some(({ text }) => /At last|By card/.test(text ?? ''))).toBe(false);
  });
});
