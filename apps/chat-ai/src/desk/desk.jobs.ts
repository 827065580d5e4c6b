import { Inject, Injectable } from '@nestjs/common';
import { Outbox } from '@switchboard/bus';
import {
  type KnownLocale,
  type Locale,
  localized,
  NoticeSendRequested,
  ReplyCompleted,
  SurveyAskRequested,
} from '@switchboard/contracts';
import { Clock, CONFIG, defineJob, LOG, type Log, Scheduled, Slot } from '@switchboard/service-kit';
import { Gauge, Registry } from 'prom-client';
import { DataSource, type EntityManager } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import type { ChatAiConfig } from '../chat-ai.config';
import { ASK_AFTER_MS, TicketsService } from './tickets.service';

const WakeTickets = defineJob('wake-tickets', Slot);
const RemindOfPromises = defineJob('remind-of-promises', Slot);
const AskForScores = defineJob('ask-for-scores', Slot);
const ForgetDeskEvents = defineJob('forget-desk-events', Slot);

const AT_ONCE = 200;
const EVENTS_KEPT_MS = 86_400_000;

const NOBODY_YET: Record<KnownLocale, string> = {
  en: 'Nobody was free to answer you yet; your message is not forgotten. If you like, /resume brings me back meanwhile.',
  ru: 'Пока вам никто не смог ответить, но ваше сообщение не потеряно. Если хотите, вернуть меня на это время можно командой /resume.',
};

interface Due {
  readonly id: string;
  readonly brandId: string;
  readonly botId: string;
  readonly chatId: string;
  readonly userId: string;
  readonly conversationId: string;
  readonly locale: Locale;
  /** What the person wrote last. */
  readonly messageId: string | null;
}

const DUE = `
  SELECT t.id, t.brand_id AS "brandId", c.bot_id AS "botId", c.chat_id AS "chatId", t.user_id AS "userId",
    t.conversation_id AS "conversationId", t.language AS locale,
    (SELECT id FROM messages m WHERE m.conversation_id = c.id AND m.role = 'user' ORDER BY position DESC LIMIT 1) AS "messageId"
  FROM desk_tickets t JOIN conversations c ON c.id = t.conversation_id`;

/** What a desk does by the clock. */
@Injectable()
export class DeskJobs {
  constructor(
    private readonly db: DataSource,
    private readonly tickets: TicketsService,
    private readonly outbox: Outbox,
    private readonly clock: Clock,
    @Inject(CONFIG) private readonly config: ChatAiConfig,
    @Inject(LOG) private readonly log: Log,
    @Inject(Registry) registry: Registry,
  ) {
    new Gauge({
      name: 'desk_longest_wait_seconds',
      help: 'How long whoever waits longest for staff has waited, by shop: every process tells the same.',
      labelNames: ['brand'],
      registers: [registry],
      async collect() {
        const rows = await waiting(db).catch(() => []);
        this.reset();
        const now = clock.now().getTime();
        for (const { brand, since } of rows) this.set({ brand }, Math.max(0, (now - since.getTime()) / 1000));
      },
    });
  }

  @Scheduled('* * * * *', WakeTickets, {
    purpose: 'Brings tickets back that were put aside until now.',
    timeoutMs: 60_000,
    missed: 'skip',
  })
  async wakeTickets(): Promise<void> {
    const rows = await this.db.query<{ id: string }[]>(
      `SELECT id FROM desk_tickets WHERE closed_at IS NULL AND state = 'snoozed' AND snoozed_until <= $1 LIMIT ${AT_ONCE}`,
      [this.clock.now()],
    );
    for (const { id } of rows) await this.each(id, (tx) => this.tickets.wake(tx, id));
  }

  @Scheduled('* * * * *', RemindOfPromises, {
    purpose: 'Tells staff and the person when nobody has taken a conversation as soon as was promised.',
    timeoutMs: 60_000,
    missed: 'skip',
  })
  async remindOfPromises(): Promise<void> {
    const rows = await this.db.query<Due[]>(
      `${DUE} WHERE t.closed_at IS NULL AND t.promised_at <= $1 LIMIT ${AT_ONCE}`,
      [this.clock.now()],
    );
    for (const due of rows) await this.each(due.id, (tx) => this.remind(tx, due));
  }

  @Scheduled('* * * * *', AskForScores, {
    purpose: 'Asks people whom staff have helped, once nothing was said for ten minutes, what it was worth to them.',
    timeoutMs: 60_000,
    missed: 'skip',
  })
  async askForScores(): Promise<void> {
    const now = this.clock.now();
    const rows = await this.db.query<Due[]>(
      `${DUE} WHERE t.ask_at <= $1 AND NOT EXISTS (
         SELECT FROM messages m WHERE m.conversation_id = c.id AND m.sent_at > $2) LIMIT ${AT_ONCE}`,
      [now, new Date(now.getTime() - ASK_AFTER_MS)],
    );
    for (const due of rows) await this.each(due.id, (tx) => this.askForScore(tx, due));
  }

  @Scheduled('23 * * * *', ForgetDeskEvents, {
    purpose: 'Forgets what happened on the desks more than a day ago: whoever comes back later reads everything anew.',
    timeoutMs: 60_000,
    missed: 'skip',
  })
  async forgetEvents(): Promise<void> {
    await this.db.query('DELETE FROM desk_events WHERE at < $1', [
      new Date(this.clock.now().getTime() - EVENTS_KEPT_MS),
    ]);
  }

  /** Once: whoever comes first takes the promise away. */
  private async remind(tx: EntityManager, due: Due): Promise<void> {
    const { id, botId, chatId, userId, locale, messageId, conversationId } = due;
    const [, reminded] = await tx.query<[unknown[], number]>(
      'UPDATE desk_tickets SET promised_at = NULL WHERE id = $1 AND promised_at IS NOT NULL AND closed_at IS NULL',
      [id],
    );
    if (reminded === 0) return;
    const { GATEWAY_PUBLIC_URL: site } = this.config;
    const where = site === undefined ? '' : `\n${new URL(`/console/conversations/${conversationId}`, site).href}`;
    const texts = {
      en: `**${botId}**: nobody has taken a conversation yet in which somebody waits for a human.${where}`,
      ru: `**${botId}**: разговор, в котором человек ждёт сотрудника, ещё никто не взял.${where}`,
    };
    const told = messageId && {
      ...{ replyId: uuidv7(), chatId, botId, userId, locale, outcome: 'answered' as const, answers: [messageId] },
      text: localized(NOBODY_YET, locale),
    };
    await this.outbox.add(
      tx,
      NoticeSendRequested({ noticeId: uuidv7(), audience: 'staff', texts }),
      ...(told ? [ReplyCompleted(told)] : []),
    );
  }

  private async askForScore(tx: EntityManager, { id, botId, userId }: Due): Promise<void> {
    const surveyId = uuidv7();
    const [, asked] = await tx.query<[unknown[], number]>(
      'UPDATE desk_tickets SET ask_at = NULL, survey_id = $2 WHERE id = $1 AND ask_at IS NOT NULL',
      [id, surveyId],
    );
    if (asked === 0) return;
    await this.outbox.add(tx, SurveyAskRequested({ surveyId, botId, userId, question: 'csat' }));
  }

  /** One that fails keeps none of the others from its turn. */
  private async each(ticketId: string, work: (tx: EntityManager) => Promise<void>): Promise<void> {
    await this.db.transaction(work).catch((error: unknown) => {
      this.log.error({ err: error, ticketId }, 'a ticket could not be looked after');
    });
  }
}

const waiting = (db: DataSource) =>
  db.query<{ brand: string; since: Date }[]>(
    `SELECT brand_id AS brand, min(waiting_since) AS since FROM desk_tickets
     WHERE closed_at IS NULL AND waiting_since IS NOT NULL GROUP BY 1`,
  );
