import { Inject, Injectable } from '@nestjs/common';
import { Outbox } from '@switchboard/bus';
import {
  HandoverEnded,
  type HandoverEndedBy,
  type HandoverReason,
  HandoverBegan,
  NoticeSendRequested,
} from '@switchboard/contracts';
import { Clock, CONFIG } from '@switchboard/service-kit';
import { Counter, Registry } from 'prom-client';
import type { EntityManager } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import type { z } from 'zod';
import type { ChatAiConfig } from '../chat-ai.config';
import { ConversationChanges } from './conversation-changes';
import { type ChatOfPerson, openIn } from './conversations.service';

type Reason = z.output<typeof HandoverReason>;

export interface HandedOver {
  readonly conversationId: string;
  readonly chatId: string;
  readonly botId: string;
  readonly userId: string | null;
}

const HOUR_MS = 3_600_000;

/** A human answers in place of the assistant, which stays silent meanwhile and goes on reading. */
@Injectable()
export class HandoversService {
  private readonly handovers: Counter<'reason'>;

  constructor(
    private readonly clock: Clock,
    private readonly outbox: Outbox,
    private readonly changes: ConversationChanges,
    @Inject(CONFIG) private readonly config: ChatAiConfig,
    @Inject(Registry) registry: Registry,
  ) {
    this.handovers = new Counter({
      name: 'handovers_total',
      help: 'Conversations that were handed over to a human, by why.',
      labelNames: ['reason'],
      registers: [registry],
    });
  }

  /**
   * A human is to answer, whom the staff are told to look for. The answer that is being written is finished.
   * @returns undefined where a conversation is handed over already: nobody is told a second time
   */
  async begin(
    tx: EntityManager,
    conversationId: string,
    { reason, hours }: { reason: Reason; hours: number },
  ): Promise<HandedOver | undefined> {
    const now = this.clock.now();
    const until = new Date(now.getTime() + hours * HOUR_MS);
    const [rows] = await tx.query<[HandedOver[], number]>(
      `UPDATE conversations SET handed_over_until = $2
       WHERE id = $1 AND closed_at IS NULL AND coalesce(handed_over_until <= $3, true) RETURNING ${HANDED_OVER}`,
      [conversationId, until, now],
    );
    const [handedOver] = rows;
    if (!handedOver) return undefined;
    const texts = this.noticeOf(handedOver);
    await this.outbox.add(
      tx,
      HandoverBegan({ ...handedOver, reason, until: until.toISOString() }),
      NoticeSendRequested({ noticeId: uuidv7(), audience: 'staff', texts }),
    );
    this.handovers.inc({ reason });
    return handedOver;
  }

  /**
   * Somebody answers already: the assistant is silent at once, also in the middle of an answer, and what waits for one waits for them.
   * The conversation is locked by whoever calls.
   * @returns undefined where it is over
   */
  async takeOver(
    tx: EntityManager,
    conversationId: string,
    { reason, hours, by }: { reason: Reason; hours: number; by?: string | undefined },
  ): Promise<HandedOver | undefined> {
    const until = new Date(this.clock.now().getTime() + hours * HOUR_MS);
    const [rows] = await tx.query<[(HandedOver & { revision: number })[], number]>(
      `UPDATE conversations SET handed_over_until = greatest(handed_over_until, $2), revision = revision + 1, being_answered = '{}'
       WHERE id = $1 AND closed_at IS NULL RETURNING ${HANDED_OVER}, revision`,
      [conversationId, until],
    );
    if (!rows[0]) return undefined;
    const { revision, ...handedOver } = rows[0];
    // Where another answer was asked for, the one that stands in the chat stands.
    await tx.query(
      `UPDATE messages SET state = CASE WHEN turn_id IS NULL THEN 'handed_over' ELSE 'answered' END
       WHERE conversation_id = $1 AND state = 'pending'`,
      [conversationId],
    );
    await this.outbox.add(tx, HandoverBegan({ ...handedOver, reason, until: until.toISOString(), ...(by && { by }) }));
    this.changes.handOver(tx, { id: conversationId, chatId: handedOver.chatId, revision });
    this.handovers.inc({ reason });
    return handedOver;
  }

  /** Staff go on answering: the assistant stays silent so much longer. */
  async extend(tx: EntityManager, conversationId: string, hours: number): Promise<Date> {
    const until = new Date(this.clock.now().getTime() + hours * HOUR_MS);
    await tx.query(
      'UPDATE conversations SET handed_over_until = greatest(handed_over_until, $2) WHERE id = $1 AND closed_at IS NULL',
      [conversationId, until],
    );
    return until;
  }

  /** The assistant answers again, from the next message on. @returns the conversations that were handed over */
  async end(
    tx: EntityManager,
    which: ChatOfPerson | { readonly conversationId: string },
    by: z.output<typeof HandoverEndedBy>,
  ): Promise<readonly HandedOver[]> {
    const [where, ids] =
      'chatId' in which
        ? [openIn('$2', '$3'), [which.chatId, which.userId]]
        : ['id = $2 AND closed_at IS NULL', [which.conversationId]];
    const [rows] = await tx.query<[HandedOver[], number]>(
      `UPDATE conversations SET handed_over_until = NULL WHERE handed_over_until > $1 AND ${where} RETURNING ${HANDED_OVER}`,
      [this.clock.now(), ...ids],
    );
    await this.outbox.add(tx, ...rows.map((handedOver) => HandoverEnded({ ...handedOver, by })));
    return rows;
  }

  private noticeOf({ botId, conversationId }: HandedOver): { en: string; ru: string } {
    const { GATEWAY_PUBLIC_URL: site } = this.config;
    const where = site === undefined ? '' : `\n${new URL(`/console/conversations/${conversationId}`, site).href}`;
    return {
      en: `**${botId}**: somebody wants to be answered by a human. The assistant stays silent there.${where}`,
      ru: `**${botId}**: человек ждёт ответа сотрудника. Ассистент там молчит.${where}`,
    };
  }
}

const HANDED_OVER = `id AS "conversationId", chat_id AS "chatId", bot_id AS "botId", user_id AS "userId"`;
