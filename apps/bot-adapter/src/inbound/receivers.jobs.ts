import { Inject, Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import {
  BotsRegistry,
  defineJob,
  type JobRun,
  Jobs,
  LOG,
  type Log,
  type PayloadOf,
  Runs,
  Scheduled,
  Slot,
} from '@switchboard/service-kit';
import { DataSource } from 'typeorm';
import { z } from 'zod';
import { MenuSection } from '../bots/bot-sections';
import { BotNotHere } from '../channels/channel-errors';
import { ChannelsService } from '../channels/channels.service';
import { ConnectedAccounts } from '../channels/connected-accounts';
import { languagesOf } from '../contacts/contacts.service';
import { ProductRouter } from '../dialogs/product-router.service';
import { nearestLanguage } from '../texts/catalogue';
import { InboundUpdatesService } from './inbound-updates.service';
import { ReceiversService } from './receivers.service';

const SetUpBot = defineJob('set-up-bot', z.object({ botId: z.string() }));
const CheckReceivers = defineJob('check-receivers', Slot);

/** Tells channels what bots can do and where their updates go: jobs, because a channel may be away when we start. */
@Injectable()
export class ReceiversJobs implements OnApplicationBootstrap {
  constructor(
    private readonly db: DataSource,
    private readonly jobs: Jobs,
    private readonly bots: BotsRegistry,
    private readonly channels: ChannelsService,
    private readonly receivers: ReceiversService,
    private readonly router: ProductRouter,
    private readonly updates: InboundUpdatesService,
    @Inject(LOG) private readonly log: Log,
    accounts: ConnectedAccounts,
  ) {
    accounts.onChange((id) => {
      this.setUpLater([id]).catch((error: unknown) =>
        this.log.warn({ err: error, bot: id }, 'a bot was not introduced to the account that it has got'),
      );
    });
    bots.onChange(async ({ id, after }) => {
      if (after || bots.archived(id)) await this.setUpLater([id]);
      // In every process that may have held something; who polls does it before it polls again.
      if (this.receivers.webhookOf(id)) void this.release(id);
    });
  }

  async onApplicationBootstrap(): Promise<void> {
    const ids = this.bots.all().map(({ id }) => id);
    await this.setUpLater(ids);
    for (const id of ids) if (this.receivers.webhookOf(id)) void this.release(id);
  }

  @Runs(SetUpBot)
  async setUp({ botId }: PayloadOf<typeof SetUpBot>, { isLastAttempt }: Pick<JobRun, 'isLastAttempt'>): Promise<void> {
    const bot = this.bots.find(botId);
    if (this.bots.archived(botId)) return this.receivers.leave(botId);
    // After hours it is not new, but was removed.
    if (!bot && isLastAttempt) return;
    const channel = this.channels.get(botId);
    if (!bot) throw new BotNotHere(botId);
    // Polling directs updates to itself when it begins.
    if (this.receivers.webhookOf(botId)) {
      await this.receivers.direct(botId);
      // Meanwhile.
      if (this.bots.archived(botId)) return this.receivers.leave(botId);
    }
    const menus = languagesOf(bot).map((language) => ({ language, commands: this.router.menuOf(bot, language) }));
    await channel.introduce?.({ menus, openers: this.openersOf(botId, languagesOf(bot)) });
  }

  @Scheduled('*/5 * * * *', CheckReceivers, {
    purpose: 'Asks each channel whether it can bring updates, and sets a webhook again that was lost.',
    timeoutMs: 120_000,
    missed: 'skip',
  })
  async check(): Promise<void> {
    await Promise.all(
      this.bots.all().map(async ({ id: bot }) => {
        // One channel that is away keeps no other from being looked at; the metrics tell how long it has been.
        await this.receivers
          .check(bot)
          .catch((error: unknown) => this.log.warn({ err: error, bot }, 'receiving was not checked'));
        // What a process had held that was killed since.
        await this.release(bot);
      }),
    );
  }

  /** In the first language of the bot: who has said nothing yet has none. */
  private openersOf(botId: string, [language]: readonly string[]) {
    const { openers } = this.bots.section(botId, 'menu', MenuSection) ?? MenuSection.parse(undefined);
    const questions = openers[nearestLanguage(Object.keys(openers), language)] ?? [];
    return questions.map((question) => ({ question, data: 'opener' }));
  }

  private async release(bot: string): Promise<void> {
    await this.updates
      .release(bot)
      .catch((error: unknown) =>
        this.log.warn({ err: error, bot }, 'what was written to a paused bot was not processed yet'),
      );
  }

  private async setUpLater(botIds: string[]): Promise<void> {
    await this.db.transaction(async (tx) => {
      for (const botId of botIds) await this.jobs.add(tx, SetUpBot, { botId }, { key: `set-up:${botId}` });
    });
  }
}
