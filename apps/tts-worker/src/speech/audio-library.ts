import { buffer } from 'node:stream/consumers';
import { Inject, Injectable } from '@nestjs/common';
import { BlindIndex, Clock, MEDIA_STORAGE, type MediaStorage } from '@switchboard/service-kit';
import { ExponentialBackoff, handleAll, retry } from 'cockatiel';
import { DataSource, type EntityManager, type FindOptionsWhere, LessThan, Not } from 'typeorm';
import { BudgetsService, type Payer } from '../accounting/budgets.service';
import { oggDurationMs } from '../audio/ogg-opus';
import { NotOggOpus } from '../audio/ogg-pages';
import { longestMs, type SynthesisRequest, type SynthesizedAudio } from '../engines/speech-engine';
import { AudioAsset } from './audio-asset.entity';
import type { ConfiguredEngine } from './speech-engines';
import { SpeechRequest } from './speech-request.entity';
import { SpeechMetrics } from './speech.metrics';
import { audioIdOf, requestFor } from './synthesis-request';

/** The audio was made and paid for, and the storage did not take it in several tries; the cause says why. */
export class NotStored extends Error {
  override readonly name = 'NotStored';

  constructor(cause: unknown) {
    super('the storage did not take the audio', { cause });
  }
}

/** The storage does not say whether it has the audio; nothing was made. */
export class StorageAway extends Error {
  override readonly name = 'StorageAway';

  constructor(cause: unknown) {
    super('the storage cannot be asked for the audio', { cause });
  }
}

const MIME_TYPE = 'audio/ogg';
const keyOf = (id: string) => `audio/${id}.ogg`;

/** About ten seconds: audio that is paid for is not thrown away for one bad moment of the storage. */
const PUT_RETRIES = { maxAttempts: 4, backoff: new ExponentialBackoff({ initialDelay: 500, maxDelay: 5_000 }) };

/** All audio that was made and is still kept, by what was asked for. */
@Injectable()
export class AudioLibrary {
  private readonly putting = retry(handleAll, PUT_RETRIES);

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
   * The audio of a request: out of the library, or made now at the expense of `payer` and stored. Throws StorageAway,
   * NotStored, BudgetExhausted or what the engine throws.
   */
  async ensure(
    by: ConfiguredEngine,
    request: SynthesisRequest,
    payer: Payer,
    signal: AbortSignal,
  ): Promise<{ id: string; made: boolean }> {
    const id = this.idOf(by, request);
    if (await this.db.manager.existsBy(AudioAsset, { id })) return { id, made: false };
    await this.beginDraft(id);
    if (await this.adopt(id, by)) return { id, made: false };
    const wanted = requestFor(by, request);
    const characters = by.engine.charactersLeft?.(wanted) ?? wanted.text.length;
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
      async (meter) => this.store(id, by, await by.engine.synthesize(wanted, signal, meter), signal),
      async (tx, asset) => {
        // A process that was thought dead may have made the same meanwhile: its file has been replaced by an equal one.
        await this.insert(tx, asset);
        this.metrics.made.inc({ engine: asset.engine }, asset.durationMs / 1000);
      },
    );
    return { id, made: true };
  }

  /** False unless a process that was killed before it could write the row has stored the audio. */
  private async adopt(id: string, by: ConfiguredEngine): Promise<boolean> {
    let ogg;
    try {
      const file = await this.storage.open(keyOf(id));
      ogg = file && (await buffer(file.body));
    } catch (error) {
      throw new StorageAway(error);
    }
    if (!ogg) return false;
    try {
      const asset = this.assetOf(id, by, { ogg, durationMs: oggDurationMs(ogg) });
      await this.db.transaction((tx) => this.insert(tx, asset));
    } catch (error) {
      if (error instanceof NotOggOpus) return false;
      throw error;
    }
    return true;
  }

  private async store(
    id: string,
    by: ConfiguredEngine,
    audio: SynthesizedAudio,
    signal: AbortSignal,
  ): Promise<AudioAsset> {
    const asset = this.assetOf(id, by, audio);
    try {
      const put = () => this.storage.put(asset.storageKey, audio.ogg, { contentType: asset.mimeType });
      await this.putting.execute(put, signal);
    } catch (error) {
      throw new NotStored(error);
    }
    return asset;
  }

  private assetOf(id: string, by: ConfiguredEngine, { ogg, durationMs }: SynthesizedAudio): AudioAsset {
    const now = this.clock.now();
    return this.db.manager.create(AudioAsset, {
      id,
      storageKey: keyOf(id),
      mimeType: MIME_TYPE,
      bytes: ogg.length,
      durationMs,
      engine: by.engine.name,
      uses: 0,
      createdAt: now,
      lastUsedAt: now,
    });
  }

  /** A file may lie in the storage from now on; see removeAbandoned. */
  private async beginDraft(id: string): Promise<void> {
    await this.db.query(
      `INSERT INTO audio_drafts (id, started_at) VALUES ($1, $2)
       ON CONFLICT (id) DO UPDATE SET started_at = excluded.started_at`,
      [id, this.clock.now()],
    );
  }

  private async insert(tx: EntityManager, asset: AudioAsset): Promise<void> {
    await tx.query('DELETE FROM audio_drafts WHERE id = $1', [asset.id]);
    await tx.createQueryBuilder().insert().into(AudioAsset).values(asset).orIgnore().execute();
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
    while (await this.removeOne({ lastUsedAt: LessThan(time) })) removed += 1;
    return removed;
  }

  /** Removes what was begun before then and came to nothing: files without a row, and audio that nobody was answered with. */
  async removeAbandoned(time: Date): Promise<number> {
    let removed = 0;
    while (await this.removeOne({ uses: 0, createdAt: LessThan(time) })) removed += 1;
    while (await this.removeDraft('started_at < $1', time)) removed += 1;
    return removed;
  }

  /** Removes an audio, and what was begun of it, that nobody was answered with: all who had asked were erased meanwhile. */
  async removeUnclaimed(id: string): Promise<void> {
    await this.removeOne({ id, uses: 0 });
    await this.removeDraft('id = $1', id);
  }

  /** Removes audio that nobody else has asked for. */
  async removeAskedForOnlyBy(userId: string): Promise<void> {
    for (const id of await this.askedForOnlyBy(this.db.manager, userId))
      await this.db.transaction((tx) => this.removeIfOnlyOf(tx, id, userId));
  }

  /** Likewise in a transaction that deletes the person's requests afterwards: until it ends none of them is answered. */
  async removeAskedForOnlyByIn(tx: EntityManager, userId: string): Promise<void> {
    await tx.query('SELECT FROM speech_requests WHERE user_id = $1 ORDER BY speech_id FOR UPDATE', [userId]);
    for (const id of await this.askedForOnlyBy(tx, userId)) await this.removeIfOnlyOf(tx, id, userId);
  }

  private async askedForOnlyBy(tx: EntityManager, userId: string): Promise<string[]> {
    const rows = await tx.query<{ id: string }[]>(
      `SELECT DISTINCT audio_id AS id FROM speech_requests mine WHERE user_id = $1
         AND NOT EXISTS (SELECT FROM speech_requests other WHERE other.audio_id = mine.audio_id AND other.user_id <> $1)
       ORDER BY 1`,
      [userId],
    );
    return rows.map(({ id }) => id);
  }

  private async removeIfOnlyOf(tx: EntityManager, id: string, userId: string): Promise<void> {
    const asset = await tx.findOne(AudioAsset, { where: { id }, lock: { mode: 'pessimistic_write' } });
    if (!asset) return;
    // Whoever held the lock may just have been answered with it.
    if (await tx.existsBy(SpeechRequest, { audioId: id, userId: Not(userId) })) return;
    await this.remove(tx, asset);
  }

  /** Leaves out what is in use just then. */
  private removeOne(where: FindOptionsWhere<AudioAsset>): Promise<boolean> {
    return this.db.transaction(async (tx) => {
      const asset = await tx.findOne(AudioAsset, {
        where,
        order: { lastUsedAt: 'ASC' },
        lock: { mode: 'pessimistic_write', onLocked: 'skip_locked' },
      });
      if (asset) await this.remove(tx, asset);
      return asset !== null;
    });
  }

  /** The file goes while the row is locked: a request for it waits, finds no row afterwards, and has it made again. */
  private async remove(tx: EntityManager, asset: AudioAsset): Promise<void> {
    await this.storage.delete(asset.storageKey);
    await tx.delete(AudioAsset, { id: asset.id });
  }

  /** With its file, unless that has got a row after all. */
  private removeDraft(condition: string, parameter: unknown): Promise<boolean> {
    return this.db.transaction(async (tx) => {
      const [draft] = await tx.query<{ id: string }[]>(
        `SELECT id FROM audio_drafts WHERE ${condition} ORDER BY started_at LIMIT 1 FOR UPDATE`,
        [parameter],
      );
      if (!draft) return false;
      if (!(await tx.existsBy(AudioAsset, { id: draft.id }))) await this.storage.delete(keyOf(draft.id));
      await tx.query('DELETE FROM audio_drafts WHERE id = $1', [draft.id]);
      return true;
    });
  }
}
