import { Inject, Injectable } from '@nestjs/common';
import type { KnownSpeechPurpose } from '@switchboard/contracts';
import { Clock, CONFIG } from '@switchboard/service-kit';
import { DataSource, LessThanOrEqual } from 'typeorm';
import type { Amount } from '../engines/call-meter';
import type { TtsWorkerConfig } from '../tts-worker.config';
import { SpeechPrice } from './speech-price.entity';

export interface Price extends Pick<SpeechPrice, 'unit' | 'microsPerMillion'> {
  /** False when no list has the model; budgets then count with a dear price rather than with none. */
  readonly isKnown: boolean;
}

const DOLLAR = 1_000_000;
const perMinute = (dollars: number) => Math.round((dollars / 60) * 1_000_000 * DOLLAR);

const FREE: Price = { unit: 'character', microsPerMillion: 0, isKnown: true };
/** The dearest of OpenAI's list prices. */
const UNKNOWN: Record<KnownSpeechPurpose, Price> = {
  speech: { unit: 'character', microsPerMillion: 30 * DOLLAR, isKnown: false },
  transcription: { unit: 'second', microsPerMillion: perMinute(0.006), isKnown: false },
};

/** What engines ask for their work. */
@Injectable()
export class PricesService {
  private readonly configured: Partial<Record<KnownSpeechPurpose, Price>>;

  constructor(
    @Inject(CONFIG) config: TtsWorkerConfig,
    private readonly db: DataSource,
    private readonly clock: Clock,
  ) {
    const { TTS_WORKER_SPEECH_PRICE_USD: speech, TTS_WORKER_TRANSCRIPTION_PRICE_USD: transcription } = config;
    this.configured = {
      ...(speech !== undefined && {
        speech: { unit: 'character', microsPerMillion: Math.round(speech * DOLLAR), isKnown: true },
      }),
      ...(transcription !== undefined && {
        transcription: { unit: 'second', microsPerMillion: perMinute(transcription), isKnown: true },
      }),
    };
  }

  /** The configured price, else the latest of the list that is valid today. An engine without a model is our own and free. */
  async priceOf(purpose: KnownSpeechPurpose, model: string | undefined): Promise<Price> {
    if (model === undefined) return FREE;
    const configured = this.configured[purpose];
    if (configured) return configured;
    const today = this.clock.now().toISOString().slice(0, 10);
    const listed = await this.db.manager.findOne(SpeechPrice, {
      where: { model, validFrom: LessThanOrEqual(today) },
      order: { validFrom: 'DESC' },
    });
    return listed ? { ...listed, isKnown: true } : UNKNOWN[purpose];
  }
}

/** Whole micros, rounded up: what was used is never free. */
export function costOf(used: Amount, { unit, microsPerMillion }: Price): number {
  const units = unit === 'character' ? used.characters : used.audioMs / 1000;
  return Math.ceil((units * microsPerMillion) / 1_000_000);
}
