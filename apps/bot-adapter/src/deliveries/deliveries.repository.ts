import { Injectable } from '@nestjs/common';
import { Outbox } from '@switchboard/bus';
import { type KnownUndeliverableReason, MessageDelivered, MessageUndeliverable } from '@switchboard/contracts';
import { Clock } from '@switchboard/service-kit';
import { setTimeout as sleep } from 'node:timers/promises';
import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import { DataSource, type EntityManager, In, MoreThan } from 'typeorm';
import { Unreachable, WindowClosed } from '../channels/channel-errors';
import { Chat } from '../contacts/chat.entity';
import { ContactsService } from '../contacts/contacts.service';
import { InboundMessageRow } from '../contacts/inbound-message.entity';
import { Delivery, type Place } from './delivery.entity';

/** The next delivery of a chat, and the chat. */
export interface Waiting {
  readonly delivery: Delivery;
  readonly chat: Chat;
  /** Nothing may be sent to the chat before. */
  readonly restMs: number;
  /** Whether a message shows the answer as it was being written, or may do so. */
  readonly isPreviewed: boolean;
  /** Nothing else waited for the chat when this was read; what came since has a job of its own. */
  readonly isLast: boolean;
}

/** Only its own time makes an old failure disappear from the metric; long enough for people to look. */
const FAILURES_SHOWN_MS = 3_600_000;
/** How long a person who is to be erased is still told things, and how often that is looked at. */
const LAST_WORDS_MS = 20_000;
const LOOK_AGAIN_EVERY_MS = 250;

const OPEN = In(['queued', 'sending']);

/** The rows of what is sent, and what became of each call to a channel: sent, deferred, refused or unknown. */
@Injectable()
export class DeliveriesRepository {
  private readonly finished: Counter<'bot' | 'kind' | 'outcome'>;
  private readonly unknownOutcomes: Counter<'bot' | 'cause'>;
  private readonly seconds: Histogram<'kind'>;

  constructor(
    private readonly db: DataSource,
    private readonly outbox: Outbox,
    private readonly contacts: ContactsService,
    private readonly clock: Clock,
    registry: Registry,
  ) {
    const registers = [registry];
    this.finished = new Counter({
      name: 'deliveries_total',
      help: 'Deliveries that came to an end, by how: sent, or the reason why not.',
      labelNames: ['bot', 'kind', 'outcome'],
      registers,
    });
    this.unknownOutcomes = new Counter({
      name: 'deliveries_outcome_unknown_total',
      help: 'Calls of which nobody knows whether the channel took the message: sent again, a person may see it twice.',
      labelNames: ['bot', 'cause'],
      registers,
    });
    this.seconds = new Histogram({
      name: 'delivery_seconds',
      help: 'From queued to accepted by the channel, with all its parts.',
      labelNames: ['kind'],
      buckets: [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 15, 60, 300],
      registers,
    });
    new Gauge({
      name: 'deliveries_given_up',
      help: 'Deliveries given up within the last hour, by reason, in the whole installation: every process tells the same.',
      labelNames: ['bot', 'reason'],
      registers,
      async collect() {
        const rows = await givenUp(db, clock.now()).catch(() => []);
        this.reset();
        for (const { bot, reason, count } of rows) this.set({ bot, reason }, count);
      },
    });
  }

  /** The chat, and where in it an answer to this message of whom belongs; undefined for a chat that does not exist. */
  async placeFor(
    tx: EntityManager,
    chatId: string,
    messageId: string | undefined,
  ): Promise<{ chat: Chat; place: Place | undefined; askedBy: string | undefined } | undefined> {
    const found = (await tx
      .createQueryBuilder(Chat, 'chat')
      .leftJoinAndMapOne('chat.asked', InboundMessageRow, 'asked', 'asked.id = :messageId', { messageId })
      // The chat that goes on, for one that was met under two ids.
      .where('chat.id = COALESCE((SELECT moved_to FROM chats WHERE id = :chatId), :chatId)', { chatId })
      .getOne()) as (Chat & { asked?: InboundMessageRow }) | null;
    if (!found) return undefined;
    const { asked, ...chat } = found;
    if (!asked) return { chat, place: undefined, askedBy: undefined };
    const { externalChatHash, externalThreadId, externalMessageId } = asked;
    return {
      chat,
      askedBy: asked.userId,
      place: {
        chatHash: externalChatHash,
        ...(externalThreadId !== null && { threadId: externalThreadId }),
        // Between two there is no doubt about what is answered.
        ...(chat.kind === 'group' && { replyTo: externalMessageId }),
      },
    };
  }

  async next(chatId: string): Promise<Waiting | undefined> {
    const { entities, raw } = await this.db.manager
      .createQueryBuilder(Delivery, 'delivery')
      .innerJoinAndMapOne('delivery.chat', Chat, 'chat', 'chat.id = delivery.chatId')
      // The clock of the database: it also wrote the time, and starts the jobs.
      .addSelect('GREATEST(0, EXTRACT(EPOCH FROM chat.nextSendAt - clock_timestamp()) * 1000)::integer', 'rest_ms')
      .addSelect('EXISTS (SELECT FROM previews WHERE reply_id = delivery.causeId)', 'is_previewed')
      .addSelect(
        `NOT EXISTS (SELECT FROM deliveries other WHERE other.chat_id = delivery.chatId AND other.id <> delivery.id
           AND other.state IN ('queued', 'sending'))`,
        'is_last',
      )
      .where({ chatId, state: OPEN })
      .orderBy('delivery.bulk')
      .addOrderBy('delivery.seq')
      .limit(1)
      .getRawAndEntities<{ rest_ms: number | null; is_previewed: boolean; is_last: boolean }>();
    const [delivery] = entities as (Delivery & { chat: Chat })[];
    const [more] = raw;
    if (!delivery || !more) return undefined;
    return {
      delivery,
      chat: delivery.chat,
      restMs: more.rest_ms ?? 0,
      isPreviewed: more.is_previewed,
      isLast: more.is_last,
    };
  }

  /**
   * Written right before the call. False when another process was faster, which happens after a frozen one wakes up. Its commit
   * is not waited for: a process that dies leaves the row as written, and after a crash of the database alone a message whose
   * outcome is unknown is sent once more all the same, only uncounted.
   */
  async begin({ id, state, tries, nextPart, unknownOutcomes }: Delivery): Promise<boolean> {
    const [, begun] = await this.db.query<[unknown[], number]>(
      `WITH unhurried AS MATERIALIZED (SELECT set_config('synchronous_commit', 'off', true))
       UPDATE deliveries SET state = 'sending', tries = tries + 1, unknown_outcomes = $5 FROM unhurried
       WHERE id = $1 AND state = $2 AND tries = $3 AND next_part = $4`,
      [id, state, tries, nextPart, unknownOutcomes],
    );
    return begun === 1;
  }

  /**
   * Written right after the call, in one statement: until it is committed, a process that dies leaves a doubt. May be repeated
   * when it is not known whether it was committed.
   */
  async sent(
    { delivery, chat }: Pick<Waiting, 'delivery' | 'chat'>,
    of: number,
    externalMessageId: string,
  ): Promise<void> {
    const { kind } = delivery;
    const nextPart = delivery.nextPart + 1;
    const isLast = nextPart === of;
    const now = this.clock.now();
    const change = {
      sql: `UPDATE deliveries SET state = $2, next_part = $3, tries = 0, unknown_outcomes = 0, finished_at = $4,
              reason = CASE WHEN $2 = 'sent' THEN NULL ELSE reason END,
              external_message_ids = array_append(external_message_ids, $5) WHERE id = $1 AND next_part = $6`,
      parameters: [
        delivery.id,
        isLast ? 'sent' : 'queued',
        nextPart,
        isLast ? now : null,
        externalMessageId,
        delivery.nextPart,
      ],
    };
    const isTold = isLast && isAnnounced(kind);
    const affected = await this.outbox.addWith(
      this.db,
      change,
      ...(isTold
        ? [MessageDelivered({ ...about(chat, delivery), kind, parts: of, deliveredAt: now.toISOString() })]
        : []),
    );
    if (!isLast || affected === 0) return;
    this.finished.inc({ bot: chat.botId, kind, outcome: 'sent' });
    this.seconds.observe({ kind }, (now.getTime() - delivery.queuedAt.getTime()) / 1000);
  }

  /** Whether a message belongs to a later delivery by now, as when an answer took the place of another. */
  async isReplaced({ chatId, seq }: Delivery, externalMessageId: string): Promise<boolean> {
    const [{ replaced }] = await this.db.query<[{ replaced: boolean }]>(
      `SELECT EXISTS (SELECT FROM deliveries WHERE chat_id = $1 AND seq > $2 AND $3 = ANY (external_message_ids)) AS replaced`,
      [chatId, seq, externalMessageId],
    );
    return replaced;
  }

  /** To be tried again; nothing goes to this chat before. A refused try that cannot have been sent does not count. */
  async deferred({ delivery, chat }: Waiting, seconds: number, { counts }: { counts: boolean }): Promise<void> {
    // `begin` has counted one more than this row, read before it, knows of.
    await this.db.query(
      `WITH delivery AS (
         UPDATE deliveries SET state = 'queued', tries = $4, unknown_outcomes = $5 WHERE id = $1 AND next_part = $6 RETURNING 1)
       UPDATE chats SET next_send_at = clock_timestamp() + make_interval(secs => $2)
       WHERE id = $3 AND EXISTS (SELECT FROM delivery)`,
      [
        ...[delivery.id, seconds, chat.id],
        counts ? delivery.tries + 1 : delivery.tries,
        delivery.unknownOutcomes,
        // Whoever learned meanwhile that this part has arrived is right.
        delivery.nextPart,
      ],
    );
  }

  /** Given up, with the reason. */
  async refused({ delivery, chat }: Waiting, reason: KnownUndeliverableReason): Promise<void> {
    await this.db.transaction((tx) => this.giveUp(tx, chat, [delivery], reason));
  }

  /** Given up because the channel says that the window is closed, whatever we believe. */
  async windowClosed({ delivery, chat }: Waiting): Promise<void> {
    const now = this.clock.now();
    await this.db.transaction(async (tx) => {
      const closed = delivery.author === 'bot' ? { windowUntil: now } : { windowUntil: now, personWindowUntil: now };
      await tx.update(Chat, chat.id, closed);
      await this.giveUp(tx, chat, [delivery], 'window_closed');
    });
  }

  /** Nobody reads there any more: everything that waits for the chat is given up. */
  async unreachable(chat: Chat, reason: Unreachable['reason']): Promise<void> {
    await this.db.transaction(async (tx) => {
      if (reason === 'may_not_write') await this.contacts.mute(tx, chat);
      else await this.contacts.block(tx, chat);
      await this.giveUp(tx, chat, await tx.findBy(Delivery, { chatId: chat.id, state: OPEN }), reason);
    });
  }

  /** Whether a message of a chat is one that we have sent, by the channel's id or by our key. */
  async isOurs(
    tx: EntityManager,
    chatId: string,
    { externalMessageId, key }: { externalMessageId: string; key?: string },
  ): Promise<boolean> {
    const [{ ours }] = await tx.query<[{ ours: boolean }]>(
      `SELECT EXISTS (SELECT FROM deliveries WHERE chat_id = $1 AND ($2 = ANY (external_message_ids) OR id::text = $3))
         OR EXISTS (SELECT FROM previews WHERE chat_id = $1 AND external_message_id = $2) AS ours`,
      [chatId, externalMessageId, key?.split('.')[0] ?? null],
    );
    return ours;
  }

  /** The chats of a bot in which something waits. */
  async waitingIn(botId: string): Promise<string[]> {
    const rows = await this.db.query<{ id: string }[]>(
      `SELECT id FROM chats WHERE bot_id = $1
         AND EXISTS (SELECT FROM deliveries WHERE chat_id = chats.id AND state = 'queued')`,
      [botId],
    );
    return rows.map(({ id }) => id);
  }

  /** What is being sent to a chat, or was sent without our learning whether it has arrived. */
  inDoubt(tx: EntityManager, chatId: string): Promise<Delivery[]> {
    return tx.find(Delivery, {
      where: [
        { chatId, state: 'sending' },
        { chatId, state: 'queued', unknownOutcomes: MoreThan(0) },
      ],
      order: { seq: 'ASC' },
    });
  }

  /** The delivery to which a message of a chat belongs. Holds its row until `tx` ends. */
  findSent(tx: EntityManager, chatId: string, externalMessageId: string): Promise<Delivery | null> {
    return tx
      .createQueryBuilder(Delivery, 'delivery')
      .where({ chatId })
      .andWhere(':externalMessageId = ANY (delivery.externalMessageIds)', { externalMessageId })
      .orderBy('delivery.seq', 'DESC')
      .limit(1)
      .setLock('pessimistic_write')
      .getOne();
  }

  /** The channel says that what it had taken did not arrive. It may say so more than once. */
  async failedLater(tx: EntityManager, chat: Chat, delivery: Delivery, failure: Error | undefined): Promise<void> {
    if (delivery.state === 'failed') return;
    if (failure instanceof Unreachable) {
      if (failure.reason === 'may_not_write') await this.contacts.mute(tx, chat);
      else await this.contacts.block(tx, chat);
      return this.giveUp(tx, chat, [delivery], failure.reason);
    }
    if (!(failure instanceof WindowClosed)) return this.giveUp(tx, chat, [delivery], 'rejected');
    await tx.update(Chat, chat.id, { windowUntil: this.clock.now() });
    await this.giveUp(tx, chat, [delivery], 'window_closed');
  }

  /**
   * Somebody else answers now: what the bot was still to say in the chat is given up. What is just being sent ends after the part
   * that is under way.
   */
  async takenOver(tx: EntityManager, chat: Chat): Promise<void> {
    const open = await tx.find(Delivery, {
      where: { chatId: chat.id, state: OPEN, kind: In(['text', 'voice']), author: 'bot', bulk: false },
      lock: { mode: 'pessimistic_write' },
    });
    const underWay = open.filter(({ state }) => state === 'sending').map(({ id }) => id);
    if (underWay.length > 0) await tx.update(Delivery, { id: In(underWay) }, { reason: 'taken_over' });
    const waiting = open.filter(({ state }) => state === 'queued');
    if (waiting.length > 0) await this.giveUp(tx, chat, waiting, 'taken_over');
  }

  /** Nobody knows whether the channel took a message. */
  unknown({ chat }: Waiting, cause: string): void {
    this.unknownOutcomes.inc({ bot: chat.botId, cause });
  }

  /** The chat has a new id; what waits follows it. Returns the chat that goes on. */
  async moved(tx: EntityManager, { chat, delivery }: Waiting, to: string): Promise<Chat> {
    const moved = await this.contacts.move(tx, chat, to);
    await tx.update(Delivery, delivery.id, { state: 'queued', tries: delivery.tries + 1 });
    if (moved?.superseded) await this.repoint(tx, moved.superseded.id, moved.chat.id);
    // Without a move the channel has told us of it already, or this chat was superseded.
    const goesOn = moved?.chat ?? (await this.contacts.presentChat(tx, chat.id));
    if (goesOn && goesOn.id !== chat.id) await this.repoint(tx, chat.id, goesOn.id);
    return goesOn ?? chat;
  }

  /** What waits for one chat is for another. */
  async repoint(tx: EntityManager, from: string, to: string): Promise<void> {
    await tx.update(Delivery, { chatId: from, state: OPEN }, { chatId: to });
  }

  /** Whether something waits for the chat that was not sent to many. */
  isAwaited(tx: EntityManager, chatId: string): Promise<boolean> {
    return tx.existsBy(Delivery, { chatId, state: OPEN, bulk: false });
  }

  /** Takes back what was not handed to the channel yet. Returns the causes of what it has taken back. */
  async recall(tx: EntityManager, causeIds: readonly string[]): Promise<string[]> {
    // Who was about to send it finds no row by which to begin.
    const [rows] = await tx.query<[{ cause_id: string }[], number]>(
      `DELETE FROM deliveries WHERE cause_id = ANY($1) AND state = 'queued' AND next_part = 0 RETURNING cause_id`,
      [causeIds],
    );
    return rows.map((row) => row.cause_id);
  }

  /** Waits a little for what is still to be sent because of a person. */
  async untilNothingWaitsFor(userId: string, signal: AbortSignal): Promise<void> {
    const until = performance.now() + LAST_WORDS_MS;
    while (performance.now() < until && !signal.aborted) {
      if (!(await this.db.manager.existsBy(Delivery, { userId, state: OPEN }))) return;
      await sleep(LOOK_AGAIN_EVERY_MS);
    }
  }

  private async giveUp(
    tx: EntityManager,
    chat: Chat,
    deliveries: Delivery[],
    reason: KnownUndeliverableReason,
  ): Promise<void> {
    const ids = deliveries.map(({ id }) => id);
    await tx.update(Delivery, { id: In(ids) }, { state: 'failed', reason, finishedAt: this.clock.now() });
    const announced = deliveries.filter(({ kind }) => isAnnounced(kind));
    await this.outbox.add(
      tx,
      ...announced.map((delivery) => MessageUndeliverable({ ...about(chat, delivery), reason })),
    );
    for (const { kind } of deliveries) this.finished.inc({ bot: chat.botId, kind, outcome: reason });
  }
}

/** What somebody waits to hear of. */
export const isAnnounced = (kind: Delivery['kind']): kind is 'text' | 'voice' | 'staff' =>
  kind === 'text' || kind === 'voice' || kind === 'staff';

const about = ({ id: chatId, botId, channel }: Chat, { id: deliveryId, userId, causeId }: Delivery) => ({
  chatId,
  botId,
  channel,
  userId,
  deliveryId,
  causeId,
});

const givenUp = (db: DataSource, now: Date) =>
  db.query<{ bot: string; reason: string; count: number }[]>(
    `SELECT chat.bot_id AS bot, delivery.reason, count(*)::integer AS count
     FROM deliveries delivery JOIN chats chat ON chat.id = delivery.chat_id
     WHERE delivery.state = 'failed' AND delivery.finished_at > $1 GROUP BY 1, 2`,
    [new Date(now.getTime() - FAILURES_SHOWN_MS)],
  );
