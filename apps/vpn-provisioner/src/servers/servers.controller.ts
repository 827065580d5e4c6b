import { Controller } from '@nestjs/common';
import { ChangeServer, CreateServer, ListPanelKinds, ListServers, ReadServer, TryServer } from '@switchboard/contracts';
import { type AnswerOf, Implements, type RequestOf } from '@switchboard/service-kit';
import { DataSource, type EntityManager } from 'typeorm';
import { z } from 'zod';
import { PanelsService } from '../panels/panels.service';
import { ServersService } from './servers.service';

@Controller()
export class ServersController {
  constructor(
    private readonly db: DataSource,
    private readonly servers: ServersService,
    private readonly panels: PanelsService,
  ) {}

  @Implements(ListPanelKinds)
  kinds(): AnswerOf<typeof ListPanelKinds> {
    const data = this.panels.all().map(({ kind, settings, secrets, lacks }) => ({
      ...{ kind, secrets: [...secrets], lacks: [...lacks] },
      settings: z.toJSONSchema(settings, { io: 'input', unrepresentable: 'any' }) as Record<string, unknown>,
    }));
    return { data };
  }

  @Implements(ListServers)
  async list({ query }: RequestOf<typeof ListServers>): Promise<AnswerOf<typeof ListServers>> {
    return { data: await this.servers.list(query) };
  }

  @Implements(ReadServer)
  read({ params }: RequestOf<typeof ReadServer>): Promise<AnswerOf<typeof ReadServer>> {
    return this.servers.read(params.serverId);
  }

  @Implements(CreateServer, { checkFirst: true })
  async create({ body, actor }: RequestOf<typeof CreateServer>) {
    await this.servers.checkNew(body);
    return (tx: EntityManager) => this.servers.create(tx, actor, body);
  }

  @Implements(ChangeServer)
  async change(request: RequestOf<typeof ChangeServer>): Promise<AnswerOf<typeof ChangeServer>> {
    const { params, body, actor, ifMatch } = request;
    await this.servers.checkChange(params.serverId, body);
    return this.db.transaction((tx) => this.servers.change(tx, actor, params.serverId, body, ifMatch));
  }

  @Implements(TryServer)
  try({ body }: RequestOf<typeof TryServer>): Promise<AnswerOf<typeof TryServer>> {
    return this.servers.try(body);
  }
}
