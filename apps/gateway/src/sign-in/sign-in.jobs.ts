import { Inject, Injectable } from '@nestjs/common';
import { Clock, defineJob, Jobs, LOG, type Log, type PayloadOf, Runs, Scheduled, Slot } from '@switchboard/service-kit';
import type { EntityManager } from 'typeorm';
import { z } from 'zod';
import { isRefused, MailerService } from '../mail/mailer.service';
import { SignInAttempts } from './sign-in-attempts';
import { SignInLinks } from './sign-in-links';
import { signInMail } from './sign-in-mail';

const SendLink = defineJob('send-sign-in-link', z.object({ linkId: z.uuid() }));
const ForgetOld = defineJob('forget-old-sign-ins', Slot);

/** By the growing pauses of the queue within the quarter of an hour for which a link counts. */
const MAX_ATTEMPTS = 5;
const KEPT_MS = 86_400_000;

@Injectable()
export class SignInJobs {
  constructor(
    private readonly jobs: Jobs,
    private readonly links: SignInLinks,
    private readonly attempts: SignInAttempts,
    private readonly mailer: MailerService,
    private readonly clock: Clock,
    @Inject(LOG) private readonly log: Log,
  ) {}

  /** The mail is sent after `tx` commits. */
  async send(tx: EntityManager, linkId: string): Promise<void> {
    await this.jobs.add(tx, SendLink, { linkId }, { maxAttempts: MAX_ATTEMPTS });
  }

  @Runs(SendLink)
  async sendLink({ linkId }: PayloadOf<typeof SendLink>): Promise<void> {
    const link = await this.links.waiting(linkId);
    if (!link) return;
    const { externalId: to } = this.links.addressOf(link);
    try {
      await this.mailer.send(signInMail({ to, url: this.links.urlOf(link), kind: link.kind, locale: link.locale }));
    } catch (error) {
      if (!isRefused(error)) throw error;
      // Whoever wrote the address has made a mistake, and will not be told: nobody is to find out who is known here.
      this.log.warn({ linkId, responseCode: (error as { responseCode?: number }).responseCode }, 'a mail was refused');
    }
  }

  @Scheduled('23 * * * *', ForgetOld, {
    purpose: 'Deletes links to sign in, and attempts that have come back, after a day.',
    timeoutMs: 60_000,
  })
  async forgetOld(): Promise<void> {
    const time = new Date(this.clock.now().getTime() - KEPT_MS);
    await this.links.forgetBefore(time);
    await this.attempts.forgetBefore(time);
  }
}
