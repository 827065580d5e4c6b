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

/** Files could not be deleted, and their rows stay; the cause is the error of the first. */
export class NotRemoved extends Error {
  override readonly name = 'NotRemoved';

  constructor(count: number, cause: unknown) {
    super(`audio could not be removed (${count} files)`, { cause });
  }
}

const MIME_TYPE = 'audio/ogg';
const keyOf = (id: string) => `audio/${id}.ogg`;

/** About ten seconds: audio that is paid for is not thrown away for one bad moment of the storage. */
const PUT_RETRIES = { maxAttempts: 4, backoff: new ExponentialBackoff({ initialDelay: 500, maxDelay: 5_000 }) };

/** What is removed some day, by its age. Each is found by an index of its own. */
const UNUSED = { from: 'audio_assets WHERE true', age: 'last_used_at' };
const ABANDONED = { from: 'audio_assets WHERE uses = 0', age: 'created_at' };
const DRAFTS = { from: 'audio_drafts WHERE true', age: 'started_at' };
const REMOVED_AT_ONCE = 100;

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

  /** A file may lie in the storage from now on; see removeDrafts. */
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

  /** Removes what nobody has asked for since then; returns how many. Throws NotRemoved when it has got through all of them. */
  removeUnusedSince(time: Date, signal: AbortSignal): Promise<number> {
    return this.removeEach(UNUSED, time, signal, (id) => this.removeOne({ id, lastUsedAt: LessThan(time) }));
  }

  /**
   * Removes audio that was made before then and that nobody was answered with; returns how many. Throws NotRemoved as
   * removeUnusedSince does.
   */
  removeAbandoned(time: Date, signal: AbortSignal): Promise<number> {
    return this.removeEach(ABANDONED, time, signal, (id) => this.removeOne({ id, uses: 0 }));
  }

  /** Removes files without a row that were begun before then; returns how many. Throws NotRemoved as removeUnusedSince does. */
  removeDrafts(time: Date, signal: AbortSignal): Promise<number> {
    return this.removeEach(DRAFTS, time, signal, (id) => this.removeDraft(id, time));
  }

  /** Removes an audio, and what was begun of it, that nobody was answered with: all who had asked were erased meanwhile. */
  async removeUnclaimed(id: string): Promise<void> {
    await this.removeOne({ id, uses: 0 });
    await this.removeDraft(id);
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

  /** Goes through the rows once, the oldest first: one whose file cannot be deleted keeps none of the others. */
  private async removeEach(
    { from, age }: { from: string; age: string },
    time: Date,
    signal: AbortSignal,
    remove: (id: string) => Promise<boolean>,
  ): Promise<number> {
    let [removed, failed] = [0, 0];
    let firstError: unknown;
    // The age as text: a Date would cut it to milliseconds.
    let last = { id: '', at: '-infinity' };
    for (;;) {
      const rows = await this.db.query<(typeof last)[]>(
        `SELECT id, ${age}::text AS at FROM ${from} AND ${age} < $1 AND (${age}, id) > ($2::timestamptz, $3)
         ORDER BY ${age}, id LIMIT ${REMOVED_AT_ONCE}`,
        [time, last.at, last.id],
      );
      const next = rows.at(-1);
      if (!next) break;
      for (const { id } of rows) {
        signal.throwIfAborted();
        try {
          if (await remove(id)) removed += 1;
        } catch (error) {
          failed += 1;
          firstError ??= error;
        }
      }
      last = next;
    }
    if (failed > 0) throw new NotRemoved(failed, firstError);
    return removed;
  }

  /** Leaves out what is in use just then. */
  private removeOne(where: FindOptionsWhere<AudioAsset>): Promise<boolean> {
    return this.db.transaction(async (tx) => {
      const asset = await tx.findOne(AudioAsset, {
        where,
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
  private removeDraft(id: string, before?: Date): Promise<boolean> {
    return this.db.transaction(async (tx) => {
      const found = await tx.query<unknown[]>(
        `SELECT FROM audio_drafts WHERE id = $1 AND started_at < coalesce($2::timestamptz, 'infinity') FOR UPDATE`,
        [id, before],
      );
      if (found.length === 0) return false;
      if (!(await tx.existsBy(AudioAsset, { id }))) await this.storage.delete(keyOf(id));
      await tx.query('DELETE FROM audio_drafts WHERE id = $1', [id]);
      return true;
    });
  }
}
