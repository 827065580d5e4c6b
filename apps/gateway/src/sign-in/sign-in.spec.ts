import { ContactStarted, IdentityLinked, UserRegistered } from '@switchboard/contracts';
import { tablesWith, until } from '@switchboard/testing';
import { v7 as uuidv7 } from 'uuid';
import {
  type Answer,
  broughtBy,
  type Browser,
  type Gateway,
  SIGN_IN_PAGE,
  startGateway,
} from '../../test/start-gateway';

type SignedIn = { userId: string; isNew: boolean; returnTo: string };

let gateway: Gateway;
beforeAll(async () => {
  gateway = await startGateway();
});
afterEach(() => gateway.sandbox.setFaults());
afterAll(() => gateway.stop());

const accounts = (provider: string) =>
  provider === 'telegram' ? gateway.sandbox.telegramLogin : gateway.sandbox.accounts(provider);

/** Goes to the provider, and comes back with what the person has decided there. */
async function visit(browser: Browser, provider: string, person?: number, { decline = false } = {}): Promise<URL> {
  const { status, body } = await browser.ask<{ url: string }>('POST', '/sign-in/attempts', { provider });
  expect(status).toBe(201);
  return accounts(provider).visit(body.url, person, { decline });
}
const complete = (browser: Browser, brought: object) => browser.ask<SignedIn>('POST', '/sign-in/sessions', brought);
async function signIn(browser: Browser, provider: string, person?: number): Promise<Answer<SignedIn>> {
  return complete(browser, broughtBy(await visit(browser, provider, person)));
}
const person = async (firstName = 'Ann') => (await gateway.sandbox.telegram.addPerson({ firstName })).id;
const isRefused = (code = 'gateway.sign_in_refused') => ({ status: 401, body: { code } });
/** A browser of somebody who comes with an account for the first time. */
async function signedIn(provider = 'telegram') {
  const [browser, id] = [gateway.browser(), await person()];
  const { userId } = (await signIn(browser, provider, id)).body;
  return { browser, person: id, userId };
}

describe('whoever signs in', () => {
  it('is told how they can', async () => {
    const { body } = await gateway.browser().ask('GET', '/sign-in/methods');
    expect(body).toEqual({ providers: ['telegram', 'google', 'yandex', 'vk'], email: true });
  });

  it.each(['telegram', 'google', 'yandex', 'vk'])('with %s is the same person each time', async (provider) => {
    const [browser, id] = [gateway.browser(), await person()];
    const first = await signIn(browser, provider, id);
    expect(first).toMatchObject({ status: 201, body: { isNew: true, returnTo: '/me' } });
    expect((await browser.ask('GET', '/me')).body).toMatchObject({ userId: first.body.userId, name: 'Ann' });
    const again = await signIn(gateway.browser(), provider, id);
    expect(again.body).toEqual({ ...first.body, isNew: false });
    expect((await signIn(gateway.browser(), provider, await person())).body.userId).not.toBe(first.body.userId);
  });

  it('with Telegram is the person who wrote to the bot', async () => {
    const [id, userId] = [await person(), uuidv7()];
    const contact = { chatId: uuidv7(), botId: 'lumen', channel: 'telegram', contactId: uuidv7(), locale: 'ru' };
    await gateway.app.probe.say(ContactStarted({ ...contact, userId, externalId: String(id) }));
    await gateway.app.probe.until(UserRegistered, ({ data }) => data.userId === userId);
    const browser = gateway.browser();
    expect((await signIn(browser, 'telegram', id)).body).toEqual({ userId, isNew: false, returnTo: '/me' });
    expect((await browser.ask('GET', '/me')).body).toMatchObject({ userId, locale: 'ru' });
  });

  it('brings the name that the bot has not told, once: whoever takes it away stays without', async () => {
    const [id, userId] = [await person(), uuidv7()];
    const contact = { chatId: uuidv7(), botId: 'lumen', channel: 'telegram', contactId: uuidv7(), locale: 'ru' };
    await gateway.app.probe.say(ContactStarted({ ...contact, userId, externalId: String(id) }));
    await gateway.app.probe.until(UserRegistered, ({ data }) => data.userId === userId);
    const browser = gateway.browser();
    await signIn(browser, 'telegram', id);
    const { body: profile } = await browser.ask<{ name: string; revision: number }>('GET', '/me');
    expect(profile.name).toBe('Ann');

    const ifMatch = { 'if-match': `"${profile.revision}"` };
    expect(await browser.ask('PATCH', '/me', { name: null }, ifMatch)).toMatchObject({ status: 200 });
    await signIn(browser, 'telegram', id);
    expect((await browser.ask('GET', '/me')).body).toMatchObject({ name: null });
  });

  it('with Telegram before they wrote to a bot is told to the bots', async () => {
    const { userId, person: id } = await signedIn();
    const linked = await gateway.app.probe.until(IdentityLinked, ({ data }) => data.userId === userId);
    expect(linked.data).toMatchObject({ channel: 'telegram', externalId: String(id) });
  });

  it('at the moment at which they write to a bot for the first time stays one person, as whom the bot has them then', async () => {
    const { userId, person: id } = await signedIn();
    const contact = { chatId: uuidv7(), botId: 'lumen', channel: 'telegram', contactId: uuidv7(), locale: 'en' };
    await gateway.app.probe.say(ContactStarted({ ...contact, userId: uuidv7(), externalId: String(id) }));
    const told = () => gateway.app.probe.all(IdentityLinked).filter(({ data }) => data.externalId === String(id));
    await until(() => told().length === 2, { what: 'the bots to be told once more' });
    expect(new Set(told().map(({ data }) => data.userId))).toEqual(new Set([userId]));
  });

  it('twice at once with a new account is registered once', async () => {
    const id = await person();
    const browsers = [gateway.browser(), gateway.browser()];
    const back = await Promise.all(browsers.map((browser) => visit(browser, 'telegram', id)));
    const both = await Promise.all(browsers.map((browser, i) => complete(browser, broughtBy(back[i]!))));
    expect(new Set(both.map(({ body }) => body.userId)).size).toBe(1);
    expect(both.map(({ body }) => body.isNew).sort()).toEqual([false, true]);
  });

  it('leaves no id of theirs to be read in a table', async () => {
    const { person: id } = await signedIn();
    expect(await tablesWith(gateway.app, String(id))).toEqual([]);
  });

  it('goes on where they wanted to, and never on another site', async () => {
    const [browser, id] = [gateway.browser(), await person()];
    const begin = (returnTo: string) =>
      browser.ask<{ url: string }>('POST', '/sign-in/attempts', { provider: 'telegram', returnTo });
    const { body } = await begin('/me/identities?tab=2#top');
    const back = await gateway.sandbox.telegramLogin.visit(body.url, id);
    expect((await complete(browser, broughtBy(back))).body.returnTo).toBe('/me/identities?tab=2#top');
    for (const elsewhere of [
      'https://evil.example',
      '//evil.example',
      '/\\evil.example',
      '/\tevil',
      'me',
      '/%0a\n//evil',
    ])
      expect(await begin(elsewhere)).toMatchObject({ status: 422 });
  });

  it('goes to the provider with a challenge, a state and a nonce that nobody could guess, and no secret', async () => {
    const { body } = await gateway
      .browser()
      .ask<{ url: string }>('POST', '/sign-in/attempts', { provider: 'telegram' });
    const asked = Object.fromEntries(new URL(body.url).searchParams);
    expect(asked).toMatchObject({
      redirect_uri: SIGN_IN_PAGE,
      response_type: 'code',
      scope: 'openid profile',
      code_challenge_method: 'S256',
    });
    for (const name of ['state', 'nonce', 'code_challenge']) expect(asked[name]!.length).toBeGreaterThanOrEqual(32);
    expect(asked['state']!.length).toBeLessThanOrEqual(32);
    expect(Object.keys(asked)).not.toContain('client_secret');
  });

  it('keeps the attempt in a cookie of this host that no page can read', async () => {
    const { headers } = await gateway.browser().ask('POST', '/sign-in/attempts', { provider: 'telegram' });
    const [cookie] = headers.getSetCookie();
    for (const part of ['__Host-sign-in=', 'Path=/', 'HttpOnly', 'Secure', 'SameSite=Lax', 'Max-Age=600'])
      expect(cookie).toContain(part);
  });
});

describe('nobody signs in', () => {
  afterEach(() => gateway.sandbox.setFaults());

  const spoil = (target: string, kind: string) => gateway.sandbox.setFaults({ target, kind, times: 1 });
  const isNobody = async (browser: Browser, brought: object, code?: string) => {
    expect(await complete(browser, brought)).toMatchObject(isRefused(code));
    expect(browser.isSignedIn).toBe(false);
    expect((await browser.ask('GET', '/me')).status).toBe(401);
  };

  it.each([
    'wrong-aud',
    'wrong-iss',
    'wrong-nonce',
    'expired',
    'old',
    'foreign',
    'unknown-kid',
    'unsigned',
    'no-id-token',
    'no-id',
  ])('with a token of Telegram that has the fault %s', async (kind) => {
    const browser = gateway.browser();
    await spoil('telegram-login.token', kind);
    await isNobody(browser, broughtBy(await visit(browser, 'telegram')));
  });

  it.each([
    'wrong-aud',
    'wrong-iss',
    'wrong-nonce',
    'no-nonce',
    'expired',
    'foreign',
    'unknown-kid',
    'unsigned',
    'no-id-token',
  ])('with a token of Google that has the fault %s', async (kind) => {
    const browser = gateway.browser();
    await spoil('openid.google.token', kind);
    await isNobody(browser, broughtBy(await visit(browser, 'google')));
  });

  it.each([
    ['yandex', 'a token of another app', 'openid.yandex.info', 'wrong-client'],
    ['vk', 'another state in its token', 'openid.vk.token', 'wrong-state'],
    ['vk', 'a refusal that looks like a success', 'openid.vk.token', 'error-200'],
    ['vk', 'two persons in its two answers', 'openid.vk.user-info', 'wrong-person'],
  ])('when %s answers with %s', async (provider, _what, target, kind) => {
    const browser = gateway.browser();
    await spoil(target, kind);
    await isNobody(browser, broughtBy(await visit(browser, provider)));
  });

  it.each(['telegram', 'google', 'yandex', 'vk'])('with a code of %s that was used before', async (provider) => {
    const [browser, thief] = [gateway.browser(), gateway.browser()];
    const back = broughtBy(await visit(browser, provider));
    const { state } = broughtBy(await visit(thief, provider));
    expect((await complete(browser, back)).status).toBe(201);
    await isNobody(thief, { ...back, state });
  });

  it.each(['telegram', 'google', 'yandex', 'vk'])(
    'with a code of %s that somebody else has got: it belongs to the verifier of their browser',
    async (provider) => {
      const [victim, thief] = [gateway.browser(), gateway.browser()];
      const back = broughtBy(await visit(victim, provider));
      const { state } = broughtBy(await visit(thief, provider));
      await isNobody(thief, { ...back, state });
    },
  );

  it('with another state than the one that was begun with', async () => {
    const browser = gateway.browser();
    const back = broughtBy(await visit(browser, 'telegram'));
    await isNobody(browser, { ...back, state: 'x'.repeat(32) });
    // It is over then: a state cannot be guessed by trying.
    await isNobody(browser, back, 'gateway.sign_in_expired');
  });

  it('in a browser that did not begin it', async () => {
    const back = broughtBy(await visit(gateway.browser(), 'telegram'));
    await isNobody(gateway.browser(), back, 'gateway.sign_in_expired');
  });

  it('with a cookie that was made up, or changed', async () => {
    const browser = gateway.browser();
    const back = broughtBy(await visit(browser, 'telegram'));
    const [name, value] = [...browser.cookies][0]!;
    browser.cookies.set(name, `${value.slice(0, -2)}xx`);
    await isNobody(browser, back, 'gateway.sign_in_expired');
  });

  it('with an attempt that has come back before, also with a copy of its cookie', async () => {
    const browser = gateway.browser();
    const back = broughtBy(await visit(browser, 'telegram'));
    const copy = browser.copy();
    expect((await complete(browser, back)).status).toBe(201);
    await isNobody(copy, back, 'gateway.sign_in_expired');
  });

  it('later than ten minutes after they began', async () => {
    const browser = gateway.browser();
    const back = broughtBy(await visit(browser, 'telegram'));
    gateway.app.clock.advance(10 * 60_000);
    await isNobody(browser, back, 'gateway.sign_in_expired');
  });

  it('who declines', async () => {
    const browser = gateway.browser();
    const back = await visit(browser, 'telegram', undefined, { decline: true });
    await isNobody(browser, broughtBy(back), 'gateway.sign_in_declined');
  });

  it('with what nobody offers here', async () => {
    const answer = await gateway.browser().ask('POST', '/sign-in/attempts', { provider: 'myspace' });
    expect(answer).toMatchObject({ status: 404, body: { code: 'gateway.provider_unknown' } });
  });
});

describe('Telegram may', () => {
  it.each(['aud-number', 'aud-list', 'no-nonce', 'id-text'])('sign its tokens with %s', async (kind) => {
    const [browser, id] = [gateway.browser(), await person()];
    await gateway.sandbox.setFaults({ target: 'telegram-login.token', kind, times: 1 });
    const { status, body } = await signIn(browser, 'telegram', id);
    expect(status).toBe(201);
    expect((await signIn(gateway.browser(), 'telegram', id)).body.userId).toBe(body.userId);
  });

  it('change its keys between two people', async () => {
    await signedIn();
    await gateway.sandbox.telegramLogin.rotateKeys();
    expect((await signIn(gateway.browser(), 'telegram')).status).toBe(201);
  });
});

describe('when a provider is in trouble', () => {
  it.each([
    ['telegram', 'telegram-login.token', '500'],
    ['telegram', 'telegram-login.token', 'reset'],
    ['telegram', 'telegram-login.token', '502-html'],
    ['google', 'openid.google.token', '500'],
    ['google', 'openid.google.token', 'reset'],
    ['yandex', 'openid.yandex.info', '502-html'],
    ['vk', 'openid.vk.user-info', '429'],
  ])('%s, at %s with %s, nobody is refused: they are told to come back', async (provider, target, kind) => {
    const browser = gateway.browser();
    const back = broughtBy(await visit(browser, provider));
    await gateway.sandbox.setFaults({ target, kind, times: 1 });
    expect(await complete(browser, back)).toMatchObject({
      status: 503,
      body: { code: 'gateway.provider_unavailable' },
    });
    await gateway.sandbox.setFaults();
    expect((await signIn(browser, provider)).status).toBe(201);
  });
});

describe('when a provider refuses this site itself', () => {
  it.each([
    ['telegram', 'telegram-login.token', 401, 'invalid_client'],
    ['google', 'openid.google.token', 401, 'invalid_client'],
    ['google', 'openid.google.token', 400, 'redirect_uri_mismatch'],
    ['yandex', 'openid.yandex.token', 400, 'unauthorized_client'],
    ['vk', 'openid.vk.token', 200, 'invalid_client'],
  ])('%s, at %s with %i %s, nobody is taken for an attacker', async (provider, target, status, error) => {
    const counted = async () => {
      const metrics = await (await fetch(`${gateway.app.url}/metrics`)).text();
      const line = metrics.split('\n').find((one) => one.includes('misconfigured') && one.includes(`"${provider}"`));
      return Number(line?.split(' ').at(-1) ?? 0);
    };
    const [browser, before] = [gateway.browser(), await counted()];
    const back = broughtBy(await visit(browser, provider));
    await gateway.sandbox.setFaults({ target, kind: 'answer', times: 1, answer: { status, body: { error } } });
    expect(await complete(browser, back)).toMatchObject({
      status: 503,
      body: { code: 'gateway.provider_unavailable' },
    });
    expect(await counted()).toBe(before + 1);
  });
});

describe('an account elsewhere', () => {
  const begin = (browser: Browser, provider: string) =>
    browser.ask<{ url: string }>('POST', '/me/identities/attempts', { provider });
  const link = async (browser: Browser, provider: string, id: number) => {
    const { body } = await begin(browser, provider);
    const back = await accounts(provider).visit(body.url, id);
    return browser.ask('POST', '/me/identities', broughtBy(back));
  };

  it('is added to that of whoever is signed in, and leads to the same person then', async () => {
    const { browser, person: id, userId } = await signedIn();
    for (const provider of ['google', 'yandex', 'vk'])
      expect(await link(browser, provider, id)).toMatchObject({ status: 201, body: { channel: provider } });
    for (const provider of ['telegram', 'google', 'yandex', 'vk'])
      expect((await signIn(gateway.browser(), provider, id)).body).toMatchObject({ userId, isNew: false });
  });

  it('is added once, however often it is asked for', async () => {
    const { browser, person: id } = await signedIn();
    const first = await link(browser, 'google', id);
    expect((await link(browser, 'google', id)).body).toEqual(first.body);
  });

  it('of another person here is refused, and both stay who they are', async () => {
    const [ann, bea] = [await signedIn(), await signedIn('google')];
    const refused = { status: 409, body: { code: 'gateway.identity_of_another_person' } };
    expect(await link(ann.browser, 'google', bea.person)).toMatchObject(refused);
    expect((await signIn(gateway.browser(), 'google', bea.person)).body.userId).toBe(bea.userId);
  });

  it('is refused while another one of the kind is linked', async () => {
    const { browser } = await signedIn();
    const refused = { status: 409, body: { code: 'gateway.channel_already_linked' } };
    expect(await link(browser, 'telegram', await person())).toMatchObject(refused);
  });

  it('that was asked for by one is not added to that of the next who signs in there', async () => {
    const { browser } = await signedIn();
    const { body } = await begin(browser, 'google');
    const back = broughtBy(await gateway.sandbox.accounts('google').visit(body.url, await person()));
    browser.cookies.set('__Host-person', (await signedIn()).browser.cookies.get('__Host-person')!);
    expect(await browser.ask('POST', '/me/identities', back)).toMatchObject(isRefused());
  });

  it('that was to be added signs nobody in', async () => {
    const { browser } = await signedIn();
    const { body } = await begin(browser, 'google');
    const back = broughtBy(await gateway.sandbox.accounts('google').visit(body.url, await person()));
    expect(await complete(browser, back)).toMatchObject(isRefused());
  });
});

describe('a session', () => {
  type Sessions = { data: { sessionId: string; isCurrent: boolean; amr: string[] }[] };
  const sessionsOf = async (browser: Browser) => (await browser.ask<Sessions>('GET', '/me/sessions')).body.data;

  it('says how its person has signed in, and ends when they end it, from any other', async () => {
    const id = await person();
    const [here, there] = [gateway.browser(), gateway.browser()];
    for (const browser of [here, there]) await signIn(browser, 'google', id);
    const sessions = await sessionsOf(here);
    expect(
      sessions
        .map(({ isCurrent, amr }) => ({ isCurrent, amr }))
        .sort((a, b) => Number(a.isCurrent) - Number(b.isCurrent)),
    ).toEqual([
      { isCurrent: false, amr: ['google_oidc'] },
      { isCurrent: true, amr: ['google_oidc'] },
    ]);
    const other = sessions.find(({ isCurrent }) => !isCurrent)!;
    expect((await here.ask('DELETE', `/me/sessions/${other.sessionId}`)).status).toBe(204);
    expect((await there.ask('GET', '/me')).status).toBe(401);
    expect((await here.ask('GET', '/me')).status).toBe(200);
  });

  it('of somebody else cannot be ended', async () => {
    const [ann, bea] = [await signedIn(), await signedIn()];
    const [ofBea] = await sessionsOf(bea.browser);
    await ann.browser.ask('DELETE', `/me/sessions/${ofBea!.sessionId}`);
    expect((await bea.browser.ask('GET', '/me')).status).toBe(200);
  });

  it('is the only one left when its person signs out everywhere else', async () => {
    const id = await person();
    const [here, ...others] = [gateway.browser(), gateway.browser(), gateway.browser()];
    for (const browser of [here!, ...others]) await signIn(browser, 'telegram', id);
    expect((await here!.ask('DELETE', '/me/sessions')).status).toBe(204);
    for (const browser of others) expect((await browser.ask('GET', '/me')).status).toBe(401);
    expect(await sessionsOf(here!)).toHaveLength(1);
  });
});
