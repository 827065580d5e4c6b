import { Injectable } from '@nestjs/common';
import { Outbox } from '@switchboard/bus';
import {
  type SealedEventOf,
  type MessageReceived,
  TranscriptionCompleted,
  TranscriptionFailed,
} from '@switchboard/contracts';
import { Clock, Jobs } from '@switchboard/service-kit';
import { Counter, Registry } from 'prom-client';
import { DataSource, type EntityManager } from 'typeorm';
import type { Transcript } from '../engines/transcription-engine';
import { JOB_ATTEMPTS } from '../tries';
import { Listener } from './listener';
import { MAX_RECORDING_BYTES } from './recordings';
import { Transcribe } from './transcribe.definition';
import { Transcription, type TranscriptionFailure } from './transcription.entity';

type Message = SealedEventOf<typeof MessageReceived>['data'];
type InChat = Pick<Transcription, 'messageId' | 'chatId' | 'botId' | 'userId'>;

/** Which voice messages came in, and the one answer each of them gets. */
@Injectable()
export class TranscriptionService {
  private readonly answers: Counter<'outcome'>;

  constructor(
    private readonly db: DataSource,
    private readonly outbox: Outbox,
    private readonly jobs: Jobs,
    private readonly clock: Clock,
    private readonly listener: Listener,
    registry: Registry,
  ) {
    this.answers = new Counter({
      name: 'tts_worker_transcriptions_total',
      help: 'Voice messages: completed, or the reason of a failure.',
      labelNames: ['outcome'],
      registers: [registry],
    });
  }

  /** Says at once what nobody will hear; leaves the rest to a job. */
  async receive(tx: EntityManager, message: Message): Promise<void> {
    if (message.kind !== 'voice') return;
    const { messageId, chatId, botId, userId, locale, media } = message;
    if (!this.listener.engine) return this.sayFailed(tx, message, 'not_configured');
    if (!media) return this.sayFailed(tx, message, 'media_gone');
    if ((media.bytes ?? 0) > MAX_RECORDING_BYTES) return this.sayFailed(tx, message, 'too_large');
    const { mediaId, mimeType } = media;
    const transcription = tx.create(Transcription, {
      messageId,
      chatId,
      botId,
      userId,
      mediaId,
      mimeType,
      locale,
      state: 'waiting',
      receivedAt: this.clock.now(),
    });
    await tx.createQueryBuilder().insert().into(Transcription).values(transcription).orIgnore().execute();
    await this.jobs.add(tx, Transcribe, { messageId }, { key: `transcribe:${messageId}`, maxAttempts: JOB_ATTEMPTS });
  }

  async waiting(messageId: string): Promise<Transcription | undefined> {
    return (await this.db.manager.findOneBy(Transcription, { messageId, state: 'waiting' })) ?? undefined;
  }

  complete(
    { messageId, chatId, botId, userId }: Transcription,
    { text, language, durationMs }: Transcript,
  ): Promise<void> {
    return this.db.transaction(async (tx) => {
      if (!(await this.answer(tx, messageId, 'completed'))) return;
      this.answers.inc({ outcome: 'completed' });
      await this.outbox.add(
        tx,
        TranscriptionCompleted({ messageId, chatId, botId, userId, text, language, durationMs }),
      );
    });
  }

  fail(transcription: Transcription, reason: TranscriptionFailure): Promise<void> {
    return this.db.transaction(async (tx) => {
      if (await this.answer(tx, transcription.messageId, 'failed', reason))
        await this.sayFailed(tx, transcription, reason);
    });
  }

  /** Forgets who spoke, some time after they were answered. */
  async forgetAnsweredBefore(time: Date): Promise<void> {
    await this.db.manager.query(`DELETE FROM transcriptions WHERE state <> 'waiting' AND answered_at < $1`, [time]);
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

  private async sayFailed(
    tx: EntityManager,
    { messageId, chatId, botId, userId }: InChat,
    reason: TranscriptionFailure,
  ) {
    this.answers.inc({ outcome: reason });
    await this.outbox.add(tx, TranscriptionFailed({ messageId, chatId, botId, userId, reason }));
  }
}
