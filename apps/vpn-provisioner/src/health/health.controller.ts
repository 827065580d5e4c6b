import { Controller } from '@nestjs/common';
import { ListHealthSamples, ReadMaintenance, SetMaintenance } from '@switchboard/contracts';
import { type AnswerOf, Implements, type RequestOf } from '@switchboard/service-kit';
import { DataSource } from 'typeorm';
import { ServersService } from '../servers/servers.service';
import { HealthService } from './health.service';
import { MaintenanceService } from './maintenance.service';

@Controller()
export class HealthController {
  constructor(
    private readonly db: DataSource,
    private readonly servers: ServersService,
    private readonly health: HealthService,
    private readonly maintenance: MaintenanceService,
  ) {}

  @Implements(ListHealthSamples)
  async samples(request: RequestOf<typeof ListHealthSamples>): Promise<AnswerOf<typeof ListHealthSamples>> {
    const { params, query } = request;
    await this.servers.find(params.serverId);
    return { data: await this.health.samples(params.serverId, query.hours) };
  }

  @Implements(ReadMaintenance)
  read(): Promise<AnswerOf<typeof ReadMaintenance>> {
    return this.maintenance.read();
  }

  @Implements(SetMaintenance)
  set({ actor, body, ifMatch }: RequestOf<typeof SetMaintenance>): Promise<AnswerOf<typeof SetMaintenance>> {
    return this.db.transaction((tx) => this.maintenance.set(tx, actor, body.on, ifMatch));
  }
}
