import { Inject, Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import {
  Clock,
  defineJob,
  type JobRun,
  Jobs,
  MEDIA_STORAGE,
  type MediaStorage,
  type PayloadOf,
  Runs,
  Scheduled,
  Slot,
} from '@switchboard/service-kit';
import { DataSource, type EntityManager } from 'typeorm';
import { z } from 'zod';
import { KnowledgeEntriesService } from './knowledge-entries.service';
import type { KnowledgeEntry } from './knowledge-entry.entity';
import { KnowledgeReadingService } from './knowledge-reading.service';

const ReadEntry = defineJob('read-knowledge-entry', z.object({ entryId: z.uuid() }));
const DeleteFile = defineJob('delete-knowledge-file', z.object({ key: z.string() }));
const RereadPages = defineJob('reread-pages', Slot);
const ForgetEntries = defineJob('forget-knowledge-entries', Slot);

const DAY_MS = 86_400_000;
/** So long a document that was deleted can be restored. */
const KEPT_DAYS = 30;
/** An upload that goes on for longer is none any more: its process has died. */
const RECEIVED_WITHIN_MS = 3_600_000;
/** Of those that are due, so that none that was added just now waits behind all of them. */
const PAGES_AT_ONCE = 30;
const MAX_ATTEMPTS = 5;

/** When what staff have added is read, and when it is forgotten. */
@Injectable()
export class KnowledgeEntriesJobs implements OnApplicationBootstrap {
  constructor(
    private readonly db: DataSource,
    private readonly jobs: Jobs,
    private readonly entries: KnowledgeEntriesService,
    private readonly reading: KnowledgeReadingService,
    private readonly clock: Clock,
    @Inject(MEDIA_STORAGE) private readonly storage: MediaStorage,
  ) {}

  /** Passages that an older version has made, by other readers or another index, are made anew. */
  async onApplicationBootstrap(): Promise<void> {
    const old = await this.db.query<{ id: string; botId: string }[]>(
      `SELECT id, bot_id AS "botId" FROM knowledge_entries
       WHERE indexed_as <> $1 AND deleted_at IS NULL AND state = 'settled'`,
      [this.entries.indexedAs],
    );
    for (const entry of old) await this.read(this.db.manager, entry);
  }

  /** Has an entry read after `tx`; however often it is asked for, once. Those of one bot one after the other: there is one reader. */
  async read(tx: EntityManager, { id, botId }: Pick<KnowledgeEntry, 'id' | 'botId'>): Promise<void> {
    const options = { key: `read-knowledge:${id}`, queue: `knowledge-reading:${botId}`, maxAttempts: MAX_ATTEMPTS };
    await this.jobs.add(tx, ReadEntry, { entryId: id }, options);
  }

  deleteFile(tx: EntityManager, key: string): Promise<void> {
    return this.jobs.add(tx, DeleteFile, { key });
  }

  @Runs(ReadEntry)
  run({ entryId }: PayloadOf<typeof ReadEntry>, { signal, isLastAttempt }: JobRun): Promise<void> {
    return this.reading.read(entryId, { signal, isLastTry: isLastAttempt });
  }

  @Runs(DeleteFile)
  delete({ key }: PayloadOf<typeof DeleteFile>): Promise<void> {
    return this.storage.delete(key);
  }

  @Scheduled('* * * * *', RereadPages, {
    purpose: 'Has the pages of knowledge bases read again that are due.',
    timeoutMs: 60_000,
    missed: 'skip',
  })
  async rereadPages(): Promise<void> {
    const due = await this.db.query<{ id: string; botId: string }[]>(
      `SELECT id, bot_id AS "botId" FROM knowledge_entries
       WHERE next_read_at <= now() AND deleted_at IS NULL AND state = 'settled'
       ORDER BY next_read_at LIMIT ${PAGES_AT_ONCE}`,
    );
    for (const page of due) await this.read(this.db.manager, page);
  }

  @Scheduled('50 * * * *', ForgetEntries, {
    purpose:
      'Deletes for good what was taken out of knowledge bases thirty days ago, and what is left of uploads that broke off.',
    timeoutMs: 10 * 60_000,
  })
  async forget(): Promise<void> {
    const now = this.clock.now().getTime();
    await this.db.transaction(async (tx) => {
      const [gone] = await tx.query<[{ key: string | null }[], number]>(
        `DELETE FROM knowledge_entries
         WHERE deleted_at < $1 OR (state = 'receiving' AND created_at < $2) RETURNING storage_key AS key`,
        [new Date(now - KEPT_DAYS * DAY_MS), new Date(now - RECEIVED_WITHIN_MS)],
      );
      for (const { key } of gone) if (key) await this.deleteFile(tx, key);
    });
  }
}
