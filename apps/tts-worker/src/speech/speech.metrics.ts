import { Injectable } from '@nestjs/common';
import { Counter, Registry } from 'prom-client';

/** Counted while a transaction runs, so one that is rolled back and repeated counts twice; `audio_assets.uses` is exact. */
@Injectable()
export class SpeechMetrics {
  readonly made: Counter<'engine'>;
  readonly answers: Counter<'outcome'>;
  readonly fallbacks: Counter;

  constructor(registry: Registry) {
    const registers = [registry];
    this.made = new Counter({
      name: 'speech_synthesized_seconds_total',
      help: 'Length of the speech that was made, by engine.',
      labelNames: ['engine'],
      registers,
    });
    this.answers = new Counter({
      name: 'speech_requests_total',
      help: 'Answered requests: made, reused, or the reason of a failure.',
      labelNames: ['outcome'],
      registers,
    });
    this.fallbacks = new Counter({
      name: 'speech_fallbacks_total',
      help: 'Times that the offline engine had to speak for the preferred one.',
      registers,
    });
  }
}
