import type { AddressInfo } from 'node:net';
import { Router } from 'express';
import PostalMime from 'postal-mime';
import { SMTPServer } from 'smtp-server';
import { buffer } from 'node:stream/consumers';
import { z } from 'zod';
import { CallLog } from '../kit/call-log';
import type { FaultKinds } from '../kit/faults';
import { escapeHtml, page } from '../kit/html';
import { type Context, defineParty, type ThirdPartySandbox } from '../kit/third-party';

const ADDRESS = '/mailbox';
const KEPT = 500;
const LARGEST = 10 * 1024 * 1024;

export interface MailboxOptions {
  /** 0 takes a free one. */
  smtpPort?: number;
}

const Mail = z.object({
  id: z.int(),
  receivedAt: z.iso.datetime(),
  from: z.string(),
  to: z.array(z.string()),
  subject: z.string(),
  text: z.string(),
  html: z.string(),
});
export type Mail = z.infer<typeof Mail>;

/** What servers say, in their words. */
const REFUSALS = {
  login: { 'bad-password': [535, '5.7.8 Username and password not accepted'] },
  sender: { 'not-yours': [553, '5.7.1 Sender address rejected: not owned by user'] },
  recipient: {
    refuse: [550, '5.1.1 User unknown'],
    'no-such-domain': [550, '5.1.2 Host or domain name not found'],
    'bad-sender': [550, "5.1.8 Sender's system address does not exist"],
    relay: [554, '5.7.1 Relay access denied'],
    'relay-without-code': [554, 'Relay access denied'],
  },
  smtp: {
    refuse: [550, 'No such mailbox here'],
    'mailbox-full': [552, '5.2.2 Mailbox is full'],
    quota: [550, '5.4.5 Daily user sending limit exceeded'],
    greylist: [451, 'Try again later'],
  },
} as const satisfies Record<string, Record<string, readonly [status: number, words: string]>>;

const kindsOf = (refusals: object): FaultKinds => Object.fromEntries(Object.keys(refusals).map((kind) => [kind, null]));
/** `smtp` is of the mail itself. `reset`: the connection breaks after it was taken. */
const MAILBOX_FAULTS = {
  login: kindsOf(REFUSALS.login),
  sender: kindsOf(REFUSALS.sender),
  recipient: kindsOf(REFUSALS.recipient),
  smtp: { ...kindsOf(REFUSALS.smtp), reset: null, delay: null },
} as const satisfies Record<string, FaultKinds>;

/** Everybody's mail: an SMTP server that takes what is sent to any address, and a page that shows it. */
export const mailbox = defineParty({
  name: 'mailbox',
  create({ faults, touch }: Context, { smtpPort = 0 }: MailboxOptions): ThirdPartySandbox {
    const calls = new CallLog<{ to: string[] }>(1000);
    let mails: Mail[] = [];
    let lastId = 0;

    const refusalOf = (step: keyof typeof REFUSALS, fault = faults.next(`mailbox.${step}`)): Error | null => {
      const refusals: Readonly<Record<string, readonly [number, string]>> = REFUSALS[step];
      const [responseCode, words] = (fault && refusals[fault.kind]) ?? [];
      return responseCode === undefined ? null : Object.assign(new Error(words), { responseCode });
    };

    const server = new SMTPServer({
      banner: 'sandbox',
      authOptional: true,
      // Any name and password: no account of anybody is checked here.
      onAuth: (auth, _session, done) => done(refusalOf('login'), { user: auth.username ?? 'somebody' }),
      onMailFrom: (_address, _session, done) => done(refusalOf('sender')),
      onRcptTo: (_address, _session, done) => done(refusalOf('recipient')),
      disabledCommands: ['STARTTLS'],
      allowInsecureAuth: true,
      size: LARGEST,
      onData(stream, session, done) {
        const to = session.envelope.rcptTo.map(({ address }) => address);
        const call = calls.begin({ to });
        const fault = faults.next('mailbox.smtp');
        const answer = (error: (Error & { responseCode?: number }) | null) => {
          calls.end(call, error ? (error.responseCode ?? 554) : 250);
          done(error);
        };
        const take = async () => {
          const bytes = await buffer(stream);
          const refusal = refusalOf('smtp', fault);
          if (refusal) return answer(refusal);
          if (fault?.kind === 'delay') await new Promise((resolve) => setTimeout(resolve, fault.rule.ms ?? 1000));
          const mail = await PostalMime.parse(bytes);
          mails = [
            ...mails,
            {
              id: ++lastId,
              receivedAt: new Date().toISOString(),
              from: mail.from?.address ?? '',
              to,
              subject: mail.subject ?? '',
              text: mail.text ?? '',
              html: mail.html ?? '',
            },
          ].slice(-KEPT);
          touch();
          if (fault?.kind === 'reset') return server.connections.forEach((connection) => connection._socket.destroy());
          answer(null);
        };
        take().catch((error: Error) => answer(Object.assign(error, { responseCode: 554 })));
      },
    });
    // A client that hangs up in the middle is no mistake of ours.
    server.on('error', () => undefined);
    const inbox = (to: string | undefined) =>
      mails.filter((mail) => to === undefined || mail.to.some((address) => address.toLowerCase() === to.toLowerCase()));

    return {
      address: ADDRESS,
      mount(app) {
        app.get(ADDRESS, (req, res) => {
          const { to } = z.object({ to: z.string().optional() }).parse(req.query);
          res.send(mailPage(inbox(to)));
        });
      },
      control(router: Router) {
        router
          .route('/mails')
          .get((req, res) => {
            const { to } = z.looseObject({ to: z.string().optional() }).parse(req.query);
            res.json(inbox(to));
          })
          .delete((_req, res) => {
            mails = [];
            res.sendStatus(204);
          });
        router.get('/smtp', (_req, res) => {
          const { address, port } = server.server.address() as AddressInfo;
          res.json({ url: `smtp://${address}:${port}` });
        });
      },
      calls,
      faults: MAILBOX_FAULTS,
      reset() {
        mails = [];
      },
      save: () => ({ mails, lastId }),
      restore(saved) {
        if (saved) ({ mails, lastId } = z.object({ mails: z.array(Mail), lastId: z.int() }).parse(saved));
      },
      listen: (host) =>
        new Promise((resolve, reject) => {
          server.once('error', reject);
          server.listen(smtpPort, host, () => resolve());
        }),
      close: () => new Promise((resolve) => server.close(() => resolve())),
    };
  },
});

function mailPage(mails: readonly Mail[]): string {
  const articles = mails.toReversed().map(
    ({ receivedAt, from, to, subject, text }) => `<article>
        <p class="mark">${escapeHtml(receivedAt)} · from ${escapeHtml(from)} · to ${escapeHtml(to.join(', '))}</p>
        <h1>${escapeHtml(subject)}</h1>
        <pre>${withLinks(text)}</pre>
      </article>`,
  );
  const empty = '<article><p>Nothing yet. Mails to any address arrive here.</p></article>';
  return page(
    'Sandbox: mail',
    `<p class="mark">Sandbox</p><h1>Mail</h1>${articles.join('') || empty}
     <script>setInterval(() => document.hidden || getSelection()?.toString() || location.reload(), 3000);</script>`,
  );
}

/** Addresses of web pages can be clicked; nothing else in a mail is. */
const withLinks = (text: string) =>
  text
    .split(/(https?:\/\/[^\s<>"]+)/)
    .map((part, i) => (i % 2 ? `<a href="${escapeHtml(part)}">${escapeHtml(part)}</a>` : escapeHtml(part)))
    .join('');
