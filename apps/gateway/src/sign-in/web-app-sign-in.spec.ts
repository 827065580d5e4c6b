import { ContactStarted, UserRegistered } from '@switchboard/contracts';
import { startApp, tablesWith, type TestApp } from '@switchboard/testing';
import { createHash, createHmac, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { v7 as uuidv7 } from 'uuid';
import { Browser, SITE } from '../../test/start-gateway';
import { BotSecretsService } from '../bots/bot-secrets.service';
import { BotRow } from '../bots/bot.entity';
import { gatewayApp } from '../gateway.app';
import { provenBy, publicKeyOf } from './web-app-sign-in.service';

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

/** By which Telegram signs. */
const OF_TELEGRAM = publicKeyOf('e7bf03a2fa4602af4580703d88dda5bb59f32ed8b02a56c187fe7d34caed242d');
const hexOf = (key: KeyObject) => key.export({ type: 'spki', format: 'der' }).subarray(-32).toString('hex');

const checked = (fields: Record<string, string>) =>
  Object.entries(fields)
    .map(([name, value]) => `${name}=${value}`)
    .sort()
    .join('\n');
const hashBy = (token: string, fields: Record<string, string>) => {
  const secret = createHmac('sha256', 'WebAppData').update(token).digest();
  return createHmac('sha256', secret).update(checked(fields)).digest('hex');
};

it('what Telegram has signed for the bot says who opened it, as published', () => {
  // Source of the signed fields: docs.rs/init-data-rs. The token is not known; only its number is in what Telegram signs.
  const token = '7342037359:a-token-of-the-test';
  const user =
    '{"id":279058397,"first_name":"Vladislav + - ? \\/","last_name":"Kibenko","username":"vdkfrost","language_code":"ru","is_premium":true,"allows_write_to_pm":true,"photo_url":"https:\\/\\/t.me\\/i\\/userpic\\/320\\/4FPEE4tmP3ATHa57u6MqTDih13LTOiMoKoLDRG4PnSA.svg"}';
  const fields = {
    ...{ auth_date: '1733584787', chat_instance: '8134722200314281151', chat_type: 'private', user },
    signature: 'zL-ucjNyREiHDE8aihFwpfR9aggP2xiAo3NSpfe-p7IbCisNlDKlo7Kb6G4D0Ao2mBrSgEk4maLSdv6MLIlADQ',
  };
  const asked = { publicKey: OF_TELEGRAM, now: new Date(1733584788_000) };
  const dataOf = (by: string) => String(new URLSearchParams({ ...fields, hash: hashBy(by, fields) }));
  const person = { externalId: '279058397', name: 'Vladislav + - ? / Kibenko', label: '@vdkfrost', locale: 'ru' };
  expect(provenBy(dataOf(token), token, asked)).toMatchObject({ ...person, provenAt: new Date(1733584787_000) });
  expect(() => provenBy(dataOf(token), `${token}x`, asked)).toThrow('hash');
  const other = '7342037358:of-another-bot';
  expect(() => provenBy(dataOf(other), other, asked)).toThrow('signature');
});

describe('whoever opens a Web App', () => {
  let app: TestApp;
  let folder: string;
  let person = 5_000_000_000;
  const telegram = generateKeyPairSync('ed25519');
  const stranger = generateKeyPairSync('ed25519');
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'bots-'));
    const bot = (kind: string, tokenEnv: string) => JSON.stringify({ name: 'Shop', channel: { kind, tokenEnv } });
    writeFileSync(join(folder, 'shop.json'), bot('telegram', 'SHOP_TOKEN'));
    writeFileSync(join(folder, 'other-channel.json'), bot('vk', 'VK_TOKEN'));
    const key = { GATEWAY_SIGN_IN_TELEGRAM_WEB_APP_PUBLIC_KEY: hexOf(telegram.publicKey) };
    const env = { ...key, GATEWAY_PUBLIC_URL: SITE, BOTS_FOLDER: folder, SHOP_TOKEN: TOKEN, VK_TOKEN: OF_VK };
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
  });
  const signatureOf = (fields: Record<string, string>, token: string, key = telegram.privateKey) =>
    sign(null, Buffer.from(`${token.split(':')[0]}:WebAppData\n${checked(fields)}`), key).toString('base64url');
  const signed = (fields: Record<string, string>, token = TOKEN, signature = signatureOf(fields, token)) => {
    const all = { ...fields, signature };
    return new URLSearchParams({ ...all, hash: hashBy(token, all) }).toString();
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

  it('is the same person with the same data, also twice at once, as apps bring them again for a day', async () => {
    const initData = signed(fieldsOf(undefined, 23 * 60 * MINUTE));
    const both = await Promise.all([ask(initData), ask(initData)]);
    expect(both.map(({ status }) => status)).toEqual([201, 201]);
    const again = await ask(initData);
    expect(new Set([...both, again].map(({ body }) => body.userId)).size).toBe(1);
    const sessions = await app.service.db.query<{ provenAt: Date }[]>(
      'SELECT proven_at AS "provenAt" FROM sessions WHERE subject_id = $1',
      [again.body.userId],
    );
    expect(sessions).toHaveLength(3);
    // Whoever brings them later has not proven anything later.
    for (const { provenAt } of sessions) expect(app.clock.now().getTime() - provenAt.getTime()).toBeGreaterThan(82e6);
  });

  it.each<[string, () => string, string?]>([
    ['that is older than a day', () => signed(fieldsOf(undefined, 24 * 60 * MINUTE + MINUTE))],
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
    ['that Telegram has not signed', () => signed(fieldsOf(), TOKEN, '')],
    [
      'that somebody who knows the token has signed',
      () => {
        const fields = fieldsOf();
        return signed(fields, TOKEN, signatureOf(fields, TOKEN, stranger.privateKey));
      },
    ],
    [
      'that Telegram has signed for another bot',
      () => {
        const fields = fieldsOf();
        return signed(fields, TOKEN, signatureOf(fields, KEPT));
      },
    ],
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
