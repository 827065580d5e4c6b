import { Inject, Injectable } from '@nestjs/common';
import { defineJob, Jobs, MEDIA_STORAGE, type MediaStorage, type PayloadOf, Runs } from '@switchboard/service-kit';
import type { EntityManager } from 'typeorm';
import { z } from 'zod';
import { storageKeyOf } from './media.entity';

const DeleteFiles = defineJob('delete-files', z.object({ mediaIds: z.array(z.uuid()) }));

const AT_ONCE = 200;
/** With the growing pauses of the queue more than a week: the rows that say where the files are will be gone. */
const MAX_ATTEMPTS = 40;

/** Forgets files: the rows in a transaction, and after its commit the bytes, also those that were fetched until then. */
@Injectable()
export class MediaJobs {
  constructor(
    private readonly jobs: Jobs,
    @Inject(MEDIA_STORAGE) private readonly storage: MediaStorage,
  ) {}

  async forgetOf(tx: EntityManager, userId: string): Promise<void> {
    while ((await this.forget(tx, 'user_id = $1', userId)) === AT_ONCE);
  }

  /** Some of those that came before a time. Returns whether there are more. */
  async forgetBefore(tx: EntityManager, time: Date): Promise<boolean> {
    return (await this.forget(tx, 'received_at < $1', time)) === AT_ONCE;
  }

  @Runs(DeleteFiles)
  async deleteFiles({ mediaIds }: PayloadOf<typeof DeleteFiles>): Promise<void> {
    const errors: unknown[] = [];
    for (const id of mediaIds)
      await this.storage.delete(storageKeyOf(id)).catch((error: unknown) => errors.push(error));
    if (errors.length > 0)
      throw new AggregateError(errors, `${errors.length} of ${mediaIds.length} files were not deleted`);
  }

  private async forget(tx: EntityManager, condition: string, value: string | Date): Promise<number> {
    const [rows] = await tx.query<[{ id: string }[], number]>(
      `DELETE FROM media WHERE id IN (SELECT id FROM media WHERE ${condition} LIMIT ${AT_ONCE}) RETURNING id`,
      [value],
    );
    const mediaIds = rows.map(({ id }) => id);
    if (mediaIds.length > 0) await this.jobs.add(tx, DeleteFiles, { mediaIds }, { maxAttempts: MAX_ATTEMPTS });
    return mediaIds.length;
  }
}
