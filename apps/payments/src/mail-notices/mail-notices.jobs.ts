import { Inject, Injectable } from '@nestjs/common';
import { BotId, SendMailToPerson } from '@switchboard/contracts';
import {
  BotsRegistry,
  Clock,
  defineJob,
  isProblem,
  type JobRun,
  Jobs,
  LOG,
  type Log,
  type PayloadOf,
  Runs,
  ServiceClient,
} from '@switchboard/service-kit';
import { DataSource, type EntityManager } from 'typeorm';
import { z } from 'zod';
import { Subscription } from '../subscriptions/subscription.entity';
import { MailFacts, mailNotice, type MailNoticeName, writeLetter } from './mail-notices';
import { MailSettings } from './mail-settings.entity';

const MailNotice = defineJob(
  'mail-notice',
  z.object({
    ...{ userId: z.uuid(), botId: BotId, notice: z.string(), facts: MailFacts, cause: z.string() },
    /** What became of it the first time is not known. */
    isRepeated: z.boolean().optional(),
  }),
);

/** Some thirty hours with the growing pauses of the queue. */
const ATTEMPTS = 25;
const TIMEOUT_MS = 40_000;
/** A server that has not answered may have taken it: it is asked once more, when it is well again. */
const REPEATED_AFTER_MS = 30 * 60_000;

/** Tells people who have linked an address what became of what they have. Whether they have one is known to the gateway. */
@Injectable()
export class MailNoticesJobs {
  constructor(
    private readonly db: DataSource,
    private readonly jobs: Jobs,
    private readonly services: ServiceClient,
    private readonly bots: BotsRegistry,
    private readonly clock: Clock,
    @Inject(LOG) private readonly log: Log,
  ) {}

  /** The mail is sent after `tx` commits. What waits for the same `cause` is not added beside it. */
  async tell(
    tx: EntityManager,
    { userId, botId }: { readonly userId: string; readonly botId: string },
    notice: MailNoticeName,
    facts: MailFacts,
    cause: string,
  ): Promise<void> {
    await this.add(tx, { userId, botId, notice, facts, cause });
  }

  private async add(tx: EntityManager, mail: PayloadOf<typeof MailNotice>, delayMs = 0): Promise<void> {
    // Thousands of subscriptions end in one night, and whoever pays meanwhile does not wait for them.
    const options = { key: `mail-notice:${idOf(mail)}`, maxAttempts: ATTEMPTS, yields: true, delayMs };
    await this.jobs.add(tx, MailNotice, mail, options);
  }

  @Runs(MailNotice)
  async send(mail: PayloadOf<typeof MailNotice>, { signal }: JobRun): Promise<void> {
    const { userId, botId, notice: name, facts, isRepeated } = mail;
    const [notice, sender] = [mailNotice(name), this.bots.find(botId)];
    if (!notice || !sender) return;
    const tx = this.db.manager;
    if (notice.isSo) {
      const subscription = await tx.findOneBy(Subscription, { id: facts.subscriptionId! });
      if (!subscription || !notice.isSo(subscription, new Date(facts.at!), this.clock.now())) return;
    }
    const settings = await tx.findOneBy(MailSettings, { userId });
    if (notice.group && settings?.switchedOff.includes(notice.group)) return;
    const [en, ru] = (['en', 'ru'] as const).map((locale) => writeLetter(notice, facts, sender, locale));
    try {
      const { outcome } = await this.services.call(
        SendMailToPerson,
        { params: { userId }, body: { mailId: idOf(mail), en: en!, ru: ru! } },
        { signal, timeoutMs: TIMEOUT_MS },
      );
      if (outcome === 'refused') this.log.warn({ userId, notice: name }, 'recipient address bounced');
      if (outcome === 'unknown' && isRepeated)
        this.log.warn({ userId, notice: name }, 'the mail server has not answered twice');
      if (outcome === 'unknown' && !isRepeated)
        await this.db.transaction((tx) => this.add(tx, { ...mail, isRepeated: true }, REPEATED_AFTER_MS));
    } catch (error) {
      // An installation without e-mail is one that tells people by its bots alone.
      if (!isProblem(error, SendMailToPerson, 'gateway.email_not_offered')) throw error;
    }
  }
}

const idOf = ({ notice, cause }: PayloadOf<typeof MailNotice>) => `${notice}:${cause}`;
