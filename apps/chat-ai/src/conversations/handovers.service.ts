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
import { DataSource, type EntityManager } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import type { z } from 'zod';
import type { ChatAiConfig } from '../chat-ai.config';

type Reason = z.output<typeof HandoverReason>;

interface HandedOver {
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
    private readonly db: DataSource,
    private readonly clock: Clock,
    private readonly outbox: Outbox,
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

  /** Tells the staff. A conversation that is handed over already stays so, and nobody is told a second time. */
  async begin(conversationId: string, reason: Reason, hours: number): Promise<void> {
    const now = this.clock.now();
    const until = new Date(now.getTime() + hours * HOUR_MS);
    const isNew = await this.db.transaction(async (tx) => {
      const [rows] = await tx.query<[HandedOver[], number]>(
        `UPDATE conversations SET handed_over_until = $2
         WHERE id = $1 AND closed_at IS NULL AND coalesce(handed_over_until <= $3, true) RETURNING ${HANDED_OVER}`,
        [conversationId, until, now],
      );
      const [handedOver] = rows;
      if (!handedOver) return false;
      const texts = this.noticeOf(handedOver);
      await this.outbox.add(
        tx,
        HandoverBegan({ ...handedOver, reason, until: until.toISOString() }),
        NoticeSendRequested({ noticeId: uuidv7(), audience: 'staff', texts }),
      );
      return true;
    });
    if (isNew) this.handovers.inc({ reason });
  }

  /** The assistant answers again, from the next message on. */
  async end(
    tx: EntityManager,
    which: { readonly chatId: string } | { readonly conversationId: string },
    by: z.output<typeof HandoverEndedBy>,
  ): Promise<void> {
    const [column, id] = 'chatId' in which ? ['chat_id', which.chatId] : ['id', which.conversationId];
    const [rows] = await tx.query<[HandedOver[], number]>(
      `UPDATE conversations SET handed_over_until = NULL
       WHERE ${column} = $1 AND closed_at IS NULL AND handed_over_until > $2 RETURNING ${HANDED_OVER}`,
      [id, this.clock.now()],
    );
    await this.outbox.add(tx, ...rows.map((handedOver) => HandoverEnded({ ...handedOver, by })));
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
