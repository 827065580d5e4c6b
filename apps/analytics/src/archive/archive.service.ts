import { Inject, Injectable } from '@nestjs/common';
import {
  type AnswerOf,
  Clock,
  Cursors,
  DomainError,
  FileDamaged,
  LOG,
  type Log,
  MEDIA_STORAGE,
  type MediaStorage,
  type Page,
  PersonalData,
  putFile,
  readFile,
  type RequestOf,
  unlessErased,
} from '@switchboard/service-kit';
import type { CheckArchivedDay, ImportArchivedDay, ListArchivedDays } from '@switchboard/contracts';
import { pipeline, Readable } from 'node:stream';
import { json } from 'node:stream/consumers';
import { createGzip, gunzipSync } from 'node:zlib';
import { DataSource, type EntityManager, In, IsNull, LessThan } from 'typeorm';
import { z } from 'zod';
import { rowsOf } from '../events/cursor';
import { EventPartitions } from '../events/event-partitions';
import { EventStore } from '../events/event-store.service';
import { EventsService } from '../events/events.service';
import { OLDEST_MS } from '../events/read-event';
import { ArchivedDay, type ArchivedFile } from './archived-day.entity';
import { ArchivedEvent, fromArchive, type StoredRow, toArchive } from './archived-event';

export class ArchiveNotFound extends DomainError {
  constructor(day: string) {
    super('analytics.archive_not_found', `There is no archive of ${day}`, 404, { day });
  }
}

export class ArchiveDamaged extends DomainError {
  constructor(day: string, cause: unknown) {
    super('analytics.archive_damaged', `The archive of ${day} cannot be read: ${String(cause)}`, 409, { day });
    this.cause = cause;
  }
}

/** Beside the files, so that an archive can be read without the database. */
const Manifest = z.object({
  day: z.iso.date(),
  events: z.int(),
  files: z.array(z.object({ key: z.string(), events: z.int(), bytes: z.int(), sha256: z.string() })),
});
type Manifest = z.output<typeof Manifest>;

const DAY_MS = 86_400_000;
const EVENTS_IN_FILE = 50_000;
const IMPORTED_AT_ONCE = 2000;
/** Events of a day may come so much later. */
const CLOSED_AFTER_DAYS = OLDEST_MS / DAY_MS + 1;

const folderOf = (day: string) => `events/${day.replaceAll('-', '/')}`;
const manifestKey = (day: string) => `${folderOf(day)}/manifest.json`;
const sizeOf = (files: readonly ArchivedFile[]) => files.reduce((sum, { bytes }) => sum + bytes, 0);
const isSame = (some: readonly ArchivedFile[], others: readonly ArchivedFile[]) =>
  some.map(({ sha256 }) => sha256).join() === others.map(({ sha256 }) => sha256).join();
const dayOf = (ms: number) => new Date(ms).toISOString().slice(0, 10);
const bounds = (day: string) => [`${day}T00:00:00Z`, `${dayOf(Date.parse(day) + DAY_MS)}T00:00:00Z`];

/** A day that is not final. */
interface OpenDay {
  readonly day: string;
  /** Its archive is missing, or not like its events any more. */
  readonly changed: boolean;
  /** No late event can come any more. */
  readonly closed: boolean;
  /** The files of its archive, as far as the database knows of one. */
  readonly files: ArchivedFile[];
  /** Its events in the database may be fewer than those that were archived before. */
  readonly isPart: boolean;
}

/** Writes each day's events to storage, without what leads to their people, and reads them back. */
@Injectable()
export class ArchiveService {
  constructor(
    private readonly db: DataSource,
    private readonly partitions: EventPartitions,
    private readonly personal: PersonalData,
    private readonly clock: Clock,
    @Inject(MEDIA_STORAGE) private readonly storage: MediaStorage,
    private readonly store: EventStore,
    private readonly cursors: Cursors,
    @Inject(LOG) private readonly log: Log,
    events: EventsService,
  ) {
    // Days that were taken for whole are archived once more.
    events.onLateEvents((tx, days) => tx.update(ArchivedDay, { day: In([...days]) }, { final: false }));
  }

  /**
   * Writes the days that are over and not yet in storage as they are. Late events write a day anew, until it is final. A day that
   * fails stays as it is, and the others are written nevertheless.
   * @throws what the first of them failed with
   */
  async archiveDue(signal: AbortSignal): Promise<void> {
    const failures: unknown[] = [];
    for (const day of await this.openDays()) {
      signal.throwIfAborted();
      try {
        if (day.changed) await this.archive(day);
        else if (day.closed) await this.db.manager.update(ArchivedDay, { day: day.day }, { final: true });
      } catch (error) {
        this.log.error({ err: error, day: day.day }, 'the events of a day were not archived');
        failures.push(error);
      }
    }
    if (failures.length > 0) throw failures[0];
  }

  /** @returns how many days from one (UTC) to before another are not in storage for good */
  async missingDays(from: Date, to: Date): Promise<number> {
    const [{ missing }] = await this.db.query<[{ missing: number }]>(
      `SELECT $2::date - $1::date - count(*)::integer AS missing FROM archived_days WHERE day >= $1 AND day < $2 AND final`,
      [dayOf(from.getTime()), dayOf(to.getTime())],
    );
    return missing;
  }

  /** Whether events of days from one (UTC) to before another were brought back, and their time is not over. */
  isHeld(from: Date, to: Date): Promise<boolean> {
    return this.db.manager
      .createQueryBuilder(ArchivedDay, 'archived')
      .where('archived.day >= :from AND archived.day < :to', { from: dayOf(from.getTime()), to: dayOf(to.getTime()) })
      .andWhere('archived.heldUntil >= :today', { today: dayOf(this.clock.now().getTime()) })
      .getExists();
  }

  /** The latest first. */
  list(request: RequestOf<typeof ListArchivedDays>): Promise<Page<ArchivedDay>> {
    return this.cursors.select(request, this.db.manager.createQueryBuilder(ArchivedDay, 'archived'), ['day']);
  }

  /**
   * Brings the events of a day back. Those that are there stay as they are; those of people who no longer consent do not come
   * back. What is counted stays as it is: it was counted when they came first.
   * @param heldDays they stay so long, however old they are; with them all of their month that is there
   */
  async importDay(day: string, heldDays: number): Promise<AnswerOf<typeof ImportArchivedDay>> {
    const manifest = await this.manifestOf(day);
    const heldUntil = dayOf(this.clock.now().getTime() + heldDays * DAY_MS);
    // Before the partition is made, which would be dropped otherwise.
    await this.db.transaction((tx) => this.hold(tx, manifest, heldUntil));
    await this.partitions.ensure([new Date(day)]);
    const imported = await this.db.transaction(async (tx) => {
      let imported = 0;
      for (const file of manifest.files) {
        const rows = await this.readLines(day, file);
        for (let from = 0; from < rows.length; from += IMPORTED_AT_ONCE)
          imported += await this.store.restore(
            tx,
            await fromArchive(tx, this.personal, rows.slice(from, from + IMPORTED_AT_ONCE)),
          );
      }
      return imported;
    });
    return { day, events: manifest.events, imported, heldUntil };
  }

  /** Reads the archive of a day whole. @throws ArchiveNotFound, ArchiveDamaged */
  async check(day: string): Promise<AnswerOf<typeof CheckArchivedDay>> {
    const { events, files } = await this.manifestOf(day);
    const known = await this.db.manager.findOneBy(ArchivedDay, { day });
    if (known && known.events > events) throw new ArchiveDamaged(day, `it holds ${events} of ${known.events} events`);
    for (const file of files) await this.readLines(day, file);
    return { day, events, files: files.length, bytes: sizeOf(files) };
  }

  private async hold(tx: EntityManager, { day, events, files }: Manifest, heldUntil: string): Promise<void> {
    const now = this.clock.now();
    // The table of another database may know nothing of this archive, nor how much of it there was.
    const row = { day, events, eventsHere: 0, bytes: sizeOf(files), files, archivedAt: now };
    const final = day <= dayOf(now.getTime() - CLOSED_AFTER_DAYS * DAY_MS);
    await tx
      .createQueryBuilder()
      .insert()
      .into(ArchivedDay)
      .values({ ...row, final })
      .orIgnore()
      .execute();
    await tx.update(
      ArchivedDay,
      [
        { day, heldUntil: IsNull() },
        { day, heldUntil: LessThan(heldUntil) },
      ],
      { heldUntil },
    );
  }

  /** Of months that there are, since one event of long ago has no days between; the latest first, since they are waited for. */
  private async openDays(): Promise<OpenDay[]> {
    const months = await this.partitions.list();
    const [oldest] = months;
    if (!oldest) return [];
    const now = this.clock.now().getTime();
    return this.db.query<OpenDay[]>(
      `SELECT day::text, day <= $3::date AS closed, coalesce(files, '[]') AS files,
         archived.events IS NULL OR archived.events_here <> there.events OR coalesce(there.latest > archived.archived_at, false) AS changed,
         day < countable_since OR coalesce(archived.events_here < archived.events, false) AS "isPart"
       FROM generate_series($1::date, $2::date, interval '1 day') AS d (at)
       CROSS JOIN rollup_state
       CROSS JOIN LATERAL (SELECT at::date AS day) each
       LEFT JOIN archived_days archived USING (day)
       CROSS JOIN LATERAL (
         SELECT count(*) AS events, max(received_at) AS latest FROM events
         WHERE occurred_at >= day::timestamp AT TIME ZONE 'UTC' AND occurred_at < (day + 1)::timestamp AT TIME ZONE 'UTC'
       ) there
       WHERE archived.final IS NOT TRUE AND date_trunc('month', day)::date = ANY($4::date[]) ORDER BY day DESC`,
      [
        dayOf(oldest.from.getTime()),
        dayOf(now - DAY_MS),
        dayOf(now - CLOSED_AFTER_DAYS * DAY_MS),
        months.map(({ from }) => dayOf(from.getTime())),
      ],
    );
  }

  /**
   * An archive is the only place of events that the database does not have (any more): after a loss, a step back to an older
   * state, or when events of a month are tried again that was dropped. Such an archive is added to, never replaced.
   *
   * The new files get other names than those that count, so that a reader, and a crash at any moment, finds one archive or the
   * other; the names of both are used in turn, so that a crash leaves nothing that would stay for good.
   */
  private async archive({ day, closed, files: known, isPart }: OpenDay): Promise<void> {
    const former = await this.storedManifest(day);
    const isUnknown = former !== undefined && !isSame(former.files, known);
    if (isUnknown) this.log.warn({ day, events: former.events }, 'an archive was found that is not of this database');
    const turn = (former?.files ?? known)[0]?.key.includes('/a-') ? 'b' : 'a';
    const archivedAt = this.clock.now();
    const kept = former && (isUnknown || isPart) ? former.files : [];
    const { files, here } = await this.db.transaction('REPEATABLE READ', (tx) => this.write(tx, day, turn, kept));
    const events = files.reduce((sum, file) => sum + file.events, 0);
    const manifest: z.input<typeof Manifest> = { day, events, files };
    const about = { contentType: 'application/json' };
    await this.storage.put(manifestKey(day), Buffer.from(JSON.stringify(manifest)), about);
    await this.db.manager.upsert(
      ArchivedDay,
      { day, events, eventsHere: here, bytes: sizeOf(files), files, final: closed, archivedAt },
      ['day'],
    );
    const before = new Set([...(former?.files ?? []), ...known].map(({ key }) => key));
    for (const { key } of files) before.delete(key);
    for (const key of before) await this.storage.delete(key);
  }

  /**
   * @param kept files of the former archive: what of them is not in the database is taken over
   * @returns the new files, and how many of their events are in the database
   */
  private async write(tx: EntityManager, day: string, turn: string, kept: readonly ArchivedFile[]) {
    const written = { here: 0 };
    const lines = this.lines(tx, day, kept, written);
    const files: ArchivedFile[] = [];
    for (let next = await lines.next(); !next.done; next = await lines.next()) {
      const part = { first: next.value, events: 0 };
      const body = createGzip();
      pipeline(Readable.from(upTo(EVENTS_IN_FILE, part, lines)), body, () => undefined);
      const key = `${folderOf(day)}/${turn}-${String(files.length + 1).padStart(4, '0')}.jsonl.gz`;
      const file = await putFile(this.storage, key, body, 'application/gzip');
      files.push({ ...file, events: part.events });
    }
    return { files, ...written };
  }

  private async *lines(
    tx: EntityManager,
    day: string,
    kept: readonly ArchivedFile[],
    written: { here: number },
  ): AsyncGenerator<string, undefined> {
    for (const file of kept)
      for (const event of await this.notHere(tx, day, await this.readLines(day, file)))
        yield `${JSON.stringify(event)}\n`;
    const stored = `SELECT to_json(e) AS row FROM events e WHERE occurred_at >= $1 AND occurred_at < $2 ORDER BY occurred_at, event_id`;
    for await (const { row } of rowsOf<{ row: StoredRow }>(tx, stored, bounds(day))) {
      // Somebody may be erased while their day is written: they are left out.
      const event = await unlessErased(toArchive(tx, this.personal, row));
      if (!event) continue;
      written.here++;
      yield `${JSON.stringify(event)}\n`;
    }
  }

  private async notHere(tx: EntityManager, day: string, events: readonly ArchivedEvent[]): Promise<ArchivedEvent[]> {
    const rows = await tx.query<{ id: string }[]>(
      `SELECT event_id AS id FROM events WHERE occurred_at >= $1 AND occurred_at < $2 AND event_id = ANY($3::uuid[])`,
      [...bounds(day), events.map(({ event_id }) => event_id)],
    );
    const here = new Set(rows.map(({ id }) => id));
    return events.filter(({ event_id }) => !here.has(event_id));
  }

  private async manifestOf(day: string): Promise<Manifest> {
    const manifest = await this.storedManifest(day);
    if (!manifest) throw new ArchiveNotFound(day);
    return manifest;
  }

  private async storedManifest(day: string): Promise<Manifest | undefined> {
    const file = await this.storage.open(manifestKey(day));
    if (!file) return undefined;
    try {
      return Manifest.parse(await json(file.body));
    } catch (error) {
      throw new ArchiveDamaged(day, error);
    }
  }

  private async readLines(day: string, file: ArchivedFile): Promise<ArchivedEvent[]> {
    try {
      const lines = gunzipSync(await readFile(this.storage, file))
        .toString()
        .split('\n')
        .slice(0, -1);
      if (lines.length !== file.events) throw new FileDamaged(file.key, `has ${lines.length} events`);
      return lines.map((line) => ArchivedEvent.parse(JSON.parse(line)));
    } catch (error) {
      throw new ArchiveDamaged(day, error);
    }
  }
}

/** A line that was read already, and those after it, as long as they fit. */
async function* upTo(count: number, part: { first: string; events: number }, lines: AsyncGenerator<string, undefined>) {
  yield part.first;
  part.events = 1;
  while (part.events < count) {
    const next = await lines.next();
    if (next.done) return;
    part.events++;
    yield next.value;
  }
}
