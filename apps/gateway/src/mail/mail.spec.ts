import { SendMail, SendMailToPerson } from '@switchboard/contracts';
import { ServiceClient, ServiceIdentity } from '@switchboard/service-kit';
import { startApp } from '@switchboard/testing';
import { randomUUID } from 'node:crypto';
import { Registry } from 'prom-client';
import { type Gateway, SITE, startGateway } from '../../test/start-gateway';
import { gatewayApp } from '../gateway.app';
import { IdentitiesService } from '../people/identities.service';
import { PeopleService } from '../people/people.service';

let gateway: Gateway;
beforeAll(async () => {
  gateway = await startGateway();
});
afterEach(() => gateway.sandbox.setFaults());
afterAll(() => gateway.stop());

const as = (service: string, { app } = gateway) =>
  new ServiceClient(new ServiceIdentity(service, app.keys), new Map([['gateway', app.url]]), new Registry());
const letter = (to: string) => ({
  ...{ mailId: randomUUID(), to, subject: 'Your purchase', before: 'Tom & "Jerry" <b>', after: 'Once.' },
  links: [
    { text: 'In the bot', url: 'https://t.me/shop_bot?start=guest_x&y=1' },
    { text: 'Here', url: '/me/claim#secret' },
  ],
});
const address = () => `${randomUUID()}@mail.example`;

it('a service has a mail sent, with paths of this site as addresses and nothing that its words could break', async () => {
  const to = address();
  expect(await as('payments').call(SendMail, { body: letter(to) })).toEqual({ outcome: 'sent' });
  const [mail] = await gateway.sandbox.mailbox.mails(to);
  expect(mail!.subject).toBe('Your purchase');
  expect(mail!.text).toContain(`Here:\n${SITE}/me/claim#secret`);
  expect(mail!.html).toContain(`<a href="${SITE}/me/claim#secret">Here</a>`);
  expect(mail!.html).toContain('Tom &amp; &quot;Jerry&quot; &lt;b&gt;');
  expect(mail!.html).toContain('start=guest_x&amp;y=1');
});

it('says that nobody has the address', async () => {
  await gateway.sandbox.setFaults({ target: 'mailbox.recipient', kind: 'refuse' });
  expect(await as('payments').call(SendMail, { body: letter(address()) })).toEqual({ outcome: 'refused' });
});

describe('a person', () => {
  const letters = (subject: string) => ({
    mailId: randomUUID(),
    en: { ...letter('x'), subject },
    ru: { ...letter('x'), subject: `${subject} по-русски` },
  });
  const send = (userId: string, subject: string, app = gateway.app) =>
    as('payments', { ...gateway, app }).call(SendMailToPerson, { params: { userId }, body: letters(subject) });
  const person = (locale: string) =>
    gateway.app.service.db.transaction(async (tx) => {
      const nest = gateway.app.service.nest;
      const account = { channel: 'google', externalId: randomUUID() };
      const { userId } = await nest.get(PeopleService, { strict: false }).signIn(tx, account, { locale });
      return userId;
    });
  const link = (userId: string, email: string) =>
    gateway.app.service.db.transaction((tx) =>
      gateway.app.service.nest
        .get(IdentitiesService, { strict: false })
        .link(tx, userId, { channel: 'email', externalId: email, label: email }),
    );

  it.each([
    ['ru-RU', 'A notice по-русски'],
    ['en', 'A notice'],
    ['de', 'A notice'],
  ])('who reads %s has a mail in their language, at the address that they have linked', async (locale, subject) => {
    const [userId, to] = [await person(locale), address()];
    expect(await send(userId, 'A notice')).toEqual({ outcome: 'no-address' });
    await link(userId, to);
    expect(await send(userId, 'A notice')).toEqual({ outcome: 'sent' });
    expect(await gateway.sandbox.mailbox.mails(to)).toMatchObject([{ subject }]);
  });

  it('who is not known here has no address', async () => {
    expect(await send(randomUUID(), 'A notice')).toEqual({ outcome: 'no-address' });
  });
});

it.each(['//evil.example/x', 'javascript:alert(1)', '/\\evil.example', 'https://a.example/"onclick="'])(
  'takes no link such as %s',
  async (url) => {
    const body = { ...letter(address()), links: [{ text: 'Here', url }] };
    await expect(as('payments').call(SendMail, { body })).rejects.toMatchObject({ status: 422 });
  },
);

it('nobody else has mails sent', async () => {
  await expect(as('chat-ai').call(SendMail, { body: letter(address()) })).rejects.toMatchObject({ status: 404 });
});

it('says so where no server is configured', async () => {
  const app = await startApp(gatewayApp, { env: { GATEWAY_PUBLIC_URL: SITE } });
  const sent = as('payments', { ...gateway, app }).call(SendMail, { body: letter(address()) });
  await expect(sent).rejects.toMatchObject({ problem: { code: 'gateway.email_not_offered' } });
  const toPerson = as('payments', { ...gateway, app }).call(SendMailToPerson, {
    params: { userId: randomUUID() },
    body: { mailId: 'x', en: letter('x'), ru: letter('x') },
  });
  await expect(toPerson).rejects.toMatchObject({ problem: { code: 'gateway.email_not_offered' } });
  await app.stop();
});
