import { Injectable } from '@nestjs/common';
import { defineJob, type JobRun, type PayloadOf, Runs } from '@switchboard/service-kit';
import { z } from 'zod';
import { PassageVectors } from './passage-vectors';

/** Makes the embeddings that a knowledge base lacks. */
export const EmbedKnowledge = defineJob('embed-knowledge', z.object({ botId: z.string() }));

@Injectable()
export class KnowledgeJobs {
  constructor(private readonly vectors: PassageVectors) {}

  @Runs(EmbedKnowledge)
  embed({ botId }: PayloadOf<typeof EmbedKnowledge>, { signal }: JobRun): Promise<void> {
    return this.vectors.complete(botId, signal);
  }
}
