import { Injectable } from '@nestjs/common';
import { Outbox } from '@switchboard/bus';
import type { Actor, SuggestAnswer } from '@switchboard/contracts';
import {
  type AnswerOf,
  Clock,
  DomainError,
  persistently,
  type RequestOf,
  type ServerSentEvent,
} from '@switchboard/service-kit';
import { DataSource } from 'typeorm';
import { BudgetExhausted, BudgetsService, NOBODY, type Reservation, type Spender } from '../accounting/budgets.service';
import { costOf } from '../accounting/prices.service';
import { UsageService } from '../accounting/usage.service';
import { type Assistant, type AssistantModel, spenderOf } from '../assistants/assistant';
import { AssistantsService } from '../assistants/assistants.service';
import { TicketViewsService } from '../desk/ticket-views.service';
import { citedIn } from '../knowledge/citations';
import { KnowledgeService } from '../knowledge/knowledge.service';
import { ModelFailure } from '../models/chat-model';
import { ModelsService } from '../models/models.service';
import { eventsOf, outcomeOf, Progress } from '../models/watched-call';
import { PromptsService } from '../prompts/prompts.service';
import { OpenTurnsService, type Told } from '../turns/open-turns.service';
import { type Context, contextOf } from '../turns/turn-context';

type Asked = RequestOf<typeof SuggestAnswer>['body'];
type Event = AnswerOf<typeof SuggestAnswer> extends AsyncIterable<ServerSentEvent<infer Data>> ? Data : never;

class NoModel extends DomainError {
  constructor(botId: string) {
    super('chat-ai.no_model', 'No language model is connected to this bot', 409, { botId });
  }
}

class NothingToAnswer extends DomainError {
  constructor(ticketId: string) {
    super('chat-ai.nothing_to_answer', 'The person has written nothing that can be read', 409, { ticketId });
  }
}

class SuggestionBudgetExhausted extends DomainError {
  constructor(renewsAt: Date | undefined) {
    super('chat-ai.suggestion_budget_exhausted', 'What may be spent on the assistant is used up', 429, {
      renewsAt: renewsAt?.toISOString() ?? null,
    });
  }
}

/** A call that is paid for and about to be made. */
interface Planned {
  readonly spender: Spender;
  readonly model: AssistantModel;
  readonly context: Context;
  readonly reservation: Reservation;
  readonly maxOutputTokens: number;
}

/**
 * Drafts of answers for staff: the assistant is asked as in a turn, and nothing of it is kept but what it has cost, which the budget of
 * the bot's answers pays, though not that of the person. The first model is asked once.
 */
@Injectable()
export class SuggestionsService {
  constructor(
    private readonly db: DataSource,
    private readonly tickets: TicketViewsService,
    private readonly turns: OpenTurnsService,
    private readonly assistants: AssistantsService,
    private readonly prompts: PromptsService,
    private readonly knowledge: KnowledgeService,
    private readonly budgets: BudgetsService,
    private readonly usage: UsageService,
    private readonly models: ModelsService,
    private readonly outbox: Outbox,
    private readonly clock: Clock,
  ) {}

  /** Everything that can be refused is refused before the first event. */
  async begin(
    ticketId: string,
    { wish, locale }: Asked,
    { actor, signal }: { actor: Actor; signal: AbortSignal },
  ): Promise<AsyncIterable<ServerSentEvent<Event>>> {
    const { brandId, conversationId, userId } = await this.tickets.find(this.db.manager, ticketId, actor);
    const assistant = this.assistants.require(brandId);
    const [model] = assistant.models;
    if (!model) throw new NoModel(brandId);
    const told = await this.turns.told(conversationId);
    if (!told) throw new NothingToAnswer(ticketId);
    const context = await this.contextFor(assistant, { ...told, ...(locale && { locale }) }, userId, wish);
    const { botPerMonth } = assistant.budgets;
    const spender = { ...spenderOf(assistant, NOBODY), limits: { personPerDay: null, botPerMonth } };
    const maxOutputTokens = this.models.outputLimit(model, assistant.maxOutputTokens);
    const tokens = { inputTokens: context.report.tokens, outputTokens: maxOutputTokens };
    const reservation = await this.budgets
      .reserve(spender, { purpose: 'suggestion', turnId: null, model, ...tokens })
      .catch((error: unknown) => {
        throw error instanceof BudgetExhausted ? new SuggestionBudgetExhausted(error.renewsAt) : error;
      });
    const progress = new Progress();
    const planned = { spender, model, context, reservation, maxOutputTokens };
    // Made whether or not somebody reads on: what was set aside for it is to be settled.
    const ending = this.ask(planned, signal, (text) => progress.show(text)).finally(() => progress.end());
    ending.catch(() => undefined);
    return eventsOf(progress, ending);
  }

  private async contextFor(
    assistant: Assistant,
    told: Told,
    userId: string,
    wish: string | undefined,
  ): Promise<Context> {
    const question = { text: told.question.map(({ text }) => text).join('\n'), before: undefined };
    const [{ prompt }, { passages }] = await Promise.all([
      this.prompts.promptFor(assistant, userId),
      this.knowledge.forModel(assistant.botId, question),
    ]);
    const facts = { passages, now: this.clock.now(), canSee: false, hasTools: false, limit: assistant.contextTokens };
    return contextOf(told, assistant, { ...facts, prompt: [prompt.text.trim(), aboutDraft(wish)].join('\n\n') });
  }

  private async ask(planned: Planned, signal: AbortSignal, onText: (text: string) => void): Promise<Event> {
    const { spender, model, context, reservation, maxOutputTokens } = planned;
    const { id, price } = reservation;
    const request = { messages: context.messages, tokens: context.report.tokens, maxOutputTokens };
    const call = await this.models.call(model, request, { signal, onText });
    const outcome = outcomeOf(call.result);
    const { tokens, estimated, durationMs } = call;
    const calls = [{ model: call.model, tokens, estimated, price, outcome, durationMs, reservationId: id }];
    const costs = { purpose: 'suggestion' as const, turnId: null, calls, reservations: [id] };
    await persistently(() =>
      this.db.transaction(async (tx) => {
        await this.outbox.add(tx, ...(await this.usage.record(tx, spender, costs)));
      }),
    );
    const text = call.result instanceof ModelFailure ? call.result.said : call.result.text;
    return {
      state: text.trim() === '' ? 'failed' : 'done',
      text,
      cites: [...citedIn(text, context.passages).values()].map(({ id, title }) => ({ id, title })),
      outcome,
      costMicros: price.isKnown ? costOf(tokens, price.price) : 0,
    };
  }
}

const aboutDraft = (wish: string | undefined): string =>
  [
    'You draft the answer that a member of staff is about to send to the person in their own name: write the message alone, as they would.',
    ...(wish ? [`This is what it is to say, or how: ${wish}`] : []),
  ].join(' ');
