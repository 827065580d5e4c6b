import { Consumer, Handles } from '@switchboard/bus';
import { MessageReceived, type SealedEventOf } from '@switchboard/contracts';
import type { EntityManager } from 'typeorm';
import { TranscriptionsJobs } from './transcriptions.jobs';
import { TranscriptionsService } from './transcriptions.service';

@Consumer('transcription')
export class TranscriptionsHandlers {
  constructor(
    private readonly transcriptions: TranscriptionsService,
    private readonly jobs: TranscriptionsJobs,
  ) {}

  @Handles(MessageReceived, { when: ({ kind }) => kind === 'voice' })
  async messageReceived({ data }: SealedEventOf<typeof MessageReceived>, tx: EntityManager) {
    await this.jobs.enqueue(tx, await this.transcriptions.receive(tx, data));
  }
}
