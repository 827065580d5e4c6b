import { Consumer, Handles } from '@switchboard/bus';
import { SpeechSpeakRequested, type EventOf } from '@switchboard/contracts';
import { unlessErased } from '@switchboard/service-kit';
import type { EntityManager } from 'typeorm';
import { SpeechJobs } from './speech.jobs';
import { SpeechService } from './speech.service';

@Consumer('speech')
export class SpeechHandlers {
  constructor(
    private readonly speech: SpeechService,
    private readonly jobs: SpeechJobs,
  ) {}

  @Handles(SpeechSpeakRequested, { decrypt: true })
  async speakRequested({ data }: EventOf<typeof SpeechSpeakRequested>, tx: EntityManager) {
    await this.jobs.enqueue(tx, await unlessErased(this.speech.request(tx, data)));
  }
}
