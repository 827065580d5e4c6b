import { Inject, Injectable } from '@nestjs/common';
import { Outbox } from '@switchboard/bus';
import {
  nearestLocale,
  SpeechCompleted,
  SpeechFailed,
  type EventOf,
  type SpeechSpeakRequested,
} from '@switchboard/contracts';
import { Clock, CONFIG, Jobs, PersonalData, type PersonalRow } from '@switchboard/service-kit';
import { DataSource, type EntityManager } from 'typeorm';
import type { SpeechRequest as EngineRequest } from '../engines/speech-engine';
import { languageOf } from '../engines/text-language';
import { JOB_ATTEMPTS } from '../tries';
import type { TtsWorkerConfig } from '../tts-worker.config';
import type { AudioAsset } from './audio-asset.entity';
import { audioIdOf } from './audio-id';
import { AudioLibrary } from './audio-library';
import { Speakers } from './speakers';
import { Speak } from './speak.definition';
import { type SpeechFailure, SpeechRequest } from './speech-request.entity';
import { SpeechMetrics } from './speech.metrics';
import { hasWords, spokenText } from './spoken-text';

type Asked = EventOf<typeof SpeechSpeakRequested>['data'];

/** Requests for one audio of which the first that can be read tells what it shall be. */
const LOOKED_AT = 20;

/** Who asked for what to be spoken, and the one answer each of them gets. */
@Injectable()
export class SpeechService {
  constructor(
    private readonly db: DataSource,
    private readonly outbox: Outbox,
    private readonly jobs: Jobs,
    private readonly clock: Clock,
    private readonly personal: PersonalData,
    private readonly speakers: Speakers,
    private readonly library: AudioLibrary,
    private readonly metrics: SpeechMetrics,
    @Inject(CONFIG) private readonly config: TtsWorkerConfig,
  ) {}

  /** Answers at once what was spoken before or cannot be spoken; leaves the rest to a job. */
  async request(tx: EntityManager, asked: Asked): Promise<void> {
    const wish = this.wishOf(asked);
    const audioId = audioIdOf(this.speakers.preferred, wish);
    const { text } = await this.personal.encrypt(tx, rowOf(asked), { text: wish.text });
    const request = tx.create(SpeechRequest, {
      speechId: asked.speechId,
      requestedBy: asked.requestedBy,
      chatId: asked.chatId,
      userId: asked.userId,
      audioId,
      text,
      locale: wish.locale,
      voice: wish.voice ?? null,
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
    if ((inserted.raw as unknown[]).length === 0) return; // asked twice under one id

    const refusal = this.refusalOf(wish.text);
    if (refusal) return this.fail(tx, [request], refusal);
    const known = await this.library.use(tx, audioId, 1);
    if (known) return this.complete(tx, [request], known, false);
    // The key joins requests that come together; the queue makes one that comes while the audio is made wait for it.
    const job = `audio:${audioId}`;
    await this.jobs.add(tx, Speak, { audioId }, { key: job, queue: job, maxAttempts: JOB_ATTEMPTS });
  }

  /** What those want who wait for this audio; undefined when nobody does. */
  async wishFor(audioId: string): Promise<EngineRequest | undefined> {
    const { manager } = this.db;
    const waiting = await manager.find(SpeechRequest, { where: { audioId, state: 'waiting' }, take: LOOKED_AT });
    const words = await this.personal.decryptAll(
      manager,
      waiting.map((request) => ({ row: rowOf(request), values: { text: request.text } })),
    );
    // The words of somebody who was erased are gone; others may wait for the same ones.
    const first = words.findIndex(({ text }) => text);
    if (first < 0) return undefined;
    const { locale, voice } = waiting[first]!;
    return { text: words[first]!.text!, locale, ...this.speed(), ...(voice !== null && { voice }) };
  }

  /** Tells everyone who waits for `audioId` of the audio that was got for it. */
  completeWaiting(audioId: string, got: { id: string; made: boolean }): Promise<void> {
    return this.db.transaction(async (tx) => {
      const waiting = await this.waitingFor(tx, audioId);
      if (waiting.length === 0) return;
      const asset = await this.library.use(tx, got.id, waiting.length);
      if (!asset) throw new Error(`the audio ${got.id} was removed meanwhile`); // the next try makes it again
      await this.complete(tx, waiting, asset, got.made);
    });
  }

  failWaiting(audioId: string, reason: SpeechFailure): Promise<void> {
    return this.db.transaction(async (tx) => this.fail(tx, await this.waitingFor(tx, audioId), reason));
  }

  /** Forgets who asked, some time after they were answered. */
  async forgetAnsweredBefore(time: Date): Promise<void> {
    await this.db.manager.query(`DELETE FROM speech_requests WHERE state <> 'waiting' AND answered_at < $1`, [time]);
  }

  private wishOf({ text: written, locale, voice = this.config.TTS_WORKER_VOICE }: Asked): EngineRequest {
    const text = spokenText(written);
    return {
      text,
      // The text itself tells, where it has letters: so the same text is the same audio whoever asks.
      locale: languageOf(text, nearestLocale(locale ?? 'en')),
      ...this.speed(),
      ...(voice !== undefined && { voice }),
    };
  }

  /** Left out when it is the usual one: not every server knows the parameter. */
  private speed(): Pick<EngineRequest, 'speed'> {
    const speed = this.config.TTS_WORKER_SPEED;
    return speed === 1 ? {} : { speed };
  }

  private refusalOf(text: string): SpeechFailure | undefined {
    if (!hasWords(text)) return 'nothing_to_say';
    return text.length > this.config.TTS_WORKER_MAX_CHARS ? 'too_long' : undefined;
  }

  private waitingFor(tx: EntityManager, audioId: string): Promise<SpeechRequest[]> {
    return tx.find(SpeechRequest, {
      where: { audioId, state: 'waiting' },
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
