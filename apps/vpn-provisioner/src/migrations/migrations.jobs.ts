import { Injectable } from '@nestjs/common';
import { defineJob, type JobRun, type PayloadOf, Runs, Scheduled, Slot } from '@switchboard/service-kit';
import { DataSource, In } from 'typeorm';
import { MigrationQueue, RunMigration } from './migration-queue';
import { MigrationsService } from './migrations.service';
import { MoversService } from './movers.service';
import { ServerMigration } from './server-migration.entity';

const TendMigrations = defineJob('tend-migrations', Slot);

@Injectable()
export class MigrationsJobs {
  constructor(
    private readonly db: DataSource,
    private readonly migrations: MigrationsService,
    private readonly movers: MoversService,
    private readonly queue: MigrationQueue,
  ) {}

  @Runs(RunMigration)
  run({ migrationId }: PayloadOf<typeof RunMigration>, { signal }: JobRun): Promise<void> {
    return this.movers.run(migrationId, signal);
  }

  @Scheduled('* * * * *', TendMigrations, {
    purpose:
      'Goes on with migrations that found no room or were left, and moves whoever came to a server that is down.',
    timeoutMs: 60_000,
    missed: 'skip',
  })
  async tend(): Promise<void> {
    const open = await this.db.manager.findBy(ServerMigration, { state: In(['running', 'rolling-back']) });
    const down = await this.db.query<{ id: string }[]>(
      `SELECT server_id AS id FROM server_health h WHERE state = 'down' AND EXISTS (
         SELECT FROM access_keys k WHERE k.server_id = h.server_id AND k.occupies)`,
    );
    for (const { id } of down) await this.db.transaction((tx) => this.migrations.beginFailover(tx, id));
    await this.db.transaction(async (tx) => {
      for (const { id } of open) await this.queue.add(tx, id);
    });
  }
}
