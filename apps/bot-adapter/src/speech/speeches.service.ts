import { Injectable } from '@nestjs/common';
import { Outbox } from '@switchboard/bus';
import {
  type SpeechCompleted,
  type SpeechFailed,
  SpeechSpeakRequested,
  type TranscriptionFailed,
} from '@switchboard/contracts';
import { Clock, FieldCipher } from '@switchboard/service-kit';
import type { EntityManager } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import type { z } from 'zod';
import { Bots } from '../bots/bots';
import { Chat } from '../contacts/chat.entity';
import { CONTENT_PLACE, DeliveryContent } from '../deliveries/delivery-content';
import { Deliveries } from '../deliveries/deliveries.service';
import { Delivery } from '../deliveries/delivery.entity';
import { speakable } from '../formatting/plain-text';
import { say } from '../texts/texts';
import { Speech } from './speech.entity';

/** How this service signs its requests to tts-worker. */
const REQUESTER = 'bot-adapter';

type DataOf<E extends { schema: z.ZodType }> = z.output<E['schema']>;

/** Answers as voice messages, on demand or always. */
@Injectable()
export class Speeches {
  constructor(
    private readonly outbox: Outbox,
    private readonly deliveries: Deliveries,
    private readonly bots: Bots,
    private readonly cipher: FieldCipher,
    private readonly clock: Clock,
  ) {}

  /** Asks for an answer that was sent before to be spoken. */
  async requestAgain(tx: EntityManager, chat: Chat, replyId: string): Promise<'requested' | 'already' | 'nothing'> {
    const delivery = await tx.findOneBy(Delivery, { causeId: replyId, kind: 'text', chatId: chat.id });
    if (!delivery) return 'nothing';
    const content = DeliveryContent.parse(JSON.parse(this.cipher.decrypt(delivery.content, CONTENT_PLACE)));
    if (content.kind !== 'text') return 'nothing';
    return this.request(tx, chat, { replyId, userId: delivery.userId, markdown: content.markdown });
  }

  async request(
    tx: EntityManager,
    chat: Chat,
    { replyId, userId, markdown }: { replyId: string; userId: string; markdown: string },
  ): Promise<'requested' | 'already' | 'nothing'> {
    const text = speakable(markdown);
    if (!text) return 'nothing';
    // One statement decides between many fingers on one button; a failed speech may be asked for again.
    const rows = await tx.query<{ speech_id: string }[]>(
      `INSERT INTO speeches (reply_id, speech_id, chat_id, user_id, state, requested_at) VALUES ($1, $2, $3, $4, 'requested', $5)
       ON CONFLICT (reply_id) DO UPDATE SET speech_id = EXCLUDED.speech_id, state = 'requested', requested_at = EXCLUDED.requested_at
         WHERE speeches.state = 'failed'
       RETURNING speech_id`,
      [replyId, uuidv7(), chat.id, userId, this.clock.now()],
    );
    const speechId = rows[0]?.speech_id;
    if (!speechId) return 'already';
    const { id: chatId, botId } = chat;
    const voice = this.bots.find(botId)?.voice.name;
    await this.outbox.add(
      tx,
      SpeechSpeakRequested({ speechId, requestedBy: REQUESTER, chatId, botId, userId, text, ...(voice && { voice }) }),
    );
    return 'requested';
  }

  async spoken(tx: EntityManager, { speechId, audioId, durationMs }: DataOf<typeof SpeechCompleted>): Promise<void> {
    const speech = await this.settle(tx, speechId, 'spoken');
    if (!speech) return;
    const { chatId, userId } = speech;
    await this.deliveries.queue(tx, {
      chatId,
      userId,
      causeId: speechId,
      content: { kind: 'voice', audioId, durationMs },
    });
  }

  async failed(tx: EntityManager, { speechId, reason }: DataOf<typeof SpeechFailed>): Promise<void> {
    const speech = await this.settle(tx, speechId, 'failed');
    if (speech) await this.tell(tx, speech, speechId, [`speech.failed.${reason}`, 'speech.failed.other']);
  }

  async notUnderstood(
    tx: EntityManager,
    { messageId, chatId, userId, reason }: DataOf<typeof TranscriptionFailed>,
  ): Promise<void> {
    await this.tell(tx, { chatId, userId }, messageId, [`transcription.${reason}`, 'transcription.other']);
  }

  /** Undefined for a speech that another service asked for, or that was settled before. */
  private async settle(tx: EntityManager, speechId: string, state: Speech['state']): Promise<Speech | undefined> {
    const speech = await tx.findOneBy(Speech, { speechId, state: 'requested' });
    if (speech) await tx.update(Speech, { speechId }, { state });
    return speech ?? undefined;
  }

  private async tell(
    tx: EntityManager,
    to: { chatId: string; userId: string },
    causeId: string,
    key: readonly string[],
  ): Promise<void> {
    const chat = await tx.findOneBy(Chat, { id: to.chatId });
    if (!chat) return;
    const content = { kind: 'notice', text: say(chat.locale, key) } as const;
    await this.deliveries.queue(tx, { chatId: chat.id, userId: to.userId, causeId, content });
  }
}
