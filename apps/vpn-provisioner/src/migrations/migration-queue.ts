import { Injectable } from '@nestjs/common';
import { defineJob, Jobs } from '@switchboard/service-kit';
import type { EntityManager } from 'typeorm';
import { z } from 'zod';

/** Finds servers for those who wait for one, batch by batch. */
export const RunMigration = defineJob('run-migration', z.object({ migrationId: z.uuid() }));

@Injectable()
export class MigrationQueue {
  constructor(private readonly jobs: Jobs) {}

  async add(tx: EntityManager, migrationId: string): Promise<void> {
    const name = `migration:${migrationId}`;
    await this.jobs.add(tx, RunMigration, { migrationId }, { key: name, queue: name });
  }
}
