import { Inject, Injectable } from '@nestjs/common';
import { Outbox } from '@switchboard/bus';
import {
  type ConfirmationDecideRequested,
  type EventOf,
  type KnownLocale,
  type Locale,
  localized,
  ReplyCompleted,
} from '@switchboard/contracts';
import { Clock, type JobRun, LOG, type Log, PersonalData, type PersonalRow } from '@switchboard/service-kit';
import { DataSource, type EntityManager } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import { AssistantsService } from '../assistants/assistants.service';
import { Confirmation } from './confirmation.entity';
import { ToolRefused } from './tool';
import { type Offer, ToolsService } from './tools.service';

/** The answer under which something is offered. */
export interface OfferedIn {
  readonly replyId: string;
  readonly conversationId: string;
  readonly chatId: string;
  readonly botId: string;
  readonly userId: string;
  readonly locale: Locale;
  readonly answers: readonly string[];
}

/** Later things may be otherwise than the question says. */
const DECIDED_WITHIN_MS = 15 * 60_000;

/** What assistants have offered to do: it is done once, when the person it was offered to has agreed in time. */
@Injectable()
export class ConfirmationsService {
  constructor(
    private readonly db: DataSource,
    private readonly clock: Clock,
    private readonly outbox: Outbox,
    private readonly personal: PersonalData,
    private readonly assistants: AssistantsService,
    private readonly tools: ToolsService,
    @Inject(LOG) private readonly log: Log,
  ) {}

  /** Throws PersonErased. */
  async offer(tx: EntityManager, { answers, ...offeredIn }: OfferedIn, { id, tool, plan }: Offer): Promise<void> {
    const { replyId, conversationId, chatId, botId, userId, locale } = offeredIn;
    const offeredAt = this.clock.now();
    const sealed = await this.personal.encrypt(tx, rowOf({ id, userId }), { plan: JSON.stringify(plan) });
    await tx.insert(Confirmation, {
      ...{ id, replyId, messageId: answers.at(-1)!, conversationId, chatId, botId, userId, locale, tool, ...sealed },
      ...{ state: 'offered', offeredAt, expiresAt: new Date(offeredAt.getTime() + DECIDED_WITHIN_MS) },
    });
  }

  /** The answer is replaced by another one. */
  async withdraw(tx: EntityManager, replyId: string): Promise<void> {
    await tx.update(Confirmation, { replyId, state: 'offered' }, { state: 'withdrawn' });
  }

  /**
   * What somebody else presses, what was decided before and what was withdrawn changes nothing; of what is not done, and never will
   * be, the person is told so.
   * @returns whether it is to be done
   */
  async decide(
    tx: EntityManager,
    { confirmationId: id, chatId, userId, confirmed }: EventOf<typeof ConfirmationDecideRequested>['data'],
  ): Promise<boolean> {
    const offered = await tx.findOne(Confirmation, {
      where: { id, chatId, userId },
      lock: { mode: 'pessimistic_write' },
    });
    if (!offered) return false;
    const { state } = offered;
    if (state === 'withdrawn' || (state === 'declined' && confirmed))
      await this.say(tx, offered, localized(TEXTS, offered.locale).over);
    if (state !== 'offered') return false;
    const decidedAt = this.clock.now();
    const isInTime = offered.expiresAt > decidedAt;
    const isAgreed = confirmed && isInTime;
    await tx.update(Confirmation, id, { state: isAgreed ? 'confirmed' : 'declined', decidedAt });
    if (!isAgreed) await this.say(tx, offered, localized(TEXTS, offered.locale)[isInTime ? 'declined' : 'tooLate']);
    return isAgreed;
  }

  /** Does what was agreed to. Throws when that can be tried again. */
  async execute(id: string, { signal, isLastAttempt }: JobRun): Promise<void> {
    const agreed = await this.db.manager.findOneBy(Confirmation, { id, state: 'confirmed' });
    if (!agreed) return;
    const read = await this.personal.decrypt(this.db.manager, rowOf(agreed), { plan: agreed.plan });
    // The person was erased.
    if (read.plan === undefined) return;
    const { userId, conversationId, botId, locale, tool } = agreed;
    const { timeZone } = this.assistants.get(botId);
    const caller = { userId, conversationId, botId, locale, timeZone };
    try {
      await this.end(agreed, 'done', await this.tools.execute(caller, tool, JSON.parse(read.plan), signal));
    } catch (error) {
      if (error instanceof ToolRefused) return this.end(agreed, 'failed', error.message);
      if (!isLastAttempt) throw error;
      this.log.error({ err: error, tool, botId }, 'what a person has agreed to could not be done');
      await this.end(agreed, 'failed', localized(TEXTS, locale).failed);
    }
  }

  private async end(agreed: Confirmation, state: 'done' | 'failed', text: string): Promise<void> {
    await this.db.transaction(async (tx) => {
      const { affected } = await tx.update(Confirmation, { id: agreed.id, state: 'confirmed' }, { state });
      if (affected) await this.say(tx, agreed, text);
    });
  }

  /** As a reply of its own, which is no part of the conversation. */
  private async say(
    tx: EntityManager,
    { chatId, botId, userId, locale, messageId }: Confirmation,
    text: string,
  ): Promise<void> {
    const reply = { replyId: uuidv7(), chatId, botId, userId, locale, text, answers: [messageId] };
    await this.outbox.add(tx, ReplyCompleted({ ...reply, outcome: 'decided' }));
  }
}

const rowOf = ({ id, userId }: Pick<Confirmation, 'id' | 'userId'>): PersonalRow => ({
  table: 'confirmations',
  id,
  userId,
});

const TEXTS: Record<KnownLocale, Record<'declined' | 'tooLate' | 'over' | 'failed', string>> = {
  en: {
    declined: 'All right, nothing was changed.',
    tooLate: 'Too much time has passed since I asked. Nothing was changed: please tell me once more what you want.',
    over: 'That question is over, nothing was changed. Please tell me once more what you want.',
    failed: 'That did not work: something is wrong on our side. Please try again a little later.',
  },
  ru: {
    declined: 'Хорошо, ничего не изменено.',
    tooLate:
      'С моего вопроса прошло слишком много времени. Ничего не изменено: скажите, пожалуйста, ещё раз, что нужно.',
    over: 'Этот вопрос уже снят, ничего не изменено. Скажите, пожалуйста, ещё раз, что нужно.',
    failed: 'Не получилось: что-то не так на нашей стороне. Попробуйте, пожалуйста, чуть позже.',
  },
};
