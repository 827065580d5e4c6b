import { Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { BotsRegistry, LeaderElection } from '@switchboard/service-kit';

type LeadWork = (botId: string, signal: AbortSignal) => Promise<void>;

/** Of several processes one leads a bot: it alone polls for updates and shows previews. */
@Injectable()
export class BotLeaderElection implements OnApplicationBootstrap {
  private readonly works: LeadWork[] = [];

  constructor(
    private readonly bots: BotsRegistry,
    private readonly election: LeaderElection,
  ) {}

  has(botId: string): boolean {
    return this.election.leads(nameOf(botId));
  }

  /** `work` begins whenever this process comes to lead a bot, and ends when its signal is aborted. */
  onLead(work: LeadWork): void {
    this.works.push(work);
  }

  onApplicationBootstrap(): void {
    for (const { id } of this.bots.all()) this.stand(id);
    // Not in the constructor: work for a bot as it is now begins after everyone has heard of the change.
    this.bots.onChange(async ({ id, before, after }) => {
      if (before) await this.election.withdraw(nameOf(id));
      if (after) this.stand(id);
    });
  }

  private stand(botId: string): void {
    this.election.stand(nameOf(botId), async ({ signal }) => {
      await Promise.all(this.works.map((work) => work(botId, signal)));
    });
  }
}

const nameOf = (botId: string) => `bot ${botId}`;
