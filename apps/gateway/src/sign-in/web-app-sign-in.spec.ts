import { ContactStarted, UserRegistered } from '@switchboard/contracts';
import { startApp, tablesWith, type TestApp } from '@switchboard/testing';
import { createHash, createHmac } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { v7 as uuidv7 } from 'uuid';
import { Browser, SITE } from '../../test/start-gateway';
import { BotSecretsService } from '../bots/bot-secrets.service';
import { BotRow } from '../bots/bot.entity';
import { gatewayApp } from '../gateway.app';
import { provenBy } from './web-app-sign-in.service';

const TOKEN = '7000000001:of-the-bot-in-a-file';
const KEPT = '7000000002:of-the-bot-that-the-gateway-keeps';
const OF_VK = 'vk1.a.of-a-bot-elsewhere';
const MINUTE = 60_000;

interface SignedIn {
  userId: string;
  isNew: boolean;
  code?: string;
  tokens?: { accessToken: string };
}

describe('what Telegram gave a Web App', () => {
  it.each([
    [
      '5768337691:AAH5YkoiEuPk8-FZa32hStHTqXiLPtAEhx8',
      1662771648,
      'query_id=AAHdF6IQAAAAAN0XohDhrOrc&user=%7B%22id%22%3A279058397%2C%22first_name%22%3A%22Vladislav%22%2C%22last_name%22%3A%22Kibenko%22%2C%22username%22%3A%22vdkfrost%22%2C%22language_code%22%3A%22ru%22%2C%22is_premium%22%3Atrue%7D&auth_date=1662771648&hash=c501b71e775f74ce10e377dea85a7ea24ecd640b223ea86dfe453e0eaed2e2b2',
      { externalId: '279058397', name: 'Vladislav Kibenko', label: '@vdkfrost', locale: 'ru' },
    ],
    [
      '123456:TEST-TOKEN-for-emulator',
      1700000000,
      'auth_date=1700000000&query_id=AAE1&user=%7B%22id%22%3A42%2C%22first_name%22%3A%22Ann%22%2C%22language_code%22%3A%22en%22%7D&hash=162a530354f7e5a2ce501da09cc75c0a08d649e0bd2ce1d3af4bac0a59ad1f18',
      { externalId: '42', name: 'Ann', label: 'Ann', locale: 'en' },
    ],
  ])('says who it was, as published for %s', (token, at, initData, person) => {
    const now = new Date(at * 1000 + 1000);
    expect(provenBy(initData, token, now)).toMatchObject({ ...person, provenAt: new Date(at * 1000) });
    expect(() => provenBy(initData, `${token}x`, now)).toThrow('hash');
  });
});

describe('whoever opens a Web App', () => {
  let app: TestApp;
  let folder: string;
  let person = 5_000_000_000;
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'bots-'));
    const bot = (kind: string, tokenEnv: string) => JSON.stringify({ name: 'Shop', channel: { kind, tokenEnv } });
    writeFileSync(join(folder, 'shop.json'), bot('telegram', 'SHOP_TOKEN'));
    writeFileSync(join(folder, 'other-channel.json'), bot('vk', 'VK_TOKEN'));
    const env = { GATEWAY_PUBLIC_URL: SITE, BOTS_FOLDER: folder, SHOP_TOKEN: TOKEN, VK_TOKEN: OF_VK };
    app = await startApp(gatewayApp, { env });
  });
  afterAll(async () => {
    await app.stop();
    rmSync(folder, { recursive: true });
  });

  const keep = (id: string, state: BotRow['state']) =>
    app.service.db.transaction(async (tx) => {
      const now = app.clock.now();
      const row = { id, state, revision: 1, takenFrom: null, secretNames: [], createdAt: now, changedAt: now };
      await tx.insert(BotRow, { ...row, description: { name: id, channel: { kind: 'telegram' } } });
      const secrets = app.service.nest.get(BotSecretsService, { strict: false });
      await secrets.write(tx, id, { 'channel.token': KEPT }, { kind: 'staff', id: uuidv7(), roles: [], scopes: ['*'] });
    });
  const fieldsOf = (id = (person += 1), ageMs = 1000): Record<string, string> => ({
    query_id: `AAE${id}`,
    user: JSON.stringify({ id, first_name: 'Ann', username: `ann${id}`, language_code: 'ru' }),
    auth_date: String(Math.floor((app.clock.now().getTime() - ageMs) / 1000)),
    signature: 'zL-ucjNyREiHDE8aihFwpfR9aggP2xiAo3NSpfe',
  });
  const checked = (fields: Record<string, string>) =>
    Object.entries(fields)
      .map(([name, value]) => `${name}=${value}`)
      .sort()
      .join('\n');
  const signed = (fields: Record<string, string>, token = TOKEN) => {
    const secret = createHmac('sha256', 'WebAppData').update(token).digest();
    const hash = createHmac('sha256', secret).update(checked(fields)).digest('hex');
    return new URLSearchParams({ ...fields, hash }).toString();
  };
  const ask = (initData: string, botId = 'shop', more: object = {}, browser = new Browser(app.service.publicUrl!)) =>
    browser.ask<SignedIn>('POST', '/sign-in/web-apps', { botId, initData, ...more });

  it('is who they are in the bot, with tokens that call in their name', async () => {
    const [id, userId] = [(person += 1), uuidv7()];
    const contact = { chatId: uuidv7(), botId: 'shop', channel: 'telegram', contactId: uuidv7(), locale: 'ru' };
    await app.probe.say(ContactStarted({ ...contact, userId, externalId: String(id) }));
    await app.probe.until(UserRegistered, ({ data }) => data.userId === userId);
    const { status, body } = await ask(signed(fieldsOf(id, 10 * MINUTE)));
    expect([status, body]).toMatchObject([201, { userId, isNew: false }]);
    const headers = { authorization: `Bearer ${body.tokens!.accessToken}` };
    const me = await new Browser(app.service.publicUrl!).ask('GET', '/me', undefined, headers);
    expect([me.status, me.body]).toMatchObject([200, { userId }]);
    const sessions = await app.service.db.query<object[]>(
      'SELECT amr, proven_at AS "provenAt" FROM sessions WHERE subject_id = $1',
      [userId],
    );
    const provenAt = Math.floor((app.clock.now().getTime() - 10 * MINUTE) / 1000) * 1000;
    expect(sessions).toEqual([{ amr: ['tg_web_app'], provenAt: new Date(provenAt) }]);
    expect(await tablesWith(app, String(id))).toEqual([]);
  });

  it('is somebody new who never wrote, and has a cookie where that is wanted', async () => {
    const browser = new Browser(app.service.publicUrl!);
    const { status, body } = await ask(signed(fieldsOf()), 'shop', { session: 'cookie' }, browser);
    expect([status, body.isNew, body.tokens]).toEqual([201, true, undefined]);
    expect((await browser.ask('GET', '/me')).body).toMatchObject({ userId: body.userId, name: 'Ann', locale: 'ru' });
  });

  it('of a bot that the gateway keeps, until that is archived', async () => {
    await keep('kept', 'active');
    await keep('gone', 'archived');
    expect((await ask(signed(fieldsOf(), KEPT), 'kept')).status).toBe(201);
    expect((await ask(signed(fieldsOf(), KEPT), 'gone')).status).toBe(401);
    expect((await ask(signed(fieldsOf(), KEPT), 'shop')).status).toBe(401);
  });

  it('is let in once by the same data, also when they come twice at once', async () => {
    const initData = signed(fieldsOf());
    const both = await Promise.all([ask(initData), ask(initData)]);
    expect(both.map(({ status }) => status).sort()).toEqual([201, 401]);
    // The order of the fields and the case of the hash are not signed.
    const fields = new URLSearchParams(initData);
    fields.set('hash', fields.get('hash')!.toUpperCase());
    expect((await ask(String(new URLSearchParams([...fields].reverse())))).status).toBe(401);
  });

  it.each<[string, () => string, string?]>([
    ['that is an hour old', () => signed(fieldsOf(undefined, 61 * MINUTE))],
    ['of tomorrow', () => signed(fieldsOf(undefined, -2 * MINUTE))],
    ['without a time', () => signed({ ...fieldsOf(), auth_date: 'soon' })],
    ['signed for another bot', () => signed(fieldsOf(), '7000000009:of-another')],
    ['for an unknown bot', () => signed(fieldsOf()), 'no-such-bot'],
    ['for a bot of another channel', () => signed(fieldsOf(), OF_VK), 'other-channel'],
    ['of nobody', () => signed({ auth_date: fieldsOf()['auth_date']! })],
    ['of a bot', () => signed({ ...fieldsOf(), user: '{"id":7,"is_bot":true}' })],
    ['with another person in it', () => signed(fieldsOf()).replace(/ann\d+/, 'boris')],
    ['with a field more', () => `${signed(fieldsOf())}&start_param=admin`],
    ['with a field twice', () => `${signed(fieldsOf())}&auth_date=1`],
    ['without a hash', () => new URLSearchParams(fieldsOf()).toString()],
    ['with half a hash', () => signed(fieldsOf()).slice(0, -2)],
    [
      'signed as a button of a chat is, whose key is another',
      () => {
        const fields = fieldsOf();
        const secret = createHash('sha256').update(TOKEN).digest();
        const hash = createHmac('sha256', secret).update(checked(fields)).digest('hex');
        return new URLSearchParams({ ...fields, hash }).toString();
      },
    ],
  ])('is refused with data %s', async (_, initData, botId = 'shop') => {
    const { status, body } = await ask(initData(), botId);
    expect([status, body.code]).toEqual([401, 'gateway.sign_in_refused']);
  });
});
