import { Consumer, Handles } from '@switchboard/bus';
import { type EventOf, SpeechCompleted, SpeechFailed, TranscriptionFailed } from '@switchboard/contracts';
import { EntityManager } from 'typeorm';
import { Speeches } from './speeches.service';

@Consumer('speech')
export class SpeechHandlers {
  constructor(private readonly speeches: Speeches) {}

  @Handles(SpeechCompleted)
  spoken({ data }: EventOf<typeof SpeechCompleted>, tx: EntityManager): Promise<void> {
    return this.speeches.spoken(tx, data);
  }

  @Handles(SpeechFailed)
  failed({ data }: EventOf<typeof SpeechFailed>, tx: EntityManager): Promise<void> {
    return this.speeches.failed(tx, data);
  }

  @Handles(TranscriptionFailed)
  notUnderstood({ data }: EventOf<typeof TranscriptionFailed>, tx: EntityManager): Promise<void> {
    return this.speeches.notUnderstood(tx, data);
  }
}
