import { Injectable } from '@nestjs/common';
import { defineJob, eachDue, type JobRun, type PayloadOf, Runs, Scheduled, Slot } from '@switchboard/service-kit';
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
  async tend(_slot: PayloadOf<typeof TendMigrations>, { signal }: JobRun): Promise<void> {
    const open = await this.db.manager.findBy(ServerMigration, { state: In(['running', 'rolling-back']) });
    await this.db.transaction(async (tx) => {
      for (const { id } of open) await this.queue.add(tx, id);
    });
    const down = `SELECT h.server_id AS id, h.since AS at FROM server_health h JOIN server_people p ON p.server_id = h.server_id
      WHERE h.state = 'down' AND p.people > 0`;
    await eachDue(this.db, down, [], (tx, id) => this.migrations.beginFailover(tx, id), { signal });
  }
}
