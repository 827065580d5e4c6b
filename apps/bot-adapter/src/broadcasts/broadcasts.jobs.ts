import { Injectable } from '@nestjs/common';
import {
  BotsRegistry,
  Clock,
  defineJob,
  type JobRun,
  Jobs,
  type PayloadOf,
  Runs,
  Scheduled,
  Slot,
} from '@switchboard/service-kit';
import { DataSource, type EntityManager } from 'typeorm';
import { z } from 'zod';
import { ChannelsService } from '../channels/channels.service';
import { Broadcast } from './broadcast.entity';
import { RecipientsService } from './recipients.service';
import { SegmentsService } from './segments.service';

const SendBroadcast = defineJob('send-broadcast', z.object({ broadcastId: z.uuid() }));
const RunBroadcasts = defineJob('run-broadcasts', Slot);

/** What payments cannot answer is asked again; after that the broadcast goes on with the next minute. */
const ATTEMPTS = 5;
const LOOK_EVERY_MS = 1000;
/** Handed over in one transaction. */
const BATCH = 25;
/** Of one broadcast so many wait with the deliveries: what a channel takes in a second, and within these. */
const WINDOW = { least: 10, most: 200 };

/** Works through what is written to many people: lays down who they are, and hands over as much as the channel takes. */
@Injectable()
export class BroadcastsJobs {
  constructor(
    private readonly db: DataSource,
    private readonly jobs: Jobs,
    private readonly bots: BotsRegistry,
    private readonly channels: ChannelsService,
    private readonly segments: SegmentsService,
    private readonly recipients: RecipientsService,
    private readonly clock: Clock,
  ) {}

  /** One job for each broadcast, however often it is asked for: two would hand over twice as much at a time. */
  async wake(tx: EntityManager, broadcastId: string, delayMs = 0): Promise<void> {
    await this.jobs.add(
      tx,
      SendBroadcast,
      { broadcastId },
      {
        key: `broadcast:${broadcastId}`,
        queue: `broadcast:${broadcastId}`,
        maxAttempts: ATTEMPTS,
        delayMs,
        yields: true,
      },
    );
  }

  @Scheduled('* * * * *', RunBroadcasts, {
    purpose: 'Begins broadcasts whose time has come, and goes on with those that wait for the morning.',
    timeoutMs: 60_000,
  })
  async runDue(): Promise<void> {
    await this.db.transaction(async (tx) => {
      const now = this.clock.now();
      const due = await tx
        .createQueryBuilder(Broadcast, 'b')
        .where(`b.state = 'scheduled' AND b.startAt <= :now`, { now })
        .setLock('pessimistic_write')
        .getMany();
      for (const broadcast of due) {
        broadcast.become('running');
        await tx.update(
          Broadcast,
          { id: broadcast.id },
          { state: 'running', startedAt: now, revision: broadcast.revision },
        );
      }
      const rows = await tx.query<{ id: string }[]>(
        `SELECT id FROM broadcasts WHERE state = 'running' OR (results IS NULL AND ended_at IS NOT NULL)`,
      );
      for (const { id } of rows) await this.wake(tx, id);
    });
  }

  @Runs(SendBroadcast)
  async run({ broadcastId }: PayloadOf<typeof SendBroadcast>, { signal }: JobRun): Promise<void> {
    while (!signal.aborted && (await this.layDown(broadcastId, signal)));
    let goesOn = true;
    let handed = 0;
    while (goesOn && !signal.aborted && handed < WINDOW.most) {
      const step = await this.db.transaction((tx) => this.handOver(tx, broadcastId, handed));
      goesOn = step.goesOn;
      handed += step.looked;
    }
    await this.db.transaction((tx) => this.lookAgain(tx, broadcastId));
  }

  /** The next people of the segment. False when all are there, or it is not to go on. */
  private async layDown(id: string, signal: AbortSignal): Promise<boolean> {
    const before = await this.db.manager.findOneBy(Broadcast, { id });
    if (before?.state !== 'running' || before.isLaid) return false;
    const { botId, segment, laidAfter } = before;
    const page = await this.segments.page(botId, segment, laidAfter, signal);
    return this.db.transaction(async (tx) => {
      const broadcast = await this.lock(tx, id);
      // Another process was faster, or staff have decided otherwise.
      if (broadcast?.state !== 'running' || broadcast.isLaid || broadcast.laidAfter !== laidAfter) return true;
      const userIds = page.people.map(({ userId }) => userId);
      const { added, isCut } = await this.recipients.add(tx, broadcast, userIds, broadcast.atMost! - broadcast.laid);
      const isLaid = page.next === null || isCut;
      const laid = broadcast.laid + added;
      await tx.update(Broadcast, { id }, { laid, laidAfter: isLaid ? null : page.next, isLaid, isCut });
      return !isLaid;
    });
  }

  private async handOver(tx: EntityManager, id: string, handed: number): Promise<{ looked: number; goesOn: boolean }> {
    const broadcast = await this.lock(tx, id);
    const nothing = { looked: 0, goesOn: false };
    if (broadcast?.state !== 'running' || !broadcast.isLaid) return nothing;
    const perSecond = this.messagesPerSecond(broadcast);
    if (perSecond === undefined) return nothing;
    const window = Math.min(Math.max(Math.round(perSecond), WINDOW.least), WINDOW.most);
    const room = Math.min(BATCH, window - handed, window - (await this.recipients.settle(tx, broadcast)));
    if (room <= 0) return nothing;
    const looked = await this.recipients.handOver(tx, broadcast, room, 1000 / perSecond);
    return { looked, goesOn: looked === room };
  }

  /** Whether there is more to come; what waits for the morning is looked at by the minute. */
  private async lookAgain(tx: EntityManager, id: string): Promise<void> {
    const broadcast = await this.lock(tx, id);
    if (!broadcast || broadcast.results) return;
    const isRunning = broadcast.state === 'running';
    if (!isRunning && broadcast.state !== 'paused' && !broadcast.endedAt) return;
    const underWay = await this.recipients.settle(tx, broadcast);
    const isOver = underWay === 0 && (broadcast.endedAt !== null || (broadcast.isLaid && isRunning));
    if (isOver && !(await this.recipients.isWaitedFor(tx, broadcast))) {
      if (isRunning) {
        broadcast.become('done');
        broadcast.endedAt = this.clock.now();
      }
      const results = await this.recipients.results(tx, id);
      const { state, endedAt, revision } = broadcast;
      await tx.update(Broadcast, { id }, { state, endedAt, revision, results });
      return;
    }
    // As long as nobody can be written to, it is looked at by the minute.
    const mayGoOn = isRunning && this.messagesPerSecond(broadcast) !== undefined;
    const isDue = mayGoOn && (!broadcast.isLaid || (await this.recipients.isAnyDue(tx, broadcast)));
    if (underWay > 0 || isDue) await this.wake(tx, id, LOOK_EVERY_MS);
  }

  /** Undefined for a bot that takes a break and writes to nobody, and for one that is not known here: it may be soon. */
  private messagesPerSecond({ botId }: Broadcast): number | undefined {
    if (this.bots.find(botId)?.isPaused !== false) return undefined;
    return this.channels.find(botId)?.capabilities.rates.bot.perSecond;
  }

  private lock(tx: EntityManager, id: string): Promise<Broadcast | null> {
    return tx.findOne(Broadcast, { where: { id }, lock: { mode: 'pessimistic_write' } });
  }
}
