import {
  AccessDelayed,
  MaintenanceChanged,
  OrderPaid,
  OrderRefunded,
  PayoutAsked,
  PayoutDecided,
  RenewalFailed,
  ServerDown,
  ServerUp,
} from '@switchboard/contracts';
import { type TestApp, until } from '@switchboard/testing';
import { v7 as uuidv7 } from 'uuid';
import { PretendedShop } from '../../../../test/pretended-shop';
import { arriveAt, changed, labels, press } from '../../../../test/shop-phone';
import { BOTS, startBotAdapter } from '../../../../test/start-bot-adapter';
import { LUMEN, NORTHWIND, type Phone, type PretendedTelegram, startTelegram } from '../../../../test/start-sandbox';

const TOPICS = ['purchases', 'failures', 'payouts', 'servers', 'support'] as const;
type Topic = (typeof TOPICS)[number];
const money = { amountMinor: 19900, currency: 'RUB' };

describe('the staff of a shop', () => {
  let telegram: PretendedTelegram;
  let shop: PretendedShop;
  let app: TestApp;
  let group: Phone;
  const topics = {} as Record<Topic, number>;

  beforeAll(async () => {
    telegram = await startTelegram();
    shop = await PretendedShop.start();
    const member = await telegram.person('en', undefined, 'Sam');
    const bots = [LUMEN.username, NORTHWIND.username];
    const { id: chat } = await telegram.control<{ id: number }>('POST', 'telegram/chats', {
      ...{ title: 'Staff', people: [member.id], bots, admins: bots, forum: true },
    });
    group = telegram.inGroup(member, { chat } as Phone);
    for (const name of TOPICS) {
      const topic = await telegram.ask<{ message_thread_id: number }>('createForumTopic', { chat_id: chat, name });
      topics[name] = topic.message_thread_id;
    }
    const staff = {
      chat: String(chat),
      topics: Object.fromEntries(TOPICS.map((name) => [name, String(topics[name])])),
    };
    const products = ['vpn-shop', 'assistant'];
    app = await startBotAdapter(telegram, {
      directory: shop.directory,
      bots: {
        lumen: { ...BOTS['lumen'], products, staff },
        northwind: { ...BOTS['northwind'], products, staff },
      },
    });
    await group.say(`/start@${LUMEN.username}`);
    await said(/^📊/);
  });
  afterAll(async () => {
    await app.stop();
    await telegram.close();
    shop.stop();
  });

  type Seen = Awaited<ReturnType<Phone['answers']>>[number] & { message_thread_id?: number };
  const said = (words: RegExp): Promise<Seen> => group.answer(({ text }) => words.test(text ?? ''));
  const saidIn = async (topic: Topic, words: RegExp) => {
    const message = await said(words);
    expect(message.message_thread_id).toBe(topics[topic]);
    return message;
  };

  it('see in their group how the month goes, in each currency, and nobody else does', async () => {
    const panel = await said(/^📊/);
    expect(panel.text).toMatch(/Sold: ₽1,234; orders: 9, people: 8.*Went back: ₽199.*paid: 7; new: 3, lost: 1/s);
    expect(panel.text).toMatch(/• A month: 7.*• 💳 Card, SBP \(YooKassa\): ₽1,234.*• spring: ₽500 \(4\)/s);
    await press(group, panel, /Stars/, /Sold: 123,400 ⭐/);
    const stranger = await telegram.person();
    const other = await telegram.group(stranger);
    await other.say(`/start@${LUMEN.username}`);
    await other.answer(({ text }) => /Please write to me in our own chat/.test(text ?? ''));
  });

  it('are told in the topic for it what was bought, what failed, and what is to be paid out', async () => {
    const userId = uuidv7();
    const about = { userId, botId: 'lumen', ...money };
    const paid = OrderPaid({
      ...{ ...about, orderId: uuidv7(), kind: 'plan', provider: 'yookassa', discountMinor: 0, fromBalanceMinor: 0 },
      ...{ promoCode: 'HALF', late: true, paidAt: new Date().toISOString() },
    });
    await app.probe.say(paid);
    await app.probe.say(paid);
    await saidIn('purchases', /^🛒 Lumen: a plan, ₽199, yookassa.*HALF.*after it was given up/s);
    await app.probe.say(
      RenewalFailed({
        ...{ ...about, subscriptionId: uuidv7(), reason: 'declined', attempt: 2 },
        servedUntil: new Date().toISOString(),
      }),
    );
    await saidIn('failures', /^❌ Lumen: a renewal of ₽199 failed for the last time/);
    const access = { accessId: uuidv7(), subscriptionId: uuidv7(), userId, botId: 'lumen', revision: 1 };
    await app.probe.say(AccessDelayed({ ...access, reason: 'panels_unavailable' }));
    await saidIn('failures', /^🐢 Lumen: .* the servers do not answer/);
    await app.probe.say(
      OrderRefunded({
        ...{ ...about, orderId: uuidv7(), refundId: uuidv7(), full: true, toBalance: false },
        ...{ cause: 'chargeback' },
      }),
    );
    await saidIn('failures', /^⚠️ Lumen: ₽199 was taken back/);
    const payoutId = uuidv7();
    await app.probe.say(PayoutAsked({ payoutId, userId, botId: 'lumen', ...money }));
    await app.probe.say(PayoutDecided({ payoutId, userId, botId: 'lumen', ...money, paid: true }));
    await saidIn('payouts', /^💸 Asked for: ₽199/);
    await saidIn('payouts', /^✅ Paid out: ₽199/);
    expect((await group.answers()).filter(({ text }) => /^🛒/.test(text ?? ''))).toHaveLength(1);
  });

  it('are told of servers once, although two bots have the same group', async () => {
    const server = { serverId: uuidv7(), region: 'de', serverName: 'Berlin 1' };
    await app.probe.say(ServerDown({ ...server, people: 12, since: new Date().toISOString() }));
    await saidIn('servers', /^🔴 Berlin 1 \(Germany\) does not answer; 12 people are moved/);
    await app.probe.say(ServerUp({ ...server, downSeconds: 300 }));
    await saidIn('servers', /^🟢 Berlin 1 \(Germany\) answers again after 5 minutes/);
    const change = { automatic: true, since: new Date().toISOString() };
    await app.probe.say(MaintenanceChanged({ changeId: uuidv7(), on: true, ...change }));
    await saidIn('servers', /^🛠 Nothing can be served/);
    await app.probe.say(MaintenanceChanged({ changeId: uuidv7(), on: false, ...change }));
    await saidIn('servers', /^🟢 Everything can be served again/);
    expect((await group.answers()).filter(({ text }) => /^🔴/.test(text ?? ''))).toHaveLength(1);
  });

  it('answer what people ask, in their own group', async () => {
    const { phone, home } = await arriveAt({ telegram, app }, 'ru', 'Анна');
    const help = await press(phone, home, /Помощь/, /Как это работает/);
    await phone.press(help.message_id, '💬 Написать человеку');
    await phone.answer(({ text }) => /одним сообщением/i.test(text ?? ''));
    await phone.say('Почему так медленно?');
    await phone.answer(({ text }) => /^💬 .*[Пп]ередан/.test(text ?? ''));
    const question = await saidIn('support', /^💬 Lumen, Анна:\s+Почему так медленно\?\s+\(Answer to this message/);
    await group.say('Just chatting', { replyTo: (await said(/^📊/)).message_id });
    await group.say('Попробуйте Нидерланды', { replyTo: question.message_id });
    const answer = await phone.answer(({ text }) => /Попробуйте Нидерланды/.test(text ?? ''));
    expect(answer.text).toMatch(/^💬 /);
    await said(/^✅ Passed on/);
    expect((await phone.answers()).some(({ text }) => /Just chatting/.test(text ?? ''))).toBe(false);
    await press(phone, answer, /./, /одним сообщением/i);
    // Its words are with the staff alone.
    const kept = await app.service.db.query(`SELECT 1 FROM shop_questions q WHERE q::text LIKE '%медленно%'`);
    expect(kept).toEqual([]);
  });

  it('hear that somebody is gone whom they answer', async () => {
    const { phone, home, userId } = await arriveAt({ telegram, app }, 'en', 'Max');
    await phone.press(
      (await press(phone, home, /Help/, /How it works/)).message_id,
      labels(await changed(phone, home, /How it works/)).find((label) => /Write to a person/.test(label))!,
    );
    await phone.answer(({ text }) => /in one message/.test(text ?? ''));
    await phone.say('Hello?');
    const question = await saidIn('support', /^💬 Lumen, Max:/);
    await phone.block(true);
    await until(
      async () =>
        (
          await app.service.db.query<{ blocked_at: Date | null }[]>(`SELECT blocked_at FROM chats WHERE user_id = $1`, [
            userId,
          ])
        )[0]!.blocked_at,
      { what: 'the block' },
    );
    await group.say('Are you there?', { replyTo: question.message_id });
    await said(/cannot be written to any more/);
  });
});
