import { createTransport, type Transporter } from 'nodemailer';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startForSpec } from '../start-for-spec';

describe('the mailbox', () => {
  let data: string;
  let spec: Awaited<ReturnType<typeof startForSpec>>;
  let post: Transporter;

  beforeAll(async () => {
    data = await mkdtemp(join(tmpdir(), 'sandbox-spec-'));
    await start();
  });
  afterEach(() => spec.client.reset());
  afterAll(async () => {
    post.close();
    await spec.sandbox.close();
    await rm(data, { recursive: true });
  });

  async function start() {
    spec = await startForSpec({ data });
    post = createTransport(await spec.client.mailbox.smtpUrl());
  }
  const send = (to: string, text = 'Добрый день! https://shop.example/me#link=1&x="') =>
    post.sendMail({ from: 'shop@shop.example', to, subject: 'Вход на сайт', text });

  it('keeps what is sent to anybody, and gives it back as it was written', async () => {
    await send('anna@mail.example');
    await send('emma@mail.example');
    const mails = await spec.client.mailbox.mails('Anna@mail.example');
    expect(mails).toMatchObject([{ from: 'shop@shop.example', to: ['anna@mail.example'], subject: 'Вход на сайт' }]);
    expect(mails[0]!.text.trim()).toBe('Добрый день! https://shop.example/me#link=1&x="');
  });

  it('shows mails on a page, where only addresses of pages are more than text', async () => {
    await send('anna@mail.example', '<script>alert(1)</script> https://shop.example/me');
    const shown = await (await fetch(`${spec.sandbox.url}/mailbox`)).text();
    expect(shown).toContain('<a href="https://shop.example/me">');
    expect(shown).toContain('&lt;script&gt;alert(1)');
  });

  it('refuses, and puts off, when it is told to', async () => {
    await spec.fault('mailbox.smtp', 'refuse');
    await expect(send('anna@mail.example')).rejects.toMatchObject({ responseCode: 550 });
    await spec.fault('mailbox.smtp', 'greylist');
    await expect(send('anna@mail.example')).rejects.toMatchObject({ responseCode: 451 });
    await spec.fault('mailbox.smtp', 'reset');
    await expect(send('anna@mail.example')).rejects.toThrow();
    expect(await spec.client.mailbox.mails()).toHaveLength(1);
  });

  it('keeps what it has for the next start', async () => {
    await send('anna@mail.example');
    const before = await spec.client.mailbox.mails();
    post.close();
    await spec.sandbox.close();
    await start();
    expect(await spec.client.mailbox.mails()).toEqual(before);
  });
});
