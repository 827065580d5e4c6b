import { Registry } from 'prom-client';
import { SMTPServer } from 'smtp-server';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { startThirdParties } from '../../test/start-gateway';
import { isRefused, isUnknown, MailerService } from './mailer.service';

let sandbox: Awaited<ReturnType<typeof startThirdParties>>['sandbox'];
let client: Awaited<ReturnType<typeof startThirdParties>>['client'];
const mailers: MailerService[] = [];
beforeAll(async () => {
  ({ sandbox, client } = await startThirdParties());
});
afterEach(async () => {
  for (const mailer of mailers.splice(0)) mailer.onApplicationShutdown();
  await client.reset();
});
afterAll(() => sandbox.close());

function aMailer(url: string): MailerService {
  const config = { GATEWAY_SMTP_URL: url, GATEWAY_MAIL_FROM: 'Shop <no-reply@shop.example>' };
  const mailer = new MailerService(config, new Registry());
  mailers.push(mailer);
  return mailer;
}
const send = (mailer: MailerService) =>
  mailer.send({ to: 'anna@mail.example', subject: 'Sign in', text: 'https://shop.example', html: '' });
const failure = (mailer: MailerService) =>
  send(mailer).then(
    () => undefined,
    (error: Error) => error,
  );

/** The server of the sandbox, as an account of ours is used there. */
async function account(host?: string): Promise<string> {
  const url = new URL(await client.mailbox.smtpUrl());
  Object.assign(url, { username: 'shop', password: 'secret', ...(host && { hostname: host }) });
  return url.href;
}

describe('a mail that the server does not take', () => {
  it.each([
    ['mailbox.recipient', 'refuse'],
    ['mailbox.recipient', 'no-such-domain'],
    ['mailbox.smtp', 'refuse'],
    ['mailbox.smtp', 'mailbox-full'],
  ])('is refused for good where the address is why: %s %s', async (target, kind) => {
    await client.setFaults({ target, kind });
    expect(isRefused(await failure(aMailer(await account())))).toBe(true);
  });

  it.each([
    ['mailbox.login', 'bad-password', 535],
    ['mailbox.sender', 'not-yours', 553],
    ['mailbox.recipient', 'relay', 554],
    ['mailbox.recipient', 'relay-without-code', 554],
    ['mailbox.recipient', 'bad-sender', 550],
    ['mailbox.smtp', 'quota', 550],
    ['mailbox.smtp', 'greylist', 451],
  ])('is tried again where our own account is why: %s %s', async (target, kind, responseCode) => {
    await client.setFaults({ target, kind });
    const error = await failure(aMailer(await account()));
    expect({ error, isRefused: isRefused(error) }).toMatchObject({ error: { responseCode }, isRefused: false });
  });
});

it('a mail of which a server says nothing once it has it is known as such, and has the same id when it comes again', async () => {
  const had: string[] = [];
  const server = new SMTPServer({
    ...{ logger: false, authOptional: true, disabledCommands: ['STARTTLS'] },
    // It takes it, and never says so.
    onData: (stream) => void text(stream).then((mail) => had.push(/^Message-ID: (.*)$/im.exec(mail)![1]!)),
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const { port } = server.server.address() as AddressInfo;
  const mailer = aMailer(`smtp://127.0.0.1:${port}?socketTimeout=300`);
  for (const mailId of ['paid:1', 'paid:1', 'paid:2']) {
    const sent = mailer.send({ mailId, to: 'anna@mail.example', subject: 'Paid', text: 'Paid', html: '' });
    const error = await sent.then(
      () => undefined,
      (reason: unknown) => reason,
    );
    expect([isUnknown(error), isRefused(error)]).toEqual([true, false]);
  }
  expect(had).toHaveLength(3);
  expect(had[0]).toMatch(/^<[0-9a-f]{40}@shop\.example>$/);
  expect([had[1] === had[0], had[2] === had[0]]).toEqual([true, false]);
  mailer.onApplicationShutdown();
  await new Promise<void>((closed) => server.close(closed));
  const away = await failure(aMailer(`smtp://127.0.0.1:${port}`));
  expect(isUnknown(away)).toBe(false);
});

it.each([
  ['AUTH', { onAuth: () => undefined }],
  ['RCPT', { authOptional: true, onRcptTo: () => undefined }],
])('a mail is not sent where a server hangs before it has it, at %s', async (_, silence) => {
  const server = new SMTPServer({ logger: false, disabledCommands: ['STARTTLS'], ...silence });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const { port } = server.server.address() as AddressInfo;
  const user = 'onAuth' in silence ? 'shop:secret@' : '';
  const error = await failure(aMailer(`smtp://${user}127.0.0.1:${port}?socketTimeout=300`));
  expect([error, isUnknown(error)]).toMatchObject([{ timeoutType: 'SOCKET_TIMEOUT' }, false]);
  await new Promise<void>((closed) => server.close(closed));
});

describe('the password of the server', () => {
  // To the system the same machine; to the gateway a server somewhere else.
  const ELSEWHERE = '0.0.0.0';

  it('does not go through a network unencrypted, also when STARTTLS is cut out of the conversation', async () => {
    expect(await failure(aMailer(await account(ELSEWHERE)))).toMatchObject({ code: 'ETLS' });
    await send(aMailer(await account()));
    await send(aMailer(`${await account(ELSEWHERE)}?ignoreTLS=true`));
    expect(await client.mailbox.mails()).toHaveLength(2);
  });

  it('goes to a server that offers STARTTLS once the connection is encrypted', async () => {
    const seen: boolean[] = [];
    const server = new SMTPServer({
      // It has a certificate of its own, which nobody knows.
      logger: false,
      onAuth: (_auth, { secure }, done) => {
        seen.push(secure);
        done(null, { user: 'shop' });
      },
    });
    await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
    const { port } = server.server.address() as AddressInfo;
    const mailer = aMailer(`smtp://shop:secret@${ELSEWHERE}:${port}?tls.rejectUnauthorized=false`);
    await send(mailer);
    expect(seen).toEqual([true]);
    // A server waits for its connections.
    mailer.onApplicationShutdown();
    await new Promise<void>((closed) => server.close(closed));
  });
});
