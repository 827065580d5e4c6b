import { Injectable } from '@nestjs/common';
import { Outbox } from '@switchboard/bus';
import { type EventOf, SurveyAnswered, type SurveyAskRequested } from '@switchboard/contracts';
import { BotsRegistry } from '@switchboard/service-kit';
import { join } from 'node:path';
import { type EntityManager, IsNull } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import { z } from 'zod';
import { TextsSection } from '../../bots/bot-sections';
import { Chat } from '../../contacts/chat.entity';
import { inChat } from '../../contacts/contacts.service';
import { DeliveriesService } from '../../deliveries/deliveries.service';
import { ButtonsService } from '../../dialogs/buttons.service';
import type { Conversation } from '../../dialogs/conversation';
import { action, type Product } from '../../dialogs/product';
import { ProductRouter } from '../../dialogs/product-router.service';
import { Catalogue } from '../../texts/catalogue';

const Answer = z.object({
  surveyId: z.uuid(),
  score: z.int().min(0).max(10),
  question: z.enum(['nps', 'csat']).default('nps').describe('Buttons of earlier versions name none.'),
});
type Question = z.output<typeof Answer>['question'];

/** What is asked, with rows of answers: channels show no more than eight buttons in one. */
const QUESTIONS: Record<Question, { text: readonly string[]; thanks: string; scores: readonly (readonly number[])[] }> =
  {
    nps: {
      text: ['question', 'rarely'],
      thanks: 'thanks',
      scores: [
        [0, 1, 2, 3, 4, 5],
        [6, 7, 8, 9, 10],
      ],
    },
    csat: { text: ['csat.question'], thanks: 'csat.thanks', scores: [[1, 2, 3, 4, 5]] },
  };

/**
 * How likely people are to recommend the bot, from 0 to 10, and how content they are with how they were helped, from 1 to 5. Whom to
 * ask and how often is decided by who asks for it; a person can say the first unasked as well.
 */
@Injectable()
export class SurveyProduct implements Product {
  readonly name = 'survey';
  readonly everywhere = true;
  readonly texts = new Catalogue(this.name, join(__dirname, 'texts'));

  readonly commands = {
    feedback: (conversation: Conversation) =>
      conversation.send({
        text: conversation.say('question', { bot: conversation.bot.name }),
        buttons: buttonsOf('nps', uuidv7()).map((row) => row.map((button) => ({ ...button, action: 'answer' }))),
        once: true,
      }),
  };

  readonly actions = {
    answer: action(Answer, async (conversation, { surveyId, question, score }) => {
      const { tx, context } = conversation;
      await this.outbox.add(tx, SurveyAnswered({ ...inChat(context), surveyId, question, score }));
      await conversation.show({ text: conversation.say(QUESTIONS[question].thanks, { score }) });
    }),
  };

  constructor(
    private readonly bots: BotsRegistry,
    private readonly buttons: ButtonsService,
    private readonly deliveries: DeliveriesService,
    private readonly outbox: Outbox,
    router: ProductRouter,
  ) {
    router.register(this);
  }

  /** Asks a person in their private chat. Where the bot does not offer it, or there are no buttons to answer by, nobody is asked. */
  async ask(tx: EntityManager, asked: EventOf<typeof SurveyAskRequested>['data']): Promise<void> {
    const { surveyId, botId, userId, question } = asked;
    if (!isKnown(question)) return;
    const bot = this.bots.find(botId);
    const where = { botId, userId, kind: 'private', movedTo: IsNull(), blockedAt: IsNull() } as const;
    const chat = await tx.findOneBy(Chat, where);
    // Whoever was helped by staff is asked in every bot.
    const isOffered = question === 'csat' || bot?.products.includes(this.name);
    if (!bot || !isOffered || !chat || !this.deliveries.showsButtons(chat)) return;
    const rows = buttonsOf(question, surveyId);
    const ids = await this.buttons.create(
      tx,
      rows.flat().map(({ data }) => ({ product: this.name, action: 'answer', data })),
      { chatId: chat.id, once: true },
    );
    const overrides = this.bots.section(botId, 'texts', TextsSection);
    const lines = QUESTIONS[question].text.map((key) => this.texts.say(chat.locale, key, { bot: bot.name }, overrides));
    let next = 0;
    const buttons = rows.map((row) => row.map(({ label }) => ({ label, data: ids[next++]! })));
    const content = { kind: 'notice', text: lines.join('\n\n'), buttons } as const;
    await this.deliveries.queue(tx, { chatId: chat.id, userId, causeId: surveyId, content });
  }
}

const isKnown = (question: string): question is Question => question in QUESTIONS;

/** In the order of the scores. */
const buttonsOf = (question: Question, surveyId: string) =>
  QUESTIONS[question].scores.map((row) =>
    row.map((score) => ({ label: String(score), data: { surveyId, score, question } })),
  );
