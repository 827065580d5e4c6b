import { Inject, Injectable } from '@nestjs/common';
import {
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
import { DataSource, type EntityManager } from 'typeorm';
import { z } from 'zod';
import { BudgetExhausted } from '../accounting/budgets.service';
import { PassageVectors } from './passage-vectors';

/** Makes the embeddings that a knowledge base lacks. */
const EmbedKnowledge = defineJob('embed-knowledge', z.object({ botId: z.string() }));
const CompleteKnowledge = defineJob('complete-knowledge', Slot);

@Injectable()
export class KnowledgeJobs {
  constructor(
    private readonly db: DataSource,
    private readonly vectors: PassageVectors,
    private readonly jobs: Jobs,
    @Inject(LOG) private readonly log: Log,
  ) {}

  /** However often it is asked for, one job waits per bot, and one is done: two side by side would pay twice. */
  async request(tx: EntityManager, botId: string): Promise<void> {
    if (!this.vectors.isConnected) return;
    const options = { key: `embed-knowledge:${botId}`, queue: `knowledge:${botId}` };
    await this.jobs.add(tx, EmbedKnowledge, { botId }, options);
  }

  @Runs(EmbedKnowledge)
  async embed({ botId }: PayloadOf<typeof EmbedKnowledge>, { signal }: JobRun): Promise<void> {
    try {
      await this.vectors.complete(botId, signal);
    } catch (error) {
      if (!(error instanceof BudgetExhausted)) throw error;
      // More tries today would find no more money.
      this.log.warn(
        { botId, renewsAt: error.renewsAt },
        'passages lack embeddings until CHAT_AI_KNOWLEDGE_PER_MONTH_USD is renewed; words alone find them. A model that is in no public list needs CHAT_AI_EMBEDDINGS_PRICE_USD',
      );
    }
  }

  @Scheduled('20 4 * * *', CompleteKnowledge, {
    purpose: 'Asks again for embeddings that could not be paid for or had.',
    timeoutMs: 60_000,
  })
  async complete(): Promise<void> {
    for (const botId of await this.vectors.incomplete()) await this.request(this.db.manager, botId);
  }
}
