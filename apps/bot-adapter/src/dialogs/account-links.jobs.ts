import { Inject, Injectable } from '@nestjs/common';
import { CreateSignInLink } from '@switchboard/contracts';
import {
  BotsRegistry,
  defineJob,
  type JobRun,
  Jobs,
  LOG,
  type Log,
  type PayloadOf,
  Runs,
  ServiceClient,
} from '@switchboard/service-kit';
import { DataSource, type EntityManager } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import { z } from 'zod';
import { TextsSection } from '../bots/bot-sections';
import { Chat } from '../contacts/chat.entity';
import { DeliveriesService } from '../deliveries/deliveries.service';
import { shared } from '../texts/catalogue';

const SendLink = defineJob('send-account-link', z.object({ requestId: z.uuid(), chatId: z.uuid(), userId: z.uuid() }));

/** Where the person sees what is kept of them. */
const CABINET = '/me';
/** A person waits for it, and can ask again. */
const MAX_ATTEMPTS = 2;
const TIMEOUT_MS = 5000;

/** Links by which people get from a bot into their own area, signed in: made by the gateway, for one person, once. */
@Injectable()
export class AccountLinksJobs {
  constructor(
    private readonly db: DataSource,
    private readonly jobs: Jobs,
    private readonly services: ServiceClient,
    private readonly deliveries: DeliveriesService,
    private readonly bots: BotsRegistry,
    @Inject(LOG) private readonly log: Log,
  ) {}

  /** The link comes after `tx` commits. Only into a private chat: whoever reads it first is that person. */
  async request(tx: EntityManager, chatId: string, userId: string): Promise<void> {
    const payload = { requestId: uuidv7(), chatId, userId };
    await this.jobs.add(tx, SendLink, payload, { key: `account-link:${chatId}`, maxAttempts: MAX_ATTEMPTS });
  }

  @Runs(SendLink)
  async sendLink({ requestId, chatId, userId }: PayloadOf<typeof SendLink>, run: JobRun): Promise<void> {
    const url = await this.linkFor(userId, run);
    await this.db.transaction(async (tx) => {
      const chat = await tx.findOneBy(Chat, { id: chatId });
      if (!chat) return;
      const own = this.bots.section(chat.botId, 'texts', TextsSection);
      const text = url
        ? shared.say(chat.locale, 'account.link', { url }, own)
        : shared.say(chat.locale, 'account.unavailable', {}, own);
      await this.deliveries.queue(tx, { chatId, userId, causeId: requestId, content: { kind: 'notice', text } });
    });
  }

  /** Undefined when the gateway cannot be asked, also at the last try. */
  private async linkFor(userId: string, { isLastAttempt, signal }: JobRun): Promise<string | undefined> {
    try {
      const body = { userId, returnTo: CABINET };
      return (await this.services.call(CreateSignInLink, { body }, { timeoutMs: TIMEOUT_MS, signal })).url;
    } catch (error) {
      // Somebody who has just written for the first time is known there in a moment, so that is no answer for good either.
      if (!isLastAttempt) throw error;
      this.log.warn({ err: error, userId }, 'no link into the account of a person could be had from the gateway');
      return undefined;
    }
  }
}
