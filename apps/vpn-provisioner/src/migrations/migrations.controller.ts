import { Controller } from '@nestjs/common';
import {
  ChangeMigration,
  ListMigrations,
  PlanMigration,
  PreviewMigration,
  ReadMigration,
} from '@switchboard/contracts';
import { type AnswerOf, Implements, type RequestOf } from '@switchboard/service-kit';
import { DataSource, EntityManager } from 'typeorm';
import { MigrationsService } from './migrations.service';

@Controller()
export class MigrationsController {
  constructor(
    private readonly db: DataSource,
    private readonly migrations: MigrationsService,
  ) {}

  @Implements(PreviewMigration)
  preview({ query }: RequestOf<typeof PreviewMigration>): Promise<AnswerOf<typeof PreviewMigration>> {
    return this.migrations.preview(query);
  }

  @Implements(PlanMigration)
  plan({ body, actor }: RequestOf<typeof PlanMigration>, tx: EntityManager): Promise<AnswerOf<typeof PlanMigration>> {
    return this.migrations.plan(tx, actor, body);
  }

  @Implements(ListMigrations)
  list(request: RequestOf<typeof ListMigrations>): Promise<AnswerOf<typeof ListMigrations>> {
    return this.migrations.list(request);
  }

  @Implements(ReadMigration)
  read({ params }: RequestOf<typeof ReadMigration>): Promise<AnswerOf<typeof ReadMigration>> {
    return this.migrations.read(params.migrationId);
  }

  @Implements(ChangeMigration)
  change(request: RequestOf<typeof ChangeMigration>): Promise<AnswerOf<typeof ChangeMigration>> {
    const { params, body, actor, ifMatch } = request;
    return this.db.transaction((tx) => this.migrations.change(tx, actor, params.migrationId, body.state, ifMatch));
  }
}
