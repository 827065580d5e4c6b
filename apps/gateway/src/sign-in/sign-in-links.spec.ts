import { CreateSignInLink } from '@switchboard/contracts';
import { ServiceClient, ServiceIdentity } from '@switchboard/service-kit';
import { tablesWith, until } from '@switchboard/testing';
import { randomUUID } from 'node:crypto';
import { Registry } from 'prom-client';
import { v7 as uuidv7 } from 'uuid';
import { type Browser, broughtBy, type Gateway, SIGN_IN_PAGE, startGateway } from '../../test/start-gateway';
import { SignInJobs } from './sign-in.jobs';

let gateway: Gateway;
beforeAll(async () => {
  gateway = await startGateway();
});
afterEach(() => gateway.sandbox.setFaults());
afterAll(() => gateway.stop());

const address = () => `${randomUUID()}@mail.example`;
const mails = (to: string) => gateway.sandbox.mailbox.mails(to);
const ask = (browser: Browser, email: string, more: object = {}) =>
  browser.ask('POST', '/sign-in/emails', { email, ...more });
const redeem = (browser: Browser, link: string) =>
  browser.ask<{ userId: string; isNew: boolean; returnTo: string }>('POST', '/sign-in/links/redeem', { link });
/** The link of the n-th mail to an address: what stands behind the `#`. */
async function linkTo(to: string, n = 1, marker = 'link'): Promise<string> {
  const mail = await until(async () => (await mails(to))[n - 1], { what: `mail ${n} to ${to}` });
  const [, link] = new RegExp(`${SIGN_IN_PAGE}#${marker}=(\\S+)`).exec(mail.text)!;
  return link!;
}
const isRefused = { status: 401, body: { code: 'gateway.sign_in_link_refused' } };

describe('a link by e-mail', () => {
  it('signs in the person of the address, each time the same', async () => {
    const [browser, to] = [gateway.browser(), address()];
    expect((await ask(browser, to, { returnTo: '/me/consents' })).status).toBe(202);
    const first = await redeem(browser, await linkTo(to));
    expect(first).toMatchObject({ status: 201, body: { isNew: true, returnTo: '/me/consents' } });
    expect((await browser.ask('GET', '/me')).body).toMatchObject({ userId: first.body.userId });
    const other = gateway.browser();
    await ask(other, to.toUpperCase());
    expect((await redeem(other, await linkTo(to, 2))).body).toEqual({
      userId: first.body.userId,
      isNew: false,
      returnTo: '/me',
    });
  });

  it.each([
    ['en', 'Your link to sign in', /It works once, within 15 minutes/],
    ['ru', 'Ссылка для входа', /Она действует один раз, 15 минут/],
    ['pt-BR', 'Your link to sign in', /It works once/],
  ])('is written in %s', async (locale, subject, text) => {
    const to = address();
    await ask(gateway.browser(), to, { locale });
    const link = await linkTo(to);
    const [mail] = await mails(to);
    expect(mail).toMatchObject({ subject, text: expect.stringMatching(text) as string });
    expect(mail!.html).toContain(`href="${SIGN_IN_PAGE}#link=${link}"`);
  });

  it('counts once', async () => {
    const [browser, to] = [gateway.browser(), address()];
    await ask(browser, to);
    const link = await linkTo(to);
    expect((await redeem(browser, link)).status).toBe(201);
    expect(await redeem(browser, link)).toMatchObject(isRefused);
  });

  it('counts in the browser that asked for it alone, and is not used up by another', async () => {
    const [browser, other, to] = [gateway.browser(), gateway.browser(), address()];
    await ask(other, address());
    await ask(browser, to);
    const link = await linkTo(to);
    expect(await redeem(other, link)).toMatchObject(isRefused);
    expect(other.isSignedIn).toBe(false);
    expect((await redeem(browser, link)).status).toBe(201);
  });

  it('counts for a quarter of an hour', async () => {
    const [browser, to] = [gateway.browser(), address()];
    await ask(browser, to);
    const link = await linkTo(to);
    gateway.app.clock.advance(15 * 60_000);
    expect(await redeem(browser, link)).toMatchObject(isRefused);
  });

  it('cannot be made of what stands in the table', async () => {
    const [browser, to] = [gateway.browser(), address()];
    await ask(browser, to);
    const [id, proof] = (await linkTo(to)).split('.') as [string, string];
    expect(await tablesWith(gateway.app, proof)).toEqual([]);
    for (const made of [id, `${id}.${'0'.repeat(64)}`, `${uuidv7()}.${proof}`, `${id}.${proof}0`, '', '.'])
      expect([401, 422]).toContain((await redeem(browser, made)).status);
  });

  it('cannot be guessed at from one address for long', async () => {
    const browser = gateway.browser();
    const guess = async () => (await redeem(browser, `${uuidv7()}.${'0'.repeat(64)}`)).status;
    browser.address = '192.0.2.7';
    let guesses = 0;
    while ((await guess()) === 401) guesses += 1;
    expect(guesses).toBeLessThanOrEqual(20);
    expect(await guess()).toBe(429);
    browser.address = '192.0.2.8';
    expect(await guess()).toBe(401);
  });

  it('is asked for with the same answer, whether somebody is known by the address or not', async () => {
    const [browser, known] = [gateway.browser(), address()];
    await ask(browser, known);
    await redeem(browser, await linkTo(known));
    const [one, other] = [await ask(gateway.browser(), known), await ask(gateway.browser(), address())];
    const shape = ({ status, body, headers }: typeof one) => [status, body, [...headers.keys()].sort()];
    expect(shape(one)).toEqual(shape(other));
  });

  const untilSent = () =>
    until(
      async () => {
        const jobs = `SELECT FROM gateway_jobs.jobs WHERE task_identifier = 'send-sign-in-link'`;
        return (await gateway.app.service.db.query<unknown[]>(jobs)).length === 0;
      },
      { what: 'all mails to be sent' },
    );
  const askFrom = (network: string, email: string) => {
    const browser = gateway.browser();
    browser.address = network;
    return ask(browser, email);
  };

  it('goes to one address three times within a quarter of an hour for whoever asks, and the answer does not tell', async () => {
    const to = address();
    const answers = await Promise.all(Array.from({ length: 5 }, () => askFrom('2001:db8:0:1::7', to)));
    expect(answers.map(({ status }) => status)).toEqual([202, 202, 202, 202, 202]);
    await linkTo(to, 3);
    await untilSent();
    expect(await mails(to)).toHaveLength(3);
    // The same network, as far as anybody can tell.
    await askFrom('2001:db8:0:1:ffff::8', to);
    await untilSent();
    expect(await mails(to)).toHaveLength(3);
    // Nobody is kept out by a stranger who asks for their mails.
    expect((await askFrom('2001:db8:0:2::7', to)).status).toBe(202);
    await linkTo(to, 4);
    gateway.app.clock.advance(15 * 60_000 + 1);
    await askFrom('2001:db8:0:1::7', to);
    await linkTo(to, 5);
  });

  it('goes to one address twelve times within a quarter of an hour, whoever asks', async () => {
    const to = address();
    await Promise.all(Array.from({ length: 14 }, (_, i) => askFrom(`192.0.2.${i + 20}`, to)));
    await untilSent();
    expect(await mails(to)).toHaveLength(12);
  });

  it('is sent again when the server says that it should be, and not when it says that there is nobody', async () => {
    const [to, nobody] = [address(), address()];
    await gateway.sandbox.setFaults({ target: 'mailbox.smtp', kind: 'greylist', times: 1 });
    await ask(gateway.browser(), to);
    const soon = `UPDATE gateway_jobs._private_jobs SET run_at = now() WHERE attempts > 0 AND locked_at IS NULL`;
    await until(async () => (await gateway.app.service.db.query(soon), (await mails(to))[0]), {
      what: 'the second try',
    });
    await gateway.sandbox.setFaults({ target: 'mailbox.smtp', kind: 'refuse', times: 1 });
    await ask(gateway.browser(), nobody);
    await until(async () => (await gateway.sandbox.faults()).length === 0, { what: 'the refusal' });
    const jobs = () =>
      gateway.app.service.db.query<unknown[]>(
        `SELECT FROM gateway_jobs.jobs WHERE task_identifier = 'send-sign-in-link'`,
      );
    await until(async () => (await jobs()).length === 0, { what: 'the job to end' });
    expect(await mails(nobody)).toEqual([]);
  });

  it('keeps no address to be read, and is forgotten after a day', async () => {
    const [browser, to] = [gateway.browser(), address()];
    await ask(browser, to);
    const link = await linkTo(to);
    expect(await tablesWith(gateway.app, to)).toEqual([]);
    gateway.app.clock.advance(86_400_001);
    await gateway.app.service.nest.get(SignInJobs, { strict: false }).forgetOld();
    expect(await tablesWith(gateway.app, link.split('.')[0]!)).toEqual([]);
  });

  it.each([
    'no-at-sign',
    'a@b',
    'a b@mail.example',
    'a@mail.example\r\nBcc: b@mail.example',
    `${'a'.repeat(320)}@mail.example`,
  ])('is not sent to %p', async (email) => {
    expect((await ask(gateway.browser(), email)).status).toBe(422);
  });
});

describe('an address', () => {
  const signIn = async () => {
    const browser = gateway.browser();
    const { body } = await browser.ask<{ url: string }>('POST', '/sign-in/attempts', { provider: 'telegram' });
    const { id } = await gateway.sandbox.telegram.addPerson({ firstName: 'Ann' });
    const back = await gateway.sandbox.telegramLogin.visit(body.url, id);
    const { userId } = (await browser.ask<{ userId: string }>('POST', '/sign-in/sessions', broughtBy(back))).body;
    return { browser, userId };
  };

  it('is added to the account of whoever is signed in by its link, and leads to them then', async () => {
    const [{ browser, userId }, to] = [await signIn(), address()];
    expect((await browser.ask('POST', '/me/identities/emails', { email: to, locale: 'ru' })).status).toBe(202);
    const link = await linkTo(to, 1, 'identity');
    expect((await mails(to))[0]!.subject).toBe('Подтвердите адрес почты');
    // It signs nobody in, and adds it for nobody else.
    expect(await redeem(browser, link)).toMatchObject(isRefused);
    const other = (await signIn()).browser;
    expect(await other.ask('POST', '/me/identities/email', { link })).toMatchObject(isRefused);
    expect(await browser.ask('POST', '/me/identities/email', { link })).toMatchObject({
      status: 201,
      body: { channel: 'email', label: to },
    });
    await ask(other, to);
    expect((await redeem(other, await linkTo(to, 2))).body).toMatchObject({ userId, isNew: false });
  });
});

describe('a link out of a bot', () => {
  const services = () => {
    const { keys, url } = gateway.app;
    return new ServiceClient(new ServiceIdentity('bot-adapter', keys), new Map([['gateway', url]]), new Registry());
  };
  const known = async () => {
    const [browser, to] = [gateway.browser(), address()];
    await ask(browser, to);
    return (await redeem(browser, await linkTo(to))).body.userId;
  };

  it('signs the person in who talks to it, once, within ten minutes', async () => {
    const userId = await known();
    const create = () => services().call(CreateSignInLink, { body: { userId, returnTo: '/me/statistics' } });
    const { url } = await create();
    const [, link] = url.split('#link=') as [string, string];
    const browser = gateway.browser();
    expect(await redeem(browser, link)).toMatchObject({
      status: 201,
      body: { userId, isNew: false, returnTo: '/me/statistics' },
    });
    expect((await browser.ask('GET', '/session')).body).toMatchObject({ person: { id: userId, amr: ['bot_link'] } });
    expect(await redeem(gateway.browser(), link)).toMatchObject(isRefused);
    const late = (await create()).url.split('#link=')[1]!;
    gateway.app.clock.advance(10 * 60_000);
    expect(await redeem(gateway.browser(), late)).toMatchObject(isRefused);
  });

  it('is made for services alone: whoever may do everything may become nobody', async () => {
    const userId = await known();
    await expect(gateway.app.gateway.call(CreateSignInLink, { body: { userId } })).rejects.toMatchObject({
      status: 403,
      problem: { code: 'gateway.services_only' },
    });
  });

  it('is made for nobody who is not known', async () => {
    const asked = services().call(CreateSignInLink, { body: { userId: uuidv7() } });
    await expect(asked).rejects.toMatchObject({ status: 404, problem: { code: 'gateway.user_not_found' } });
  });
});
