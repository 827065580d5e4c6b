import { Injectable } from '@nestjs/common';
import { Outbox } from '@switchboard/bus';
import {
  type EventOf,
  type MessageUndeliverable,
  type SpeechCompleted,
  type SpeechFailed,
  SpeechSpeakRequested,
  type TranscriptionFailed,
} from '@switchboard/contracts';
import { BotsRegistry, Clock } from '@switchboard/service-kit';
import type { EntityManager } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import type { Button } from '../channels/channel';
import { ChannelsService } from '../channels/channels.service';
import { Chat } from '../contacts/chat.entity';
import { DeliveriesService } from '../deliveries/deliveries.service';
import type { Place } from '../deliveries/delivery.entity';
import { type Reply, ReplyDecorators } from '../deliveries/reply-decorators';
import { speakable } from '../rich-text/plain-text';
import { say } from '../texts/catalogue';
import { Speech } from './speech.entity';

/** How this service signs its requests to tts-worker. */
const REQUESTER = 'bot-adapter';

/** Outcomes that are real answers; all others are apologies, which nobody wishes to hear read aloud. */
const WORTH_HEARING: readonly Reply['outcome'][] = ['answered', 'knowledge_only', 'cut_off', 'stopped'];

const mayWorkLater = (reason: string) => reason !== 'nothing_to_say' && reason !== 'too_long';

/** Nobody is there any more to be told that a voice message could not be sent. */
const NOBODY_THERE: readonly string[] = ['blocked', 'chat_gone', 'may_not_write'];

/** No speech takes so long: whatever became of it was lost. */
const LOST_AFTER_MS = 3_600_000;

/** Answers as voice messages, on demand or always. */
@Injectable()
export class SpeechService {
  constructor(
    private readonly outbox: Outbox,
    private readonly deliveries: DeliveriesService,
    private readonly channels: ChannelsService,
    private readonly bots: BotsRegistry,
    private readonly clock: Clock,
    private readonly decorators: ReplyDecorators,
  ) {
    decorators.add({ finished: (tx, chat, reply) => this.offer(tx, chat, reply) });
  }

  /** Asks for an answer that was sent before to be spoken. Those of other chats are no answers here. */
  async requestAgain(tx: EntityManager, chat: Chat, replyId: string): Promise<'requested' | 'already' | 'nothing'> {
    const answer = await this.deliveries.answerOf(tx, replyId);
    return answer?.chatId === chat.id ? this.request(tx, chat, { ...answer, replyId }) : 'nothing';
  }

  async completed(
    tx: EntityManager,
    { speechId, audioId, durationMs }: EventOf<typeof SpeechCompleted>['data'],
  ): Promise<void> {
    const speech = await this.change(tx, speechId, { from: 'requested', to: 'spoken' });
    if (!speech) return;
    const { chatId, userId } = speech;
    const place = await this.placeOf(tx, speech);
    const content = { kind: 'voice', audioId, durationMs, ...(place && { place }) } as const;
    await this.deliveries.queue(tx, { chatId, userId, causeId: speechId, content });
  }

  async failed(tx: EntityManager, { speechId, reason }: EventOf<typeof SpeechFailed>['data']): Promise<void> {
    const speech = await this.change(tx, speechId, { from: 'requested', to: 'failed' });
    if (!speech) return;
    const { chatId, userId, replyId } = speech;
    const about = { chatId, userId, place: await this.placeOf(tx, speech) };
    const again = mayWorkLater(reason) ? { replyId } : {};
    await this.notify(tx, { ...about, ...again }, speechId, [`speech.failed.${reason}`, 'speech.failed.other']);
  }

  /** The voice message was made and never arrived: it may be asked for again. */
  async undeliverable(
    tx: EntityManager,
    { causeId, reason }: EventOf<typeof MessageUndeliverable>['data'],
  ): Promise<void> {
    const speech = await this.change(tx, causeId, { from: 'spoken', to: 'failed' });
    if (!speech || NOBODY_THERE.includes(reason)) return;
    const place = await this.placeOf(tx, speech);
    await this.notify(tx, { ...speech, place }, causeId, ['speech.failed.undeliverable']);
  }

  async transcriptionFailed(
    tx: EntityManager,
    { messageId, chatId, userId, reason }: EventOf<typeof TranscriptionFailed>['data'],
  ): Promise<void> {
    const place = await this.deliveries.placeOf(tx, { chatId, messageId });
    await this.notify(tx, { chatId, userId, place }, messageId, [`transcription.${reason}`, 'transcription.other']);
  }

  /** With a finished answer: its voice where the chat wants one anyway, else the button that asks for it. */
  private async offer(tx: EntityManager, chat: Chat, reply: Reply): Promise<Button[][]> {
    const { replyId, userId, text: markdown, outcome } = reply;
    const capabilities = this.channels.find(chat.botId)?.capabilities;
    if (!capabilities?.voice || !WORTH_HEARING.includes(outcome)) return [];
    if (chat.voiceMode === 'also') await this.request(tx, chat, { replyId, userId, markdown });
    else if (chat.kind === 'private') return this.listenButtons(chat, replyId);
    return [];
  }

  private listenButtons(chat: Chat, replyId: string): Button[][] {
    const canPress = this.channels.find(chat.botId)?.capabilities.buttons;
    return canPress ? this.decorators.get('listen').map((listen) => [listen(chat, replyId)]) : [];
  }

  private async request(
    tx: EntityManager,
    chat: Chat,
    { replyId, userId, markdown }: { replyId: string; userId: string; markdown: string },
  ): Promise<'requested' | 'already' | 'nothing'> {
    const text = speakable(markdown);
    if (!text) return 'nothing';
    const now = this.clock.now();
    // One statement decides between many fingers on one button. What failed, or was never heard of again, may be asked for again.
    const rows = await tx.query<{ speech_id: string }[]>(
      `INSERT INTO speeches (reply_id, speech_id, chat_id, user_id, state, requested_at) VALUES ($1, $2, $3, $4, 'requested', $5)
       ON CONFLICT (reply_id) DO UPDATE SET speech_id = EXCLUDED.speech_id, state = 'requested', requested_at = EXCLUDED.requested_at
         WHERE speeches.state = 'failed' OR (speeches.state = 'requested' AND speeches.requested_at < $6)
       RETURNING speech_id`,
      [replyId, uuidv7(), chat.id, userId, now, new Date(now.getTime() - LOST_AFTER_MS)],
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

  /** Where the answer was sent that is spoken. */
  private async placeOf(tx: EntityManager, { replyId }: Speech): Promise<Place | undefined> {
    return (await this.deliveries.answerOf(tx, replyId))?.place;
  }

  /** Undefined for a speech that another service asked for, or that is not in this state (any more). */
  private async change(
    tx: EntityManager,
    speechId: string,
    { from, to }: { from: Speech['state']; to: Speech['state'] },
  ): Promise<Speech | undefined> {
    const speech = await tx.findOneBy(Speech, { speechId, state: from });
    if (speech) await tx.update(Speech, { speechId }, { state: to });
    return speech ?? undefined;
  }

  /** With the button that asks for the voice once more, where the message is about an answer. */
  private async notify(
    tx: EntityManager,
    about: { chatId: string; userId: string; place: Place | undefined; replyId?: string },
    causeId: string,
    key: readonly string[],
  ): Promise<void> {
    const chat = await tx.findOneBy(Chat, { id: about.chatId });
    if (!chat) return;
    const buttons = about.replyId ? this.listenButtons(chat, about.replyId) : [];
    const content = {
      kind: 'notice',
      text: say(chat.locale, key),
      ...(buttons.length > 0 && { buttons }),
      ...(about.place && { place: about.place }),
    } as const;
    await this.deliveries.queue(tx, { chatId: chat.id, userId: about.userId, causeId, content });
  }
}
