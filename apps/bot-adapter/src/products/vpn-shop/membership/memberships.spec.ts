import { MembershipChanged } from '@switchboard/contracts';
import { type TestApp, until } from '@switchboard/testing';
import { PretendedShop } from '../../../../test/pretended-shop';
import { changed, labels, press, urlOf, userOf } from '../../../../test/shop-phone';
import { BOTS, startBotAdapter } from '../../../../test/start-bot-adapter';
import { LUMEN, type Phone, type PretendedTelegram, startTelegram } from '../../../../test/start-sandbox';

const URL = 'https://t.me/lumen_news';

describe('the channel that a shop asks for', () => {
  let telegram: PretendedTelegram;
  let shop: PretendedShop;
  let app: TestApp;
  let channel: number;

  beforeAll(async () => {
    telegram = await startTelegram();
    shop = await PretendedShop.start();
    const owner = await telegram.person();
    const bots = [LUMEN.username];
    const about = { title: 'News', username: 'lumen_news', people: [owner.id], bots, admins: bots };
    channel = (await telegram.control<{ id: number }>('POST', 'telegram/chats', about)).id;
    const membership = { chat: '@lumen_news', url: URL, graceHours: 24 };
    app = await startBotAdapter(telegram, {
      directory: shop.directory,
      bots: { lumen: { ...BOTS['lumen'], products: ['vpn-shop'], shop: { membership } } },
    });
  });
  afterAll(async () => {
    await app.stop();
    await telegram.close();
    shop.stop();
  });

  const setMember = (phone: Phone, isMember: boolean) =>
    telegram.control('PUT', `telegram/chats/${channel}/people/${phone.id}`, { isMember });
  const said = (phone: Phone, words: RegExp) => phone.answer(({ text }) => words.test(text ?? ''));
  const told = (userId: string) => app.probe.all(MembershipChanged).filter(({ data }) => data.userId === userId);
  /** Their time is over. */
  const letTimePass = () =>
    app.service.db.query(`UPDATE bot_adapter_jobs._private_jobs SET run_at = now() WHERE key LIKE 'let-rest:%'`);
  const waitsFor = (userId: string) =>
    until(
      async () =>
        (
          await app.service.db.query<unknown[]>(
            `SELECT 1 FROM bot_adapter_jobs.jobs WHERE key LIKE 'let-rest:%' || $1`,
            [userId],
          )
        ).length > 0,
      { what: 'the time that is given' },
    );

  async function member() {
    const phone = await telegram.person();
    await setMember(phone, true);
    await phone.start();
    await said(phone, /^Hello/);
    return { phone, userId: await userOf(app, phone) };
  }

  it('is joined before anything else, but for help and what is about money', async () => {
    const phone = await telegram.person();
    await phone.start();
    const first = await said(phone, /First join our channel/);
    expect(urlOf(first, /Open the channel/)).toBe(URL);
    const help = await press(phone, first, /Help/, /How it works/);
    const home = await press(phone, help, /Back/, /First join our channel/);
    await press(phone, home, /I have joined/, /First join our channel/);
    await setMember(phone, true);
    const open = await press(phone, home, /I have joined/, /What would you like to do/);
    expect(labels(open)).toContain('🛒 Choose a plan');
  });

  it('is left by somebody who is told, and whose access rests when their time is over, until they are back', async () => {
    const { phone, userId } = await member();
    await setMember(phone, false);
    const notice = await said(phone, /You have left our channel.*your access rests/);
    expect(urlOf(notice, /Open the channel/)).toBe(URL);
    await waitsFor(userId);
    expect(told(userId)).toEqual([]);
    await letTimePass();
    await app.probe.until(MembershipChanged, ({ data }) => data.userId === userId && !data.isMember);
    await phone.press(notice.message_id, '✅ I have joined');
    await changed(phone, notice, /First join our channel/);
    await setMember(phone, true);
    await app.probe.until(MembershipChanged, ({ data }) => data.userId === userId && data.isMember);
    expect(told(userId)).toHaveLength(2);
  });

  it('is left and joined again in time, and nothing comes of it', async () => {
    const { phone, userId } = await member();
    await setMember(phone, false);
    await said(phone, /You have left our channel/);
    await setMember(phone, true);
    await letTimePass();
    const { phone: other, userId: gone } = await member();
    await setMember(other, false);
    await waitsFor(gone);
    await letTimePass();
    await app.probe.until(MembershipChanged, ({ data }) => data.userId === gone);
    expect(told(userId)).toEqual([]);
  });

  it('keeps nobody out while it cannot be asked', async () => {
    const phone = await telegram.person();
    await telegram.misbehave({ target: 'telegram.getChatMember', kind: '500' });
    await phone.start();
    await said(phone, /^Hello/);
    await telegram.misbehave();
  });
});
