import { Inject, Injectable } from '@nestjs/common';
import { Outbox } from '@switchboard/bus';
import { SpeechCompleted, SpeechFailed, type EventOf, type SpeechSpeakRequested } from '@switchboard/contracts';
import { Clock, CONFIG, PersonalData, type PersonalRow } from '@switchboard/service-kit';
import { DataSource, type EntityManager } from 'typeorm';
import type { Payer } from '../accounting/budgets.service';
import type { SynthesisRequest } from '../engines/speech-engine';
import { languageOf } from '../engines/text-language';
import type { TtsWorkerConfig } from '../tts-worker.config';
import type { AudioAsset } from './audio-asset.entity';
import { AudioLibrary } from './audio-library';
import { SpeechEngines } from './speech-engines';
import { type SpeechFailure, SpeechRequest } from './speech-request.entity';
import { SpeechMetrics } from './speech.metrics';
import { hasWords, normalizeText } from './synthesis-request';

type Asked = EventOf<typeof SpeechSpeakRequested>['data'];

/** A request that waits for its audio, and who is charged when it is made. */
export interface WaitingRequest {
  readonly speechId: string;
  readonly payer: Payer;
  readonly request: SynthesisRequest;
}

/** Requests for one audio of which the first that can be read tells what it shall be. */
const LOOKED_AT = 20;

/** Requests for speech, each of which gets one answer. */
@Injectable()
export class SpeechService {
  constructor(
    private readonly db: DataSource,
    private readonly outbox: Outbox,
    private readonly clock: Clock,
    private readonly personal: PersonalData,
    private readonly engines: SpeechEngines,
    private readonly library: AudioLibrary,
    private readonly metrics: SpeechMetrics,
    @Inject(CONFIG) private readonly config: TtsWorkerConfig,
  ) {}

  /**
   * Answers at once what was spoken before or cannot be spoken; returns the id of an audio that is still to be made. Throws
   * PersonErased.
   */
  async request(tx: EntityManager, asked: Asked): Promise<string | undefined> {
    const wanted = this.synthesisRequestOf(asked);
    const audioId = this.library.idOf(this.engines.primary, wanted);
    const { text } = await this.personal.encrypt(tx, rowOf(asked), { text: wanted.text });
    const request = tx.create(SpeechRequest, {
      speechId: asked.speechId,
      requestedBy: asked.requestedBy,
      chatId: asked.chatId,
      botId: asked.botId,
      userId: asked.userId,
      audioId,
      text,
      locale: wanted.locale,
      voice: wanted.voice ?? null,
      state: 'waiting',
      requestedAt: this.clock.now(),
    });
    const inserted = await tx
      .createQueryBuilder()
      .insert()
      .into(SpeechRequest)
      .values(request)
      .orIgnore()
      .returning('speech_id')
      .execute();
    if ((inserted.raw as unknown[]).length === 0) return undefined; // asked twice under one id

    const refusal = this.refusalOf(wanted.text);
    if (refusal) {
      await this.fail(tx, [request], refusal);
      return undefined;
    }
    const known = await this.library.use(tx, audioId, 1);
    if (!known) return audioId;
    await this.complete(tx, [request], known, false);
    return undefined;
  }

  /** The first of the requests that wait for this audio and can be read; undefined when none does. */
  async firstWaiting(audioId: string): Promise<WaitingRequest | undefined> {
    const { manager } = this.db;
    const waiting = await manager.find(SpeechRequest, {
      where: { audioId, state: 'waiting' },
      order: { requestedAt: 'ASC', speechId: 'ASC' },
      take: LOOKED_AT,
    });
    const words = await this.personal.decryptAll(
      manager,
      waiting.map((request) => ({ row: rowOf(request), values: { text: request.text } })),
    );
    // The words of somebody who was erased are gone; others may wait for the same ones.
    const first = words.findIndex(({ text }) => text);
    if (first < 0) return undefined;
    const { speechId, botId, userId, locale, voice } = waiting[first]!;
    return {
      speechId,
      payer: { botId, userId },
      request: { text: words[first]!.text!, locale, ...this.speed(), ...(voice !== null && { voice }) },
    };
  }

  allWaiting(tx: EntityManager): Promise<Pick<SpeechRequest, 'speechId' | 'audioId'>[]> {
    return tx.find(SpeechRequest, {
      where: { state: 'waiting' },
      select: { speechId: true, audioId: true },
    });
  }

  /** Answers everyone who waits for `audioId` with the audio that was made or found for it; false when nobody does any more. */
  completeWaiting(audioId: string, audio: { id: string; made: boolean }): Promise<boolean> {
    return this.db.transaction(async (tx) => {
      const waiting = await this.waitingFor(tx, { audioId });
      if (waiting.length === 0) return false;
      const asset = await this.library.use(tx, audio.id, waiting.length);
      if (!asset) throw new Error(`the audio ${audio.id} was removed meanwhile`); // the next try makes it again
      await this.complete(tx, waiting, asset, audio.made);
      return true;
    });
  }

  failWaiting(audioId: string, reason: SpeechFailure): Promise<void> {
    return this.db.transaction(async (tx) => this.fail(tx, await this.waitingFor(tx, { audioId }), reason));
  }

  failOne(speechId: string, reason: SpeechFailure): Promise<void> {
    return this.db.transaction(async (tx) => this.fail(tx, await this.waitingFor(tx, { speechId }), reason));
  }

  /** Forgets who asked, some time after they were answered. */
  async forgetAnsweredBefore(time: Date): Promise<void> {
    await this.db.manager.query(`DELETE FROM speech_requests WHERE state <> 'waiting' AND answered_at < $1`, [time]);
  }

  private synthesisRequestOf({ text: written, locale, voice = this.config.TTS_WORKER_VOICE }: Asked): SynthesisRequest {
    const text = normalizeText(written);
    return {
      text,
      // The text itself tells, where it has letters: so the same text is the same audio whoever asks.
      locale: languageOf(text, locale ?? 'en'),
      ...this.speed(),
      ...(voice !== undefined && { voice }),
    };
  }

  /** Left out when it is the usual one: not every server knows the parameter. */
  private speed(): Pick<SynthesisRequest, 'speed'> {
    const speed = this.config.TTS_WORKER_SPEED;
    return speed === 1 ? {} : { speed };
  }

  private refusalOf(text: string): SpeechFailure | undefined {
    if (!hasWords(text)) return 'nothing_to_say';
    return text.length > this.config.TTS_WORKER_MAX_CHARS ? 'too_long' : undefined;
  }

  private waitingFor(tx: EntityManager, which: { audioId: string } | { speechId: string }): Promise<SpeechRequest[]> {
    return tx.find(SpeechRequest, {
      where: { ...which, state: 'waiting' },
      order: { requestedAt: 'ASC', speechId: 'ASC' },
      lock: { mode: 'pessimistic_write' },
    });
  }

  private async complete(
    tx: EntityManager,
    requests: SpeechRequest[],
    asset: AudioAsset,
    made: boolean,
  ): Promise<void> {
    const { id: audioId, mimeType, bytes, durationMs, engine } = asset;
    const drafts = requests.map((request, index) => {
      request.complete(audioId, this.clock.now());
      const { speechId, requestedBy, chatId } = request;
      // It was made for the one who asked first.
      const reused = !(made && index === 0);
      this.metrics.answers.inc({ outcome: reused ? 'reused' : 'made' });
      return SpeechCompleted({ speechId, requestedBy, chatId, audioId, mimeType, bytes, durationMs, engine, reused });
    });
    await tx.save(requests);
    await this.outbox.add(tx, ...drafts);
  }

  private async fail(tx: EntityManager, requests: SpeechRequest[], reason: SpeechFailure): Promise<void> {
    const drafts = requests.map((request) => {
      request.fail(reason, this.clock.now());
      const { speechId, requestedBy, chatId } = request;
      this.metrics.answers.inc({ outcome: reason });
      return SpeechFailed({ speechId, requestedBy, chatId, reason });
    });
    await tx.save(requests);
    await this.outbox.add(tx, ...drafts);
  }
}

const rowOf = ({ speechId, userId }: Pick<SpeechRequest, 'speechId' | 'userId'>): PersonalRow => ({
  table: 'speech_requests',
  id: speechId,
  userId,
});
