import { Controller } from '@nestjs/common';
import {
  BeginConnection,
  CompleteConnection,
  DisconnectAccount,
  ListConnections,
  ReadConnection,
} from '@switchboard/contracts';
import { type AnswerOf, Cursors, DomainError, Implements, type RequestOf, seesBot } from '@switchboard/service-kit';
import { DataSource } from 'typeorm';
import { ChannelsService } from '../channels/channels.service';
import { ConnectionAttemptsService } from './connection-attempts.service';
import { Connection } from './connection.entity';
import { ConnectionsService } from './connections.service';

class ConnectionNotFound extends DomainError {
  constructor() {
    super('bot-adapter.connection_not_found', 'There is no such connected account', 404);
  }
}

/** Accounts of channels, as staff connect them and look after them. */
@Controller()
export class ConnectionsController {
  constructor(
    private readonly db: DataSource,
    private readonly cursors: Cursors,
    private readonly attempts: ConnectionAttemptsService,
    private readonly connections: ConnectionsService,
    private readonly channels: ChannelsService,
  ) {}

  @Implements(BeginConnection)
  begin(request: RequestOf<typeof BeginConnection>): Promise<AnswerOf<typeof BeginConnection>> {
    return this.attempts.begin(request);
  }

  @Implements(CompleteConnection)
  async complete(request: RequestOf<typeof CompleteConnection>): Promise<AnswerOf<typeof CompleteConnection>> {
    const { connectionId, returnTo } = await this.attempts.complete(request);
    return { connection: shown(await this.find(connectionId, request.actor.bots)), returnTo };
  }

  @Implements(ListConnections)
  async list(request: RequestOf<typeof ListConnections>): Promise<AnswerOf<typeof ListConnections>> {
    const { query, actor } = request;
    const rows = this.db.manager.createQueryBuilder(Connection, 'c');
    if (query.botId) rows.andWhere('c.botId = :botId', { botId: query.botId });
    if (actor.bots) rows.andWhere('c.botId = ANY(:bots)', { bots: actor.bots });
    const { data, page } = await this.cursors.select(request, rows, ['id']);
    return { data: data.map(shown), page };
  }

  @Implements(ReadConnection)
  async read({ params, actor }: RequestOf<typeof ReadConnection>): Promise<AnswerOf<typeof ReadConnection>> {
    return shown(await this.find(params.connectionId, actor.bots));
  }

  @Implements(DisconnectAccount)
  async disconnect({ params, actor }: RequestOf<typeof DisconnectAccount>): Promise<void> {
    const connection = await this.find(params.connectionId, actor.bots);
    const { botId, account } = connection;
    const token = this.connections.tokenOf(connection);
    await this.connections.disconnect(connection.id, actor);
    // Best effort: what it brings from now on is of nobody here.
    if (token !== undefined)
      await this.channels
        .find(botId)
        ?.oauth?.unsubscribe(account, token)
        .catch(() => undefined);
  }

  private async find(id: string, bots: readonly string[] | undefined): Promise<Connection> {
    const connection = await this.db.manager.findOneBy(Connection, { id });
    if (!connection || !seesBot(bots, connection.botId)) throw new ConnectionNotFound();
    return connection;
  }
}

/** Nobody is ever shown a token. */
const shown = ({ accessToken: _, ...connection }: Connection): AnswerOf<typeof ReadConnection> => connection;
