import { Consumer, Handles } from '@switchboard/bus';
import {
  type EventOf,
  MessageUndeliverable,
  SpeechCompleted,
  SpeechFailed,
  TranscriptionFailed,
} from '@switchboard/contracts';
import { EntityManager } from 'typeorm';
import { SpeechService } from './speech.service';

@Consumer('speech')
export class SpeechHandlers {
  constructor(private readonly speech: SpeechService) {}

  @Handles(SpeechCompleted)
  completed({ data }: EventOf<typeof SpeechCompleted>, tx: EntityManager): Promise<void> {
    return this.speech.completed(tx, data);
  }

  @Handles(SpeechFailed)
  failed({ data }: EventOf<typeof SpeechFailed>, tx: EntityManager): Promise<void> {
    return this.speech.failed(tx, data);
  }

  @Handles(MessageUndeliverable)
  undeliverable({ data }: EventOf<typeof MessageUndeliverable>, tx: EntityManager): Promise<void> {
    return this.speech.undeliverable(tx, data);
  }

  @Handles(TranscriptionFailed)
  transcriptionFailed({ data }: EventOf<typeof TranscriptionFailed>, tx: EntityManager): Promise<void> {
    return this.speech.transcriptionFailed(tx, data);
  }
}
