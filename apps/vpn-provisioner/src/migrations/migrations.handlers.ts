import { Consumer, Handles } from '@switchboard/bus';
import { type EventOf, ServerDown } from '@switchboard/contracts';
import { EntityManager } from 'typeorm';
import { MigrationsService } from './migrations.service';

@Consumer('failover')
export class MigrationsHandlers {
  constructor(private readonly migrations: MigrationsService) {}

  /** Said by this service itself: health stands below and knows nothing of migrations. */
  @Handles(ServerDown)
  down({ data }: EventOf<typeof ServerDown>, tx: EntityManager): Promise<void> {
    return this.migrations.beginFailover(tx, data.serverId);
  }
}
