import { Injectable } from '@nestjs/common';
import { Outbox } from '@switchboard/bus';
import {
  type Actor,
  AuditEntryAppendRequested,
  type ChangeBroadcast,
  type CountSegment,
  type CreateBroadcast,
  type ListBroadcasts,
  PauseBroadcast,
  type ReadBroadcast,
  ResumeBroadcast,
  type RouteDefinition,
  SendBroadcast,
  StopBroadcast,
  UnscheduleBroadcast,
} from '@switchboard/contracts';
import {
  type AnswerOf,
  auditEntry,
  BotsRegistry,
  Clock,
  Cursors,
  DomainError,
  type RequestOf,
  seesBot,
} from '@switchboard/service-kit';
import { DataSource, type EntityManager } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import { Broadcast } from './broadcast.entity';
import { BroadcastsJobs } from './broadcasts.jobs';
import { RecipientsService } from './recipients.service';
import { type SegmentPage, SegmentsService } from './segments.service';

class BroadcastNotFound extends DomainError {
  constructor() {
    super('bot-adapter.broadcast_not_found', { en: 'There is no such broadcast.', ru: 'Такой рассылки нет.' }, 404);
  }
}
class UnknownBot extends DomainError {
  constructor(botId: string) {
    super('bot-adapter.unknown_bot', { en: 'There is no such bot here.', ru: 'Такого бота здесь нет.' }, 404, {
      botId,
    });
  }
}
class CustomersUnavailable extends DomainError {
  constructor() {
    const texts = {
      en: 'What people have bought cannot be asked just now.',
      ru: 'Сейчас нельзя узнать, что люди покупали.',
    };
    super('bot-adapter.customers_unavailable', texts, 503);
  }
}

type Shown = AnswerOf<typeof ReadBroadcast>;
type Step = { readonly params: { readonly broadcastId: string }; readonly actor: Actor };

/** Staff wait no longer for a number. */
const COUNT_FOR_MS = 10_000;

/** Broadcasts as staff write, begin and end them. */
@Injectable()
export class BroadcastsService {
  constructor(
    private readonly db: DataSource,
    private readonly bots: BotsRegistry,
    private readonly segments: SegmentsService,
    private readonly recipients: RecipientsService,
    private readonly jobs: BroadcastsJobs,
    private readonly cursors: Cursors,
    private readonly outbox: Outbox,
    private readonly clock: Clock,
  ) {}

  async list(request: RequestOf<typeof ListBroadcasts>): Promise<AnswerOf<typeof ListBroadcasts>> {
    const { query, actor } = request;
    const rows = this.db.manager.createQueryBuilder(Broadcast, 'b');
    if (query.botId) rows.andWhere('b.botId = :botId', { botId: query.botId });
    if (query.state) rows.andWhere('b.state IN (:...states)', { states: query.state });
    if (actor.bots) rows.andWhere('b.botId = ANY(:bots)', { bots: actor.bots });
    const { data, page } = await this.cursors.select(request, rows, ['id']);
    return { data: await Promise.all(data.map((broadcast) => this.shown(this.db.manager, broadcast))), page };
  }

  async read({ params, actor }: RequestOf<typeof ReadBroadcast>): Promise<Shown> {
    return this.shown(this.db.manager, await this.find(this.db.manager, params.broadcastId, actor));
  }

  async create(tx: EntityManager, { body, actor }: RequestOf<typeof CreateBroadcast>): Promise<Shown> {
    if (!this.bots.find(body.botId)) throw new UnknownBot(body.botId);
    const broadcast = tx.create(Broadcast, {
      ...{ ...body, id: uuidv7(), state: 'draft', startAt: null, atMost: null, laid: 0, laidAfter: null },
      ...{ isLaid: false, isCut: false, createdBy: actor.id, createdAt: this.clock.now(), startedAt: null },
      ...{ endedAt: null, results: null, revision: 1 },
    });
    await tx.insert(Broadcast, broadcast as never);
    return this.shown(tx, broadcast);
  }

  change({ params, body, actor, ifMatch }: RequestOf<typeof ChangeBroadcast>): Promise<Shown> {
    return this.db.transaction(async (tx) => {
      const broadcast = await this.find(tx, params.broadcastId, actor, 'lock');
      ifMatch.check(broadcast.revision);
      broadcast.checkDraft();
      Object.assign(broadcast, body, { revision: broadcast.revision + 1 });
      return this.save(tx, broadcast);
    });
  }

  discard({ params, actor }: Step): Promise<void> {
    return this.db.transaction(async (tx) => {
      const broadcast = await this.find(tx, params.broadcastId, actor, 'lock');
      broadcast.checkDraft();
      await tx.delete(Broadcast, { id: broadcast.id });
    });
  }

  /** @throws CustomersUnavailable */
  async count({ body, signal }: RequestOf<typeof CountSegment>): Promise<AnswerOf<typeof CountSegment>> {
    const { botId, segment } = body;
    if (!this.bots.find(botId)) throw new UnknownBot(botId);
    const until = performance.now() + COUNT_FOR_MS;
    const counted = { people: 0, reached: 0 };
    let after: string | null = null;
    do {
      const page: SegmentPage = await this.segments.page(botId, segment, after, signal).catch((error: unknown) => {
        throw segment.customers ? new CustomersUnavailable() : error;
      });
      counted.people += page.people.length;
      counted.reached += page.people.filter(({ isReached }) => isReached).length;
      after = page.next;
    } while (after !== null && performance.now() < until);
    return { ...counted, isComplete: after === null };
  }

  /** Of a time that is past it begins at once. Who is to have it is decided when it begins. */
  send(request: RequestOf<typeof SendBroadcast>): Promise<Shown> {
    const { body, ifMatch } = request;
    return this.step(request, SendBroadcast, (_tx, broadcast) => {
      ifMatch.check(broadcast.revision);
      const now = this.clock.now();
      const isLater = body.at !== undefined && body.at > now;
      broadcast.become(isLater ? 'scheduled' : 'running');
      Object.assign(broadcast, { atMost: body.atMost, startAt: body.at ?? now, startedAt: isLater ? null : now });
    });
  }

  unschedule(request: Step): Promise<Shown> {
    return this.step(request, UnscheduleBroadcast, (_tx, broadcast) => {
      broadcast.become('draft');
      Object.assign(broadcast, { startAt: null, atMost: null });
    });
  }

  pause(request: Step): Promise<Shown> {
    return this.step(request, PauseBroadcast, async (tx, broadcast) => {
      broadcast.become('paused');
      await this.recipients.recall(tx, broadcast);
    });
  }

  resume(request: Step): Promise<Shown> {
    return this.step(request, ResumeBroadcast, (_tx, broadcast) => broadcast.become('running'));
  }

  stop(request: Step): Promise<Shown> {
    return this.step(request, StopBroadcast, async (tx, broadcast) => {
      broadcast.become('stopped');
      broadcast.endedAt = this.clock.now();
      await this.recipients.recall(tx, broadcast);
      await this.recipients.giveUp(tx, broadcast);
    });
  }

  private step(
    { params, actor }: Step,
    route: RouteDefinition,
    change: (tx: EntityManager, broadcast: Broadcast) => Promise<void> | void,
  ): Promise<Shown> {
    return this.db.transaction(async (tx) => {
      const broadcast = await this.find(tx, params.broadcastId, actor, 'lock');
      const before = { state: broadcast.state };
      await change(tx, broadcast);
      const { id: resourceId, botId, state, atMost, startAt } = broadcast;
      const after = { state, atMost, startAt: startAt?.toISOString() ?? null };
      const entry = auditEntry(actor, route, { resourceType: 'broadcast', resourceId, botId, before, after });
      await this.outbox.add(tx, AuditEntryAppendRequested(entry));
      return this.save(tx, broadcast);
    });
  }

  private async save(tx: EntityManager, broadcast: Broadcast): Promise<Shown> {
    const { id, ...rest } = broadcast;
    await tx.update(Broadcast, { id }, rest as never);
    if (broadcast.startedAt) await this.jobs.wake(tx, id);
    return this.shown(tx, broadcast);
  }

  private async find(tx: EntityManager, id: string, { bots }: Actor, lock?: 'lock'): Promise<Broadcast> {
    const broadcast = await tx.findOne(Broadcast, {
      where: { id },
      ...(lock && { lock: { mode: 'pessimistic_write' } }),
    });
    if (!broadcast || !seesBot(bots, broadcast.botId)) throw new BroadcastNotFound();
    return broadcast;
  }

  private async shown(tx: EntityManager, broadcast: Broadcast): Promise<Shown> {
    const { laid: _laid, laidAfter: _laidAfter, isLaid: _isLaid, ...rest } = broadcast;
    const runs = !['draft', 'scheduled'].includes(broadcast.state);
    const results = broadcast.results ?? (runs ? await this.recipients.results(tx, broadcast.id) : null);
    return { ...rest, results };
  }
}
