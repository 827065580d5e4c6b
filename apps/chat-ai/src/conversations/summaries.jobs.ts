import { Injectable } from '@nestjs/common';
import { defineJob, type JobRun, Jobs, type PayloadOf, Runs } from '@switchboard/service-kit';
import type { EntityManager } from 'typeorm';
import { z } from 'zod';
import { SummariesService } from './summaries.service';

/** Condenses what was said in a conversation, all but its end. */
const SummariseConversation = defineJob('summarise-conversation', z.object({ conversationId: z.uuid() }));

@Injectable()
export class SummariesJobs {
  constructor(
    private readonly jobs: Jobs,
    private readonly summaries: SummariesService,
  ) {}

  /** Asks for a summary when `tx` commits; one waits per conversation. */
  request(tx: EntityManager, conversationId: string): Promise<void> {
    return this.jobs.add(
      tx,
      SummariseConversation,
      { conversationId },
      { key: `summary:${conversationId}`, maxAttempts: 3 },
    );
  }

  @Runs(SummariseConversation)
  run({ conversationId }: PayloadOf<typeof SummariseConversation>, { signal }: JobRun): Promise<void> {
    return this.summaries.summarise(conversationId, signal);
  }
}
