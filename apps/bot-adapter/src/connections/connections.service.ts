import { Inject, Injectable, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import { Outbox, Signals } from '@switchboard/bus';
import {
  type Actor,
  AuditEntryAppendRequested,
  CompleteConnection,
  ConnectionChanged,
  ConnectionsChanged,
  DisconnectAccount,
  type KnownConnectionFailure,
  type RouteDefinition,
} from '@switchboard/contracts';
import {
  auditEntry,
  Clock,
  DomainError,
  FieldCipher,
  LOG,
  type Log,
  type PeriodicTask,
  PeriodicTasks,
  type RunningTask,
} from '@switchboard/service-kit';
import { Gauge, Registry } from 'prom-client';
import { DataSource, type EntityManager, In, Not } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import type { ConnectedAccount, ConnectedToken } from '../channels/channel';
import { ChannelsService } from '../channels/channels.service';
import { ConnectedAccounts } from '../channels/connected-accounts';
import { Connection } from './connection.entity';

/** For a signal that was lost: so late a process knows at most that an account is another. */
const LOOKED_AT_EVERY_MS = 1000;

export const LookAtConnections: PeriodicTask = {
  name: 'look-at-connections',
  everyMs: LOOKED_AT_EVERY_MS,
  purpose: 'Looks which accounts staff have connected, and which tokens were renewed.',
};

export class AccountInUse extends DomainError {
  constructor(botId?: string) {
    super('bot-adapter.account_in_use', 'Another bot speaks for this account', 409, botId ? { botId } : {});
  }
}

/** What the page of a channel has given. */
export interface NewConnection extends ConnectedToken {
  readonly botId: string;
  readonly kind: string;
  readonly account: string;
  readonly title: string;
  readonly username: string | null;
  readonly scopes: readonly string[];
  readonly refreshAfterMs: number;
}

const TOKEN = 'channel_connections.access_token';
const LIVING = Not('disconnected' as const);

/** The connected accounts: kept with their tokens, and made known to the channels of this process. */
@Injectable()
export class ConnectionsService implements OnModuleInit, OnModuleDestroy {
  private task: RunningTask | undefined;
  /** Decrypted, by id and revision. */
  private known = new Map<string, ConnectedAccount>();

  constructor(
    private readonly db: DataSource,
    private readonly accounts: ConnectedAccounts,
    private readonly channels: ChannelsService,
    private readonly cipher: FieldCipher,
    private readonly outbox: Outbox,
    private readonly signals: Signals,
    private readonly tasks: PeriodicTasks,
    private readonly clock: Clock,
    registry: Registry,
    @Inject(LOG) private readonly log: Log,
  ) {
    accounts.onLost((botId, connected) => void this.lost(botId, connected));
    this.exposeMetrics(registry);
  }

  async onModuleInit(): Promise<void> {
    await this.look();
    this.task = this.tasks.start(LookAtConnections, { firstAfterMs: LOOKED_AT_EVERY_MS, run: () => this.look() });
  }

  async onModuleDestroy(): Promise<void> {
    await this.task?.stop();
  }

  /** Tells the channels of this process what there is now. */
  async look(): Promise<void> {
    const rows = await this.db.manager.findBy(Connection, { state: LIVING });
    const known = new Map<string, ConnectedAccount>();
    const byBot = new Map<string, ConnectedAccount>();
    for (const row of rows) {
      const key = `${row.id}:${row.revision}`;
      const connected = this.known.get(key) ?? this.connectedAs(row);
      known.set(key, connected);
      byBot.set(row.botId, connected);
    }
    this.known = known;
    this.accounts.replace(byBot);
  }

  /** The account as its bot has it from now on: the same one anew, or in place of another. @throws AccountInUse */
  async connect(connection: NewConnection, actor: Actor): Promise<string> {
    const id = await this.db.transaction(async (tx) => {
      const { botId, kind, account, token, expiresAt, refreshAfterMs, ...described } = connection;
      const living = await tx.find(Connection, {
        where: [
          { botId, state: LIVING },
          { kind, account, state: LIVING },
        ],
        lock: { mode: 'pessimistic_write' },
      });
      const other = living.find((one) => one.botId !== botId);
      if (other) throw new AccountInUse(other.botId);
      const now = this.clock.now();
      for (const former of living) if (former.account !== account) await this.end(tx, former, actor);
      const same = living.find((one) => one.account === account);
      const row = same ?? tx.create(Connection, { id: uuidv7(), state: 'connected', createdAt: now, revision: 0 });
      row.become('connected');
      Object.assign(row, {
        ...{ botId, kind, account, ...described, scopes: [...described.scopes] },
        ...{ expiresAt, obtainedAt: now, refreshedAt: null, connectedBy: actor.id },
        nextRefreshAt: new Date(now.getTime() + refreshAfterMs),
        accessToken: this.cipher.encrypt(token, TOKEN, row.id),
      });
      await tx.save(row);
      await this.announce(tx, row);
      await this.audit(tx, actor, CompleteConnection, row);
      return row.id;
    });
    await this.tell(id);
    return id;
  }

  /** Forgets the token; the channel is told by whoever calls. */
  async disconnect(connectionId: string, actor: Actor): Promise<void> {
    await this.db.transaction(async (tx) => {
      const row = await tx.findOne(Connection, {
        where: { id: connectionId, state: LIVING },
        lock: { mode: 'pessimistic_write' },
      });
      if (row) await this.end(tx, row, actor);
    });
    await this.tell(connectionId);
  }

  /** A token was renewed, or was not. False when the account is another by now, as the one whose token was tried. */
  async refreshed(
    { id, revision }: Pick<Connection, 'id' | 'revision'>,
    outcome: (ConnectedToken & { nextRefreshAt: Date }) | 'failed' | KnownConnectionFailure,
  ): Promise<boolean> {
    const changed = await this.db.transaction(async (tx) => {
      const row = await tx.findOne(Connection, { where: { id, revision }, lock: { mode: 'pessimistic_write' } });
      if (!row) return false;
      const former = row.state;
      if (typeof outcome === 'object') {
        const { token, expiresAt, nextRefreshAt } = outcome;
        row.become('connected');
        const accessToken = this.cipher.encrypt(token, TOKEN, row.id);
        Object.assign(row, { accessToken, expiresAt, nextRefreshAt, refreshedAt: this.clock.now() });
      } else if (outcome === 'failed') row.become('refresh-failing', 'refresh_refused');
      else row.become('needs-reauth', outcome);
      await tx.save(row);
      if (row.state !== former) await this.announce(tx, row);
      return true;
    });
    if (changed) await this.tell(id);
    return changed;
  }

  tokenOf({ id, accessToken }: Connection): string | undefined {
    return accessToken === null ? undefined : this.cipher.decrypt(accessToken, TOKEN, id);
  }

  /** The channel has refused the token in the middle of something. */
  private async lost(botId: string, { account, token }: ConnectedAccount): Promise<void> {
    try {
      const row = await this.db.manager.findOneBy(Connection, {
        ...{ botId, account },
        state: In(['connected', 'refresh-failing']),
      });
      // Another process may have had a new one meanwhile, or have noted the loss.
      if (!row || this.tokenOf(row) !== token) return;
      if (await this.refreshed(row, 'access_revoked'))
        this.log.error({ bot: botId }, 'the account of a bot has to be connected anew: its channel refuses the token');
    } catch (error) {
      // The next call of the channel says the same.
      this.log.warn({ err: error, bot: botId }, 'that an account was lost was not written down');
    }
  }

  private async end(tx: EntityManager, row: Connection, actor: Actor): Promise<void> {
    row.become('disconnected', 'by_staff');
    Object.assign(row, { accessToken: null, nextRefreshAt: null, expiresAt: null });
    await tx.save(row);
    await this.announce(tx, row);
    await this.audit(tx, actor, DisconnectAccount, row);
  }

  private async announce(tx: EntityManager, { id, botId, kind, state, failure }: Connection): Promise<void> {
    const reason = failure ? { reason: failure } : {};
    await this.outbox.add(tx, ConnectionChanged({ connectionId: id, botId, kind, state, ...reason }));
  }

  private async audit(tx: EntityManager, actor: Actor, route: RouteDefinition, row: Connection): Promise<void> {
    const { id: resourceId, botId, account, state } = row;
    const change = { resourceType: 'channel-connection', resourceId, botId, after: { account, state } };
    await this.outbox.add(tx, AuditEntryAppendRequested(auditEntry(actor, route, change)));
  }

  /** After the commit, here and in the other processes. */
  private async tell(connectionId: string): Promise<void> {
    await this.look();
    this.signals.send(ConnectionsChanged, { connectionId });
  }

  /** Of one that has to be connected anew the account counts still: what people write to it is heard. */
  private connectedAs(row: Connection): ConnectedAccount {
    const { account, username, state } = row;
    return { account, username, token: state === 'needs-reauth' ? undefined : this.tokenOf(row) };
  }

  private exposeMetrics(registry: Registry): void {
    const rows = () => this.db.manager.findBy(Connection, { state: LIVING }).catch(() => [] as Connection[]);
    const isHere = ({ botId }: Connection) => this.channels.find(botId) !== undefined;
    new Gauge({
      name: 'channel_connection_state',
      help: 'Accounts that are connected, 1 in the state in which each is. Read from rows: every process tells the same.',
      labelNames: ['bot', 'state'],
      registers: [registry],
      async collect() {
        this.reset();
        for (const { botId: bot, state } of (await rows()).filter(isHere)) this.set({ bot, state }, 1);
      },
    });
    new Gauge({
      name: 'channel_connection_expires_timestamp_seconds',
      help: 'When the token of a connected account is worth nothing any more, unless it is renewed before.',
      labelNames: ['bot'],
      registers: [registry],
      async collect() {
        this.reset();
        for (const { botId: bot, expiresAt } of (await rows()).filter(isHere))
          if (expiresAt) this.set({ bot }, expiresAt.getTime() / 1000);
      },
    });
  }
}
