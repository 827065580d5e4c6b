import { CreateSignInLink, SessionMisused } from '@switchboard/contracts';
import type { TestApp } from '@switchboard/testing';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { v7 as uuidv7 } from 'uuid';
import { hear, startBotAdapter } from '../../test/start-bot-adapter';
import { NORTHWIND, type PretendedTelegram, startTelegram } from '../../test/start-sandbox';

const LINK = 'http://localhost:4080/me/sign-in#link=one';

describe('the account of a person', () => {
  let telegram: PretendedTelegram;
  let gateway: Server;
  let app: TestApp;
  /** What the gateway was asked for, and what it answers. */
  const asked: { userId: string; returnTo: string }[] = [];
  let status = 201;

  beforeAll(async () => {
    telegram = await startTelegram();
    gateway = createServer((request, response) => {
      let body = '';
      request.on('data', (part: Buffer) => (body += part.toString()));
      request.on('end', () => {
        // It is asked for the bots that it keeps, as well.
        if (request.url !== CreateSignInLink.path) return void response.writeHead(404).end();
        asked.push(JSON.parse(body) as (typeof asked)[number]);
        response.writeHead(status, { 'content-type': 'application/json' });
        response.end(JSON.stringify({ url: LINK, expiresAt: new Date().toISOString() }));
      });
    });
    await new Promise<void>((listening) => gateway.listen(0, '127.0.0.1', listening));
    const directory = new Map([['gateway', `http://127.0.0.1:${(gateway.address() as AddressInfo).port}`]]);
    app = await startBotAdapter(telegram, { directory });
  });
  afterAll(async () => {
    await app.stop();
    await telegram.close();
    gateway.close();
  });
  beforeEach(() => {
    asked.length = 0;
    status = 201;
  });

  it('opens by a link that the gateway makes for this person, in their language', async () => {
    const anna = await telegram.person('ru');
    const { data } = await hear(app, anna, 'Здравствуйте');
    await anna.say('/account');
    const { text } = await anna.answer((message) => message.text?.includes(LINK) ?? false);
    expect(text).toMatch(/^По этой ссылке откроется ваш кабинет/);
    expect(asked).toEqual([{ userId: data.userId, returnTo: '/me' }]);
  });

  it('is opened by nobody else: in a group there is no link', async () => {
    const group = await telegram.group(await telegram.person('en'));
    await group.say('/account@lumen_bot');
    await group.answer(({ text }) => /Ask me for it in our own chat/.test(text ?? ''));
    expect(asked).toEqual([]);
  });

  it('cannot be opened while the gateway is away, and the person is told', async () => {
    const emma = await telegram.person('en');
    await hear(app, emma, 'Hello');
    status = 500;
    await emma.say('/account');
    await emma.answer(({ text }) => /cannot be opened just now/.test(text ?? ''));
  });

  it('is said to be used by somebody else when it is, once', async () => {
    const emma = await telegram.person('en');
    const { data } = await hear(app, emma, 'Hello');
    const { userId } = data;
    const endedAt = app.clock.now().toISOString();
    const misused = SessionMisused({ userId, sessionId: uuidv7(), device: 'Pets for Android', endedAt });
    for (const _ of ['once', 'twice']) await app.probe.say(misused);
    await emma.answer(({ text }) => /your app “Pets for Android”/.test(text ?? ''));
    await hear(app, emma, 'What?');
    expect((await emma.messages()).filter(({ text }) => text?.includes('Pets for Android'))).toHaveLength(1);
  });

  it('is said to be used by somebody else in every chat of theirs', async () => {
    const inLumen = await telegram.person('en');
    const inNorthwind = telegram.other(inLumen, NORTHWIND.username);
    const { userId } = (await hear(app, inLumen, 'Hello')).data;
    expect((await hear(app, inNorthwind, 'Good day')).data.userId).toBe(userId);
    const endedAt = app.clock.now().toISOString();
    await app.probe.say(SessionMisused({ userId, sessionId: uuidv7(), device: 'Pets for iOS', endedAt }));
    for (const phone of [inLumen, inNorthwind]) await phone.answer(({ text }) => /Pets for iOS/.test(text ?? ''));
  });
});
