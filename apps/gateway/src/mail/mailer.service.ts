import { Inject, Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { CONFIG, ResiliencePolicy, UpstreamTimeout } from '@switchboard/service-kit';
import { createHash } from 'node:crypto';
import type { Readable } from 'node:stream';
import { createTransport, type Transporter } from 'nodemailer';
import { Registry } from 'prom-client';
import type { MailConfig } from './mail.config';

export interface Mail {
  readonly to: string;
  readonly subject: string;
  readonly text: string;
  readonly html: string;
  /** What it is for: servers, and programs that show mails, know by it what they have already. */
  readonly mailId?: string;
}

/** Told of the stream from which the server gets a mail. */
interface Sending {
  isRead(body: Readable): Readable;
}

const TIMEOUT_MS = 30_000;
/** Of each step of the conversation with the server. */
const STEP_TIMEOUT_MS = 10_000;
/** Of a recipient. 554 is rather the answer of a server that does not relay for us. */
const REFUSED_FOR_GOOD = [550, 551, 552, 553];
/** RFC 3463: of the address (but for that of the sender) and of its mailbox. Others are of our account, limits and rights. */
const OF_RECIPIENT = /^5\.(?:1\.(?![78]$)|2\.)/;

/** Sends e-mail, where a server for it is configured. */
@Injectable()
export class MailerService implements OnApplicationShutdown {
  private readonly transport: Transporter | undefined;
  private readonly policy: ResiliencePolicy;

  constructor(
    @Inject(CONFIG) private readonly config: MailConfig,
    registry: Registry,
  ) {
    const { GATEWAY_SMTP_URL: url } = config;
    const steps = {
      connectionTimeout: STEP_TIMEOUT_MS,
      greetingTimeout: STEP_TIMEOUT_MS,
      socketTimeout: STEP_TIMEOUT_MS,
    };
    this.transport =
      url === undefined
        ? undefined
        : createTransport({ url, requireTLS: mustBeEncrypted(url), pool: true, maxConnections: 2, ...steps });
    this.transport?.use('stream', ({ data, message }, done) => {
      const read = message.createReadStream.bind(message);
      message.createReadStream = (options) => (data as Sending).isRead(read(options));
      done();
    });
    const isOutage = (error: unknown) => !isRefused(error);
    this.policy = new ResiliencePolicy({ name: 'smtp', registry, timeoutMs: TIMEOUT_MS, isOutage });
  }

  get isConfigured(): boolean {
    return this.transport !== undefined;
  }

  /** Resolves when the server has taken it. It may have taken one of which it could not say so any more. */
  async send({ mailId, ...mail }: Mail): Promise<void> {
    const { transport } = this;
    const { GATEWAY_MAIL_FROM: from } = this.config;
    if (!transport) throw new Error('No server is configured that sends e-mail: GATEWAY_SMTP_URL');
    const messageId = mailId !== undefined && `<${digestOf(mailId)}@${/@([^\s>]+)/.exec(from)?.[1] ?? 'localhost'}>`;
    let body: Readable | undefined;
    const sending: Sending = { isRead: (stream) => (body = stream) };
    try {
      const whole = { from, ...mail, ...(messageId && { messageId }), ...sending };
      await this.policy.call('send', () => transport.sendMail(whole));
    } catch (error) {
      // It is read once the server has asked for it: one that hangs before that has nothing.
      throw body?.readableDidRead && isSilence(error) ? new OutcomeUnknown(error) : error;
    }
  }

  onApplicationShutdown(): void {
    this.transport?.close();
  }
}

/** Whether an error of `send` is due to the address, and will be the same next time. */
export function isRefused(error: unknown): boolean {
  const { command, response } = error as { command?: unknown; response?: unknown };
  if (typeof response !== 'string' || (command !== 'RCPT TO' && command !== 'DATA')) return false;
  const [, status, enhanced] = /^(\d{3})[ -](\d\.\d{1,3}\.\d{1,3}\b)?/.exec(response) ?? [];
  return enhanced === undefined ? REFUSED_FOR_GOOD.includes(Number(status)) : OF_RECIPIENT.test(enhanced);
}

/** It ended while the server had not said yet what it does with the mail: it may have it. */
class OutcomeUnknown extends Error {
  override readonly name = 'OutcomeUnknown';
  constructor(cause: unknown) {
    super('the server has not said whether it takes the mail', { cause });
  }
}

export const isUnknown = (error: unknown): boolean => error instanceof OutcomeUnknown;

const isSilence = (error: unknown): boolean =>
  error instanceof UpstreamTimeout || (error as { timeoutType?: unknown }).timeoutType === 'SOCKET_TIMEOUT';

/** Nobody reads from a mail who or what it is about. */
const digestOf = (mailId: string) => createHash('sha256').update(mailId).digest('hex').slice(0, 40);

/** Others could read the password, and the links in mails. A name without a dot is of a network of containers. */
function mustBeEncrypted(url: string): boolean {
  const { hostname, searchParams } = new URL(url);
  if (searchParams.get('ignoreTLS') === 'true') return false;
  return hostname !== '[::1]' && !/^127\./.test(hostname) && /[.:]/.test(hostname);
}
