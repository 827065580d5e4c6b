import { Inject, Injectable } from '@nestjs/common';
import type { Actor, BeginConnection, CompleteConnection } from '@switchboard/contracts';
import {
  type AnswerOf,
  BlindIndex,
  BotsRegistry,
  Clock,
  CONFIG,
  DomainError,
  type RequestOf,
  seesBot,
} from '@switchboard/service-kit';
import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { DataSource, IsNull, MoreThan } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import type { BotAdapterConfig } from '../bot-adapter.config';
import { NotConnected, Rejected } from '../channels/channel-errors';
import { ChannelsService } from '../channels/channels.service';
import { ConnectionAttempt } from './connection.entity';
import { AccountInUse, ConnectionsService } from './connections.service';

class UnknownBot extends DomainError {
  constructor(botId: string) {
    super('bot-adapter.unknown_bot', 'There is no such bot here', 404, { botId });
  }
}
class ConnectionNotOffered extends DomainError {
  constructor() {
    super('bot-adapter.connection_not_offered', 'Accounts of this channel cannot be connected here', 404);
  }
}
class AttemptExpired extends DomainError {
  constructor() {
    super('bot-adapter.attempt_expired', 'Connecting took too long, or was never begun', 410);
  }
}
class AttemptNotYours extends DomainError {
  constructor() {
    super('bot-adapter.attempt_not_yours', 'Somebody else began to connect this account', 403);
  }
}
class ExchangeRefused extends DomainError {
  constructor(cause: Error) {
    super('bot-adapter.exchange_refused', 'The channel did not give access', 422);
    this.cause = cause;
  }
}
class ChannelUnavailable extends DomainError {
  constructor(cause: unknown) {
    super('bot-adapter.channel_unavailable', 'The channel does not answer', 503);
    this.cause = cause;
  }
}

const LIVES_MS = 600_000;
/** A page that was loaded twice waits so long for what came of the first time. */
const LOOK_AGAIN = { times: 40, everyMs: 250 };
/** Of the gateway in one process on one machine, where no other address is given. */
const LOCAL_SITE = 'http://localhost:4080';

/** Connecting an account: to the page of the channel and back, by the same member of staff, once and within ten minutes. */
@Injectable()
export class ConnectionAttemptsService {
  constructor(
    private readonly db: DataSource,
    private readonly bots: BotsRegistry,
    private readonly channels: ChannelsService,
    private readonly connections: ConnectionsService,
    private readonly index: BlindIndex,
    private readonly clock: Clock,
    @Inject(CONFIG) private readonly config: BotAdapterConfig,
  ) {}

  async begin({ body, actor }: RequestOf<typeof BeginConnection>): Promise<AnswerOf<typeof BeginConnection>> {
    const { kind, botId, returnTo } = body;
    const bot = this.bots.find(botId);
    if (!bot) throw new UnknownBot(botId);
    const state = randomBytes(32).toString('base64url');
    const url = bot.channel.kind === kind ? this.oauthOf(botId)?.authorizeUrl(state, this.pageOf(kind)) : undefined;
    if (url === undefined) throw new ConnectionNotOffered();
    const expiresAt = new Date(this.clock.now().getTime() + LIVES_MS);
    const attempt = { id: uuidv7(), stateHash: this.hash(state), kind, botId, staffId: actor.id, returnTo, expiresAt };
    await this.db.manager.insert(ConnectionAttempt, attempt);
    return { url, expiresAt };
  }

  /** The id of the connection, and where the person wanted to go. */
  async complete({ body, actor }: Pick<RequestOf<typeof CompleteConnection>, 'body' | 'actor'>) {
    const attempt = await this.db.manager.findOneBy(ConnectionAttempt, {
      stateHash: this.hash(body.state),
      expiresAt: MoreThan(this.clock.now()),
    });
    if (!attempt) throw new AttemptExpired();
    if (attempt.staffId !== actor.id) throw new AttemptNotYours();
    if (!seesBot(actor.bots, attempt.botId)) throw new UnknownBot(attempt.botId);
    const { affected } = await this.db.manager.update(
      ConnectionAttempt,
      { id: attempt.id, usedAt: IsNull() },
      { usedAt: this.clock.now() },
    );
    const connectionId = affected ? await this.exchange(attempt, body.code, actor) : await this.outcomeOf(attempt.id);
    return { connectionId, returnTo: attempt.returnTo };
  }

  private async exchange({ id, botId, kind }: ConnectionAttempt, code: string, actor: Actor): Promise<string> {
    const oauth = this.oauthOf(botId);
    if (!oauth) throw new UnknownBot(botId);
    try {
      const { token, expiresAt, scopes } = await oauth.exchange(code, this.pageOf(kind));
      const { account, title, username } = await oauth.describe(token);
      const other = this.channels.userOf(kind, account, botId);
      if (other) throw new AccountInUse(seesBot(actor.bots, other) ? other : undefined);
      // Before it is written down: an account that hears nothing is not connected.
      await oauth.subscribe(account, token);
      const { refreshAfterMs } = oauth;
      const connectionId = await this.connections.connect(
        { botId, kind, account, title, username, token, expiresAt, scopes, refreshAfterMs },
        actor,
      );
      await this.db.manager.update(ConnectionAttempt, { id }, { connectionId });
      return connectionId;
    } catch (error) {
      if (error instanceof DomainError) throw error;
      if (error instanceof Rejected || error instanceof NotConnected) throw new ExchangeRefused(error);
      throw new ChannelUnavailable(error);
    }
  }

  /** Codes count once: the second time nothing is exchanged, and the same is answered. */
  private async outcomeOf(attemptId: string): Promise<string> {
    for (let time = 0; time < LOOK_AGAIN.times; time += 1) {
      const attempt = await this.db.manager.findOneBy(ConnectionAttempt, { id: attemptId });
      if (attempt?.connectionId) return attempt.connectionId;
      await sleep(LOOK_AGAIN.everyMs);
    }
    throw new AttemptExpired();
  }

  private oauthOf(botId: string) {
    return this.channels.find(botId)?.oauth;
  }

  /** Registered with the channel as the address to which it sends people back. */
  private pageOf(kind: string): string {
    return new URL(`/console/connect/${kind}`, this.config.GATEWAY_PUBLIC_URL ?? LOCAL_SITE).href;
  }

  private hash(state: string): string {
    return this.index.hash('connection-state', state);
  }
}
