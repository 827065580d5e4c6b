import { Inject, Injectable } from '@nestjs/common';
import { BlindIndex, Clock, MEDIA_STORAGE, type MediaStorage } from '@switchboard/service-kit';
import { DataSource, type EntityManager, type FindOptionsWhere, LessThan } from 'typeorm';
import { BudgetsService, type Payer } from '../accounting/budgets.service';
import { longestMs, type SynthesisRequest, type SynthesizedAudio } from '../engines/speech-engine';
import { AudioAsset } from './audio-asset.entity';
import type { ConfiguredEngine } from './speech-engines';
import { SpeechMetrics } from './speech.metrics';
import { audioIdOf, requestFor } from './synthesis-request';

/** The audio was made, and the storage did not take it; the cause says why. */
export class NotStored extends Error {
  override readonly name = 'NotStored';

  constructor(cause: unknown) {
    super('the storage did not take the audio', { cause });
  }
}

/** All audio that was made and is still kept, by what was asked for. */
@Injectable()
export class AudioLibrary {
  constructor(
    private readonly db: DataSource,
    private readonly clock: Clock,
    private readonly index: BlindIndex,
    @Inject(MEDIA_STORAGE) private readonly storage: MediaStorage,
    private readonly budgets: BudgetsService,
    private readonly metrics: SpeechMetrics,
  ) {}

  /** The id that the audio of a request has, or will have. */
  idOf(by: ConfiguredEngine, request: SynthesisRequest): string {
    return audioIdOf(this.index, by, request);
  }

  /**
   * The audio of a request: out of the library, or made now at the expense of `payer` and stored. Throws NotStored,
   * BudgetExhausted or what the engine throws.
   */
  async ensure(
    by: ConfiguredEngine,
    request: SynthesisRequest,
    payer: Payer,
    signal: AbortSignal,
  ): Promise<{ id: string; made: boolean }> {
    const id = this.idOf(by, request);
    if (await this.db.manager.existsBy(AudioAsset, { id })) return { id, made: false };
    const { length: characters } = request.text;
    await this.budgets.charged(
      {
        payer,
        job: `speech:${id}`,
        purpose: 'speech',
        engine: by.engine.name,
        model: by.model,
        characters,
        audioMs: longestMs(characters, request.speed),
      },
      async (meter) => this.store(id, by, await by.engine.synthesize(requestFor(by, request), signal, meter)),
      async (tx, asset) => {
        // A process that was thought dead may have made the same meanwhile: its file has been replaced by an equal one.
        await tx.createQueryBuilder().insert().into(AudioAsset).values(asset).orIgnore().execute();
        this.metrics.made.inc({ engine: asset.engine }, asset.durationMs / 1000);
      },
    );
    return { id, made: true };
  }

  private async store(id: string, by: ConfiguredEngine, { ogg, durationMs }: SynthesizedAudio): Promise<AudioAsset> {
    const now = this.clock.now();
    const asset = this.db.manager.create(AudioAsset, {
      id,
      storageKey: `audio/${id}.ogg`,
      mimeType: 'audio/ogg',
      bytes: ogg.length,
      durationMs,
      engine: by.engine.name,
      uses: 0,
      createdAt: now,
      lastUsedAt: now,
    });
    try {
      await this.storage.put(asset.storageKey, ogg, { contentType: asset.mimeType });
    } catch (error) {
      throw new NotStored(error);
    }
    return asset;
  }

  /** Counts `times` requests as answered with it; undefined when there is no such audio. */
  async use(tx: EntityManager, id: string, times: number): Promise<AudioAsset | undefined> {
    const { affected } = await tx.update(
      AudioAsset,
      { id },
      { uses: () => `uses + ${times}`, lastUsedAt: this.clock.now() },
    );
    return affected ? tx.findOneByOrFail(AudioAsset, { id }) : undefined;
  }

  /** The bytes of an audio. One whose file was lost is forgotten, so that the next request makes it again. */
  async open(id: string) {
    const asset = await this.db.manager.findOneBy(AudioAsset, { id });
    if (!asset) return undefined;
    const file = await this.storage.open(asset.storageKey);
    // Only the row that was looked at: the audio may have been made again since.
    if (!file) await this.db.manager.delete(AudioAsset, { id, createdAt: asset.createdAt });
    return file;
  }

  /** Removes what nobody has asked for since then; returns how many. */
  async removeUnusedSince(time: Date): Promise<number> {
    let removed = 0;
    while (await this.removeOneUnusedSince(time)) removed += 1;
    return removed;
  }

  /** Removes audio that nobody else has asked for. */
  async removeAskedForOnlyBy(userId: string): Promise<void> {
    const rows = await this.db.query<{ id: string }[]>(
      `SELECT DISTINCT audio_id AS id FROM speech_requests mine WHERE user_id = $1
         AND NOT EXISTS (SELECT FROM speech_requests other WHERE other.audio_id = mine.audio_id AND other.user_id <> $1)`,
      [userId],
    );
    for (const { id } of rows) await this.removeOne({ id });
  }

  private removeOneUnusedSince(time: Date): Promise<boolean> {
    return this.removeOne({ lastUsedAt: LessThan(time) });
  }

  /** The file goes while the row is locked: a request for it waits, finds no row afterwards, and has it made again. */
  private removeOne(where: FindOptionsWhere<AudioAsset>): Promise<boolean> {
    return this.db.transaction(async (tx) => {
      const asset = await tx.findOne(AudioAsset, {
        where,
        order: { lastUsedAt: 'ASC' },
        lock: { mode: 'pessimistic_write', onLocked: 'skip_locked' },
      });
      if (!asset) return false;
      await this.storage.delete(asset.storageKey);
      await tx.delete(AudioAsset, { id: asset.id });
      return true;
    });
  }
}
