import { Inject, Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { CONFIG, ResiliencePolicy } from '@switchboard/service-kit';
import { createTransport, type Transporter } from 'nodemailer';
import { Registry } from 'prom-client';
import type { MailConfig } from './mail.config';

export interface Mail {
  readonly to: string;
  readonly subject: string;
  readonly text: string;
  readonly html: string;
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
    const isOutage = (error: unknown) => !isRefused(error);
    this.policy = new ResiliencePolicy({ name: 'smtp', registry, timeoutMs: TIMEOUT_MS, isOutage });
  }

  get isConfigured(): boolean {
    return this.transport !== undefined;
  }

  /** Resolves when the server has taken it. It may have taken one of which it could not say so any more. */
  async send(mail: Mail): Promise<void> {
    const { transport } = this;
    if (!transport) throw new Error('No server is configured that sends e-mail: GATEWAY_SMTP_URL');
    await this.policy.call('send', () => transport.sendMail({ from: this.config.GATEWAY_MAIL_FROM, ...mail }));
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

/** Others could read the password, and the links in mails. A name without a dot is of a network of containers. */
function mustBeEncrypted(url: string): boolean {
  const { hostname, searchParams } = new URL(url);
  if (searchParams.get('ignoreTLS') === 'true') return false;
  return hostname !== '[::1]' && !/^127\./.test(hostname) && /[.:]/.test(hostname);
}
