import { Inject, Injectable } from '@nestjs/common';
import {
  Clock,
  CONFIG,
  defineJob,
  Jobs,
  type PayloadOf,
  Runs,
  Scheduled,
  Slot,
  unlessErased,
} from '@switchboard/service-kit';
import { DataSource, type EntityManager } from 'typeorm';
import { z } from 'zod';
import type { ChatAiConfig } from '../chat-ai.config';
import type { UnansweredReason } from './unanswered-question.entity';
import { UnansweredService } from './unanswered.service';

const CollectUnanswered = defineJob(
  'collect-unanswered',
  z.object({ turnId: z.uuid(), reason: z.enum(['nothing_found', 'apology', 'rated_down']) }),
);
const ForgetUnanswered = defineJob('forget-unanswered', Slot);

const DAY_MS = 86_400_000;
/** A question that was dismissed stays away for so long after it was asked last. */
const DISMISSED_DAYS = 365;

/** When questions without an answer are collected and forgotten. */
@Injectable()
export class UnansweredJobs {
  constructor(
    private readonly db: DataSource,
    private readonly jobs: Jobs,
    private readonly unanswered: UnansweredService,
    private readonly clock: Clock,
    @Inject(CONFIG) private readonly config: ChatAiConfig,
  ) {}

  /** Collects the question of a turn after `tx`; not within it, because a person waits for the end of that. */
  async request(tx: EntityManager, turnId: string, reason: UnansweredReason): Promise<void> {
    await this.jobs.add(tx, CollectUnanswered, { turnId, reason }, { key: `unanswered:${turnId}`, maxAttempts: 5 });
  }

  /** A person said what an answer was worth to them. */
  async rated(tx: EntityManager, turnId: string, rating: number): Promise<void> {
    await (rating < 0 ? this.request(tx, turnId, 'rated_down') : this.unanswered.forgive(tx, turnId));
  }

  @Runs(CollectUnanswered)
  async collect({ turnId, reason }: PayloadOf<typeof CollectUnanswered>): Promise<void> {
    await unlessErased(this.db.transaction((tx) => this.unanswered.collect(tx, turnId, reason)));
  }

  @Scheduled('47 2 * * *', ForgetUnanswered, {
    purpose:
      'Deletes questions without an answer after CHAT_AI_KEEP_DAYS, and dismissed ones that were not asked for a year.',
    timeoutMs: 10 * 60_000,
  })
  async forget(): Promise<void> {
    const now = this.clock.now().getTime();
    const daysAgo = (days: number) => new Date(now - days * DAY_MS);
    await this.db.query('DELETE FROM unanswered_questions WHERE asked_at < $1', [
      daysAgo(this.config.CHAT_AI_KEEP_DAYS),
    ]);
    await this.db.query(
      `DELETE FROM unanswered_groups g WHERE (state <> 'dismissed' OR last_asked_at < $1)
         AND NOT EXISTS (SELECT FROM unanswered_questions q WHERE q.group_id = g.id)`,
      [daysAgo(DISMISSED_DAYS)],
    );
  }
}
