import { until } from '@switchboard/testing';
import { randomUUID } from 'node:crypto';
import { broughtBy, Browser, SIGN_IN_PAGE } from '../../gateway/test/start-gateway';
import { externalHash, type Installation } from './installation';
import { Person } from './person';
import { NORTHWIND } from './sandbox';

/** People who talk to a bot, and come to their own pages. */
export function signInStories(installation: () => Installation): void {
  const client = () => installation().sandbox.client;
  const browser = () => new Browser(installation().publicUrl);

  /** As whom the bots know somebody. */
  async function userIdOf({ id }: Person): Promise<string> {
    const sql = 'SELECT user_id AS "userId" FROM people WHERE external_hash = $1';
    const [found] = await until(
      async () => {
        const rows = await installation().rows<{ userId: string }>('bot-adapter', sql, [externalHash(id)]);
        return rows.length > 0 && rows;
      },
      { what: 'the person is known' },
    );
    return found!.userId;
  }
  /** Goes to a provider, where it is this person who signs in, and hands on what it answers. */
  async function through(by: Browser, provider: string, { id }: Person, routes = SIGNING_IN) {
    const { body } = await by.ask<{ url: string }>('POST', routes.attempts, { provider });
    const at = provider === 'telegram' ? client().telegramLogin : client().accounts(provider);
    return by.ask<{ userId: string }>('POST', routes.done, broughtBy(await at.visit(body.url, id)));
  }
  async function mailed(by: Browser, email: string, nth: number, routes = BY_MAIL) {
    expect((await by.ask('POST', routes.ask, { email })).status).toBe(202);
    const mail = await until(async () => (await client().mailbox.mails(email))[nth], { what: `a mail to ${email}` });
    const [, link] = new RegExp(`${SIGN_IN_PAGE}#\\w+=(\\S+)`).exec(mail.text)!;
    return by.ask<{ userId: string }>('POST', routes.done, { link });
  }
  const whoIs = async (by: Browser) => (await by.ask<{ userId: string }>('GET', '/me')).body.userId;

  it('somebody who asks a bot for their account comes out as whom the bot knows', async () => {
    const anna = await Person.meet(installation().sandbox, 'ru');
    await anna.say('/account');
    const { text } = await anna.reads(/#link=/);
    const [, link] = /#link=(\S+)/.exec(text!)!;
    const hers = browser();
    expect((await hers.ask('POST', '/sign-in/links/redeem', { link })).status).toBe(201);
    expect(await whoIs(hers)).toBe(await userIdOf(anna));
    expect((await browser().ask('POST', '/sign-in/links/redeem', { link })).status).toBe(401);
  });

  it('Telegram, Google, Yandex, VK and e-mail lead the same person to the same id, that of the bots', async () => {
    const ann = await Person.meet(installation().sandbox, 'en');
    await ann.say('Hello');
    const userId = await userIdOf(ann);
    const hers = browser();
    expect((await through(hers, 'telegram', ann)).body).toMatchObject({ userId, isNew: false });
    const email = `${randomUUID()}@mail.example`;
    for (const provider of ['google', 'yandex', 'vk']) {
      expect([provider, (await through(hers, provider, ann, LINKING)).status]).toEqual([provider, 201]);
    }
    expect((await mailed(hers, email, 0, LINKING_MAIL)).status).toBe(201);
    for (const provider of ['telegram', 'google', 'yandex', 'vk']) {
      expect([provider, (await through(browser(), provider, ann)).body.userId]).toEqual([provider, userId]);
    }
    expect((await mailed(browser(), email, 1)).body.userId).toBe(userId);
    // Another bot of the same company meets the same person.
    await ann.with(NORTHWIND.username).say('Hello');
    expect(await userIdOf(ann)).toBe(userId);
  });
}

const SIGNING_IN = { attempts: '/sign-in/attempts', done: '/sign-in/sessions' };
const LINKING = { attempts: '/me/identities/attempts', done: '/me/identities' };
const BY_MAIL = { ask: '/sign-in/emails', done: '/sign-in/links/redeem' };
const LINKING_MAIL = { ask: '/me/identities/emails', done: '/me/identities/email' };
