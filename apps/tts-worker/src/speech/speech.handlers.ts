import { Consumer, Handles } from '@switchboard/bus';
import { SpeechSpeakRequested, type EventOf } from '@switchboard/contracts';
import type { EntityManager } from 'typeorm';
import { SpeechService } from './speech.service';

@Consumer('speech')
export class SpeechHandlers {
  constructor(private readonly speech: SpeechService) {}

  @Handles(SpeechSpeakRequested, { decrypt: true })
  asked(event: EventOf<typeof SpeechSpeakRequested>, tx: EntityManager) {
    return this.speech.request(tx, event.data);
  }
}
