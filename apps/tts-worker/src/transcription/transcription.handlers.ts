import { Consumer, Handles } from '@switchboard/bus';
import { MessageReceived, type SealedEventOf } from '@switchboard/contracts';
import type { EntityManager } from 'typeorm';
import { TranscriptionService } from './transcription.service';

@Consumer('transcription')
export class TranscriptionHandlers {
  constructor(private readonly transcriptions: TranscriptionService) {}

  @Handles(MessageReceived)
  received(event: SealedEventOf<typeof MessageReceived>, tx: EntityManager) {
    return this.transcriptions.receive(tx, event.data);
  }
}
