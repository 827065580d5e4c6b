import { Injectable } from '@nestjs/common';
import { localized } from '@switchboard/contracts';
import { BotsRegistry, Clock } from '@switchboard/service-kit';
import type { EntityManager } from 'typeorm';
import { v5 as uuidv5 } from 'uuid';
import { TextsSection } from '../bots/bot-sections';
import type { Button } from '../channels/channel';
import { Chat } from '../contacts/chat.entity';
import { endOfQuietHours, USUAL_QUIET_HOURS } from '../contacts/quiet-hours';
import { DeliveriesRepository } from '../deliveries/deliveries.repository';
import { DeliveriesService } from '../deliveries/deliveries.service';
import { ButtonsService } from '../dialogs/buttons.service';
import { FOLLOW, KIT, NEWS_OFF } from '../dialogs/screens.service';
import { shared } from '../texts/catalogue';
import type { Broadcast, BroadcastResults } from './broadcast.entity';

interface Recipient {
  readonly userId: string;
  readonly chatId: string | null;
  readonly blockedAt: Date | null;
  readonly news: boolean | null;
  readonly restricted: boolean;
  readonly quietFrom: string | null;
  readonly quietTo: string | null;
  readonly timeZone: string | null;
}

/** Who is to have a broadcast, one row for each person, and what became of it. */
@Injectable()
export class RecipientsService {
  constructor(
    private readonly bots: BotsRegistry,
    private readonly deliveries: DeliveriesService,
    private readonly deliveryRows: DeliveriesRepository,
    private readonly buttons: ButtonsService,
    private readonly clock: Clock,
  ) {}

  /** Returns how many are new; no more than `room` become recipients. */
  async add(
    tx: EntityManager,
    { id }: Broadcast,
    userIds: readonly string[],
    room: number,
  ): Promise<{ added: number; isCut: boolean }> {
    const fresh = await tx.query<{ id: string }[]>(
      `SELECT id FROM unnest($2::uuid[]) id
       WHERE NOT EXISTS (SELECT FROM broadcast_recipients WHERE broadcast_id = $1 AND user_id = id)`,
      [id, userIds],
    );
    const taken = fresh.slice(0, room).map((row) => row.id);
    await tx.query(
      `INSERT INTO broadcast_recipients (broadcast_id, user_id, state, due_at) SELECT $1, unnest($2::uuid[]), 'waiting', $3`,
      [id, taken, this.clock.now()],
    );
    return { added: taken.length, isCut: fresh.length > room };
  }

  /**
   * Hands messages to the deliveries, for people whose turn it is; who wants none, or cannot be written to, is passed over.
   * @param everyMs after so long each the next one is sent
   * @returns how many were looked at: less than `limit` where nobody else's turn it is now
   */
  async handOver(tx: EntityManager, broadcast: Broadcast, limit: number, everyMs: number): Promise<number> {
    const now = this.clock.now();
    const bot = this.bots.find(broadcast.botId)!;
    const rows = await tx.query<Recipient[]>(DUE, [broadcast.id, now, limit, broadcast.botId]);
    let queued = 0;
    for (const recipient of rows) {
      const { userId } = recipient;
      const skipped = reasonToSkip(recipient);
      if (skipped) {
        await this.settleOne(tx, broadcast, userId, skipped);
        continue;
      }
      const { quietFrom: from, quietTo: to } = recipient;
      const quiet = from === null || to === null ? USUAL_QUIET_HOURS : { from, to };
      const later = endOfQuietHours(quiet, recipient.timeZone ?? bot.timeZone, now);
      if (later) {
        await tx.query('UPDATE broadcast_recipients SET due_at = $3 WHERE broadcast_id = $1 AND user_id = $2', [
          ...[broadcast.id, userId, later],
        ]);
        continue;
      }
      await this.queue(tx, broadcast, recipient, { inMs: Math.round(queued * everyMs) });
      queued += 1;
    }
    return rows.length;
  }

  /** Notes what became of messages that were handed over. Returns how many of them are still under way. */
  async settle(tx: EntityManager, { id }: Broadcast): Promise<number> {
    await tx.query(
      `UPDATE broadcast_recipients r SET state = coalesce(d.state, 'skipped'), reason = CASE WHEN d.id IS NULL THEN 'no_chat' ELSE d.reason END
       FROM broadcast_recipients q LEFT JOIN deliveries d ON d.cause_id = q.cause_id AND d.kind = 'notice'
       WHERE q.broadcast_id = $1 AND q.state = 'queued' AND (d.id IS NULL OR d.state IN ('sent', 'failed'))
         AND r.broadcast_id = q.broadcast_id AND r.user_id = q.user_id`,
      [id],
    );
    const [row] = await tx.query<[{ n: number }]>(
      `SELECT count(*)::int AS n FROM broadcast_recipients WHERE broadcast_id = $1 AND state = 'queued'`,
      [id],
    );
    return row.n;
  }

  /** Takes back what was not handed to the channel yet; their turn may come again. */
  async recall(tx: EntityManager, { id }: Broadcast): Promise<void> {
    const rows = await tx.query<{ cause_id: string }[]>(
      `SELECT cause_id FROM broadcast_recipients WHERE broadcast_id = $1 AND state = 'queued'`,
      [id],
    );
    const causes = rows.map((row) => row.cause_id);
    const recalled = causes.length === 0 ? [] : await this.deliveryRows.recall(tx, causes);
    await tx.query(
      `UPDATE broadcast_recipients SET state = 'waiting', cause_id = NULL WHERE broadcast_id = $1 AND cause_id = ANY($2)`,
      [id, recalled],
    );
  }

  /** Nobody who waits gets it any more. */
  async giveUp(tx: EntityManager, { id }: Broadcast): Promise<void> {
    await tx.query(
      `UPDATE broadcast_recipients SET state = 'skipped', reason = 'stopped' WHERE broadcast_id = $1 AND state = 'waiting'`,
      [id],
    );
  }

  async isWaitedFor(tx: EntityManager, { id }: Broadcast): Promise<boolean> {
    const rows = await tx.query<unknown[]>(
      `SELECT FROM broadcast_recipients WHERE broadcast_id = $1 AND state = 'waiting' LIMIT 1`,
      [id],
    );
    return rows.length > 0;
  }

  async isAnyDue(tx: EntityManager, { id }: Broadcast): Promise<boolean> {
    const rows = await tx.query<unknown[]>(
      `SELECT FROM broadcast_recipients WHERE broadcast_id = $1 AND state = 'waiting' AND due_at <= $2 LIMIT 1`,
      [id, this.clock.now()],
    );
    return rows.length > 0;
  }

  async results(tx: EntityManager, id: string): Promise<BroadcastResults> {
    const rows = await tx.query<{ state: string; reason: string | null; n: number }[]>(
      `SELECT state, reason, count(*)::int AS n FROM broadcast_recipients WHERE broadcast_id = $1 GROUP BY 1, 2`,
      [id],
    );
    const sum = (...states: string[]) =>
      rows.filter(({ state }) => states.includes(state)).reduce((all, { n }) => all + n, 0);
    const byReason = (state: string) =>
      Object.fromEntries(rows.filter((row) => row.state === state).map(({ reason, n }) => [reason ?? 'other', n]));
    return {
      total: rows.reduce((all, { n }) => all + n, 0),
      waiting: sum('waiting', 'queued'),
      sent: sum('sent'),
      failed: byReason('failed'),
      skipped: byReason('skipped'),
    };
  }

  private async queue(
    tx: EntityManager,
    broadcast: Broadcast,
    { userId, chatId }: Recipient,
    bulk: { inMs: number },
  ): Promise<void> {
    const causeId = uuidv5(userId, broadcast.id);
    const chat = await tx.findOneByOrFail(Chat, { id: chatId! });
    const own = this.bots.section(chat.botId, 'texts', TextsSection);
    const buttons = await this.buttonsOf(tx, broadcast, chat);
    // Where nothing can be pressed it is told by what command the switch is found.
    const how = this.deliveries.showsButtons(chat) ? [] : [shared.say(chat.locale, 'news.how', {}, own)];
    const said = [localized(broadcast.text, chat.locale), ...how].join('\n\n');
    const content = {
      kind: 'notice',
      text: said,
      format: 'markdown',
      buttons,
    } as const;
    // One that is not queued, as its person is being erased, is settled as one that has no chat.
    await this.deliveries.queue(tx, { chatId: chat.id, userId, causeId, content, bulk });
    await tx.query(
      `UPDATE broadcast_recipients SET state = 'queued', cause_id = $3 WHERE broadcast_id = $1 AND user_id = $2`,
      [broadcast.id, userId, causeId],
    );
  }

  private async buttonsOf(tx: EntityManager, { botId, buttons, campaign }: Broadcast, chat: Chat): Promise<Button[][]> {
    const { id: chatId, locale } = chat;
    if (!this.deliveries.showsButtons(chat))
      return buttons.flatMap(({ label, opens }) =>
        opens.kind === 'link' ? [[{ label: localized(label, locale), url: opens.url }]] : [],
      );
    const starts = buttons.flatMap(({ opens }) => (opens.kind === 'start' ? [opens.parameter ?? campaign] : []));
    const ids = await this.buttons.create(
      tx,
      starts.map((parameter) => ({ product: KIT, action: FOLLOW, data: { parameter } })),
      { chatId },
    );
    const rows = buttons.map(({ label, opens }): Button[] => [
      opens.kind === 'link'
        ? { label: localized(label, locale), url: opens.url }
        : { label: localized(label, locale), data: ids.shift()! },
    ]);
    const own = this.bots.section(botId, 'texts', TextsSection);
    return [...rows, [{ label: shared.say(locale, 'news.off', {}, own), data: this.buttons.standing(KIT, NEWS_OFF) }]];
  }

  private async settleOne(tx: EntityManager, { id }: Broadcast, userId: string, reason: string): Promise<void> {
    await tx.query(
      `UPDATE broadcast_recipients SET state = 'skipped', reason = $3 WHERE broadcast_id = $1 AND user_id = $2`,
      [id, userId, reason],
    );
  }
}

function reasonToSkip({ chatId, news, blockedAt, restricted }: Recipient): string | undefined {
  if (chatId === null || news === null) return 'no_chat';
  if (!news) return 'news_off';
  if (blockedAt !== null) return 'blocked';
  return restricted ? 'restricted' : undefined;
}

/** People whose turn it is, with all that may keep them from getting it as it is now. */
const DUE = `
  WITH due AS MATERIALIZED (
    SELECT user_id, due_at FROM broadcast_recipients WHERE broadcast_id = $1 AND state = 'waiting' AND due_at <= $2
    ORDER BY due_at, user_id LIMIT $3 FOR UPDATE SKIP LOCKED)
  SELECT due.user_id AS "userId", h.id AS "chatId", h.blocked_at AS "blockedAt", k.news, q.quiet_from AS "quietFrom",
    q.quiet_to AS "quietTo", q.time_zone AS "timeZone", EXISTS (
      SELECT FROM restricted_people r WHERE r.user_id = due.user_id AND (r.bot_id IS NULL OR r.bot_id = $4) AND r.until > $2) AS restricted
  FROM due
  CROSS JOIN LATERAL (SELECT bool_and(news) AS news FROM contacts WHERE bot_id = $4 AND user_id = due.user_id) k
  LEFT JOIN LATERAL (SELECT quiet_from, quiet_to, time_zone FROM contacts WHERE bot_id = $4 AND user_id = due.user_id
    ORDER BY news, id LIMIT 1) q ON true
  LEFT JOIN LATERAL (SELECT id, blocked_at FROM chats
    WHERE user_id = due.user_id AND bot_id = $4 AND kind = 'private' AND moved_to IS NULL
    ORDER BY blocked_at IS NOT NULL, id DESC LIMIT 1) h ON true
  ORDER BY due.due_at, due.user_id`;
