import { Injectable } from '@nestjs/common';
import { Outbox } from '@switchboard/bus';
import {
  type SealedEventOf,
  type MessageReceived,
  TranscriptionCompleted,
  TranscriptionFailed,
} from '@switchboard/contracts';
import { Clock } from '@switchboard/service-kit';
import { Counter, Registry } from 'prom-client';
import { DataSource, type EntityManager } from 'typeorm';
import { MAX_RECORDING_BYTES, type Transcript, TranscriptionProvider } from './transcription-provider';
import { Transcription, type TranscriptionFailure } from './transcription.entity';

type Message = SealedEventOf<typeof MessageReceived>['data'];
type InChat = Pick<Transcription, 'messageId' | 'chatId' | 'botId' | 'userId'>;

/** Voice messages, each of which gets one answer: its words, or why there are none. */
@Injectable()
export class TranscriptionsService {
  private readonly answers: Counter<'outcome'>;

  constructor(
    private readonly db: DataSource,
    private readonly outbox: Outbox,
    private readonly clock: Clock,
    private readonly provider: TranscriptionProvider,
    registry: Registry,
  ) {
    this.answers = new Counter({
      name: 'transcriptions_total',
      help: 'Voice messages: completed, or the reason of a failure.',
      labelNames: ['outcome'],
      registers: [registry],
    });
  }

  /** Answers at once what cannot be transcribed; returns the id of a message that is still to be transcribed. */
  async receive(tx: EntityManager, message: Message): Promise<string | undefined> {
    const { messageId, chatId, botId, userId, media } = message;
    const refusal = this.refusalOf(botId, media);
    if (!media || refusal) {
      await this.emitFailed(tx, message, refusal ?? 'media_gone');
      return undefined;
    }
    const { mediaId, mimeType, durationMs } = media;
    const transcription = tx.create(Transcription, {
      messageId,
      chatId,
      botId,
      userId,
      mediaId,
      mimeType,
      durationMs: durationMs ?? null,
      state: 'waiting',
      receivedAt: this.clock.now(),
    });
    await tx.createQueryBuilder().insert().into(Transcription).values(transcription).orIgnore().execute();
    return messageId;
  }

  async findWaiting(messageId: string): Promise<Transcription | undefined> {
    return (await this.db.manager.findOneBy(Transcription, { messageId, state: 'waiting' })) ?? undefined;
  }

  allWaiting(tx: EntityManager): Promise<Transcription[]> {
    return tx.findBy(Transcription, { state: 'waiting' });
  }

  /** Answers a message with its words, or with the reason why there are none. */
  async complete(tx: EntityManager, message: Transcription, { text, language, durationMs }: Transcript): Promise<void> {
    if (!text) return this.failIn(tx, message, 'nothing_heard');
    const { messageId, chatId, botId, userId } = message;
    if (!(await this.answer(tx, messageId, 'completed'))) return;
    this.answers.inc({ outcome: 'completed' });
    await this.outbox.add(tx, TranscriptionCompleted({ messageId, chatId, botId, userId, text, language, durationMs }));
  }

  fail(message: Transcription, reason: TranscriptionFailure): Promise<void> {
    return this.db.transaction((tx) => this.failIn(tx, message, reason));
  }

  private async failIn(tx: EntityManager, message: Transcription, reason: TranscriptionFailure): Promise<void> {
    if (await this.answer(tx, message.messageId, 'failed', reason)) await this.emitFailed(tx, message, reason);
  }

  /** Forgets who spoke, some time after they were answered. */
  async forgetAnsweredBefore(time: Date): Promise<void> {
    await this.db.manager.query(`DELETE FROM transcriptions WHERE state <> 'waiting' AND answered_at < $1`, [time]);
  }

  private refusalOf(botId: string, media: Message['media']): TranscriptionFailure | undefined {
    if (!this.provider.isConfiguredFor(botId)) return 'not_configured';
    return (media?.bytes ?? 0) > MAX_RECORDING_BYTES ? 'too_large' : undefined;
  }

  /** False when it has been answered before, by a process that was thought dead. */
  private async answer(
    tx: EntityManager,
    messageId: string,
    state: 'completed' | 'failed',
    reason?: TranscriptionFailure,
  ) {
    const { affected } = await tx.update(
      Transcription,
      { messageId, state: 'waiting' },
      { state, reason: reason ?? null, answeredAt: this.clock.now() },
    );
    return affected === 1;
  }

  private async emitFailed(
    tx: EntityManager,
    { messageId, chatId, botId, userId }: InChat,
    reason: TranscriptionFailure,
  ) {
    this.answers.inc({ outcome: reason });
    await this.outbox.add(tx, TranscriptionFailed({ messageId, chatId, botId, userId, reason }));
  }
}
