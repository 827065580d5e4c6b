import { Inject, Injectable } from '@nestjs/common';
import {
  Clock,
  defineJob,
  type JobRun,
  LOG,
  type Log,
  type PayloadOf,
  Scheduled,
  Slot,
} from '@switchboard/service-kit';
import { DataSource, In, LessThanOrEqual } from 'typeorm';
import { NotConnected } from '../channels/channel-errors';
import { ChannelsService } from '../channels/channels.service';
import { Connection } from './connection.entity';
import { ConnectionsService } from './connections.service';

const RefreshConnections = defineJob('refresh-connections', Slot);

/** Keeps the tokens of connected accounts fresh: they end by themselves, and nobody is asked to connect anew for that. */
@Injectable()
export class ConnectionsJobs {
  constructor(
    private readonly db: DataSource,
    private readonly channels: ChannelsService,
    private readonly connections: ConnectionsService,
    private readonly clock: Clock,
    @Inject(LOG) private readonly log: Log,
  ) {}

  @Scheduled('17 * * * *', RefreshConnections, {
    purpose: 'Renews the tokens of connected accounts that are due, days before they end.',
    timeoutMs: 30 * 60_000,
  })
  run(_slot: PayloadOf<typeof RefreshConnections>, { signal }: JobRun): Promise<void> {
    return this.refreshDue(signal);
  }

  /** Renewing twice does no harm, so the call is made outside of any transaction; what it gives is written if nobody was faster. */
  async refreshDue(signal?: AbortSignal): Promise<void> {
    const due = await this.db.manager.find(Connection, {
      where: { state: In(['connected', 'refresh-failing']), nextRefreshAt: LessThanOrEqual(this.clock.now()) },
      order: { nextRefreshAt: 'ASC' },
    });
    for (const connection of due) {
      signal?.throwIfAborted();
      await this.refresh(connection);
    }
  }

  private async refresh(connection: Connection): Promise<void> {
    const { botId, expiresAt } = connection;
    const oauth = this.channels.find(botId)?.oauth;
    const token = this.connections.tokenOf(connection);
    // Of a bot that was removed or rests in the archive nothing is renewed.
    if (!oauth || token === undefined) return;
    const now = this.clock.now();
    if (expiresAt && expiresAt <= now) {
      await this.connections.refreshed(connection, 'token_expired');
      return;
    }
    try {
      const renewed = await oauth.refresh(token);
      const nextRefreshAt = new Date(now.getTime() + oauth.refreshAfterMs);
      await this.connections.refreshed(connection, { ...renewed, nextRefreshAt });
      this.log.info({ bot: botId }, 'the token of a connected account was renewed');
    } catch (error) {
      const isLost = error instanceof NotConnected;
      this.log[isLost ? 'error' : 'warn']({ err: error, bot: botId }, 'the token of an account could not be renewed');
      // Any other failure is tried again in an hour, as long as the token lasts: ten days.
      await this.connections.refreshed(connection, isLost ? 'access_revoked' : 'failed');
    }
  }
}
