import { Inject, Injectable } from '@nestjs/common';
import { Outbox } from '@switchboard/bus';
import type { Locale, TryPrompt } from '@switchboard/contracts';
import {
  type AnswerOf,
  Clock,
  CONFIG,
  DomainError,
  persistently,
  type RequestOf,
  type ServerSentEvent,
} from '@switchboard/service-kit';
import { DataSource } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import { BudgetExhausted, BudgetsService, NOBODY, type Reservation, type Spender } from '../accounting/budgets.service';
import { costOf } from '../accounting/prices.service';
import type { CallOutcome } from '../accounting/usage.entity';
import { UsageService } from '../accounting/usage.service';
import { type Assistant, type AssistantModel, spenderOf } from '../assistants/assistant';
import { AssistantsService } from '../assistants/assistants.service';
import type { ChatAiConfig } from '../chat-ai.config';
import { withSources } from '../knowledge/citations';
import { KnowledgeService } from '../knowledge/knowledge.service';
import { ModelFailure } from '../models/chat-model';
import { type MeteredCall, ModelsService } from '../models/models.service';
import { countTokens } from '../models/tokens';
import { eventsOf, outcomeOf, Progress } from '../models/watched-call';
import { PromptDraftsService } from '../prompts/prompt-drafts.service';
import { PromptsService } from '../prompts/prompts.service';
import { type Context, contextOf, SystemPromptTooLong } from '../turns/turn-context';
import type { TurnMessage } from '../turns/open-turns.service';

type Asked = RequestOf<typeof TryPrompt>['body'];
type Event = AnswerOf<typeof TryPrompt> extends AsyncIterable<ServerSentEvent<infer Data>> ? Data : never;

class NoModel extends DomainError {
  constructor(botId: string) {
    super('chat-ai.no_model', 'No language model is connected to this bot', 409, { botId });
  }
}

class PromptTooLong extends DomainError {
  constructor() {
    super('chat-ai.prompt_too_long', 'The prompt leaves no room for what was said', 409);
  }
}

class TryOutBudgetExhausted extends DomainError {
  constructor(renewsAt: Date) {
    super('chat-ai.try_out_budget_exhausted', 'What was set aside for trying out is used up', 429, {
      renewsAt: renewsAt.toISOString(),
    });
  }
}

/** A call that is paid for and about to be made. */
interface PlannedTryOut {
  readonly spender: Spender;
  readonly model: AssistantModel;
  readonly context: Context;
  readonly reservation: Reservation;
  readonly maxOutputTokens: number;
  readonly locale: Locale;
}

const MICROS = 1_000_000;

/**
 * Asks the model of a bot with a chosen prompt as a turn would, apart from every conversation: nothing of it is kept but what it has
 * cost, which a budget of its own pays. The first model is asked once, so that staff see what it does.
 */
@Injectable()
export class TryOutsService {
  constructor(
    private readonly db: DataSource,
    private readonly assistants: AssistantsService,
    private readonly prompts: PromptsService,
    private readonly drafts: PromptDraftsService,
    private readonly knowledge: KnowledgeService,
    private readonly budgets: BudgetsService,
    private readonly usage: UsageService,
    private readonly models: ModelsService,
    private readonly outbox: Outbox,
    private readonly clock: Clock,
    @Inject(CONFIG) private readonly config: ChatAiConfig,
  ) {}

  /** Everything that can be refused is refused before the first event. */
  async begin(botId: string, asked: Asked, signal: AbortSignal): Promise<AsyncIterable<ServerSentEvent<Event>>> {
    const assistant = this.assistants.require(botId);
    const [model] = assistant.models;
    if (!model) throw new NoModel(botId);
    const prompt = await this.promptOf(botId, asked);
    const context = await this.contextFor(assistant, prompt, asked);
    const spender = this.spenderFor(assistant);
    const maxOutputTokens = this.models.outputLimit(model, assistant.maxOutputTokens);
    const tokens = { inputTokens: context.report.tokens, outputTokens: maxOutputTokens };
    const reservation = await this.budgets
      .reserve(spender, { purpose: 'try-out', turnId: null, model, ...tokens })
      .catch((error: unknown) => {
        throw error instanceof BudgetExhausted ? new TryOutBudgetExhausted(error.renewsAt!) : error;
      });
    return this.run({ spender, model, context, reservation, maxOutputTokens, locale: asked.locale }, signal);
  }

  /** The call is made at once, whether or not somebody reads on: what was set aside for it is to be settled. */
  private run(planned: PlannedTryOut, signal: AbortSignal): AsyncIterable<ServerSentEvent<Event>> {
    const progress = new Progress();
    const ending = this.ask(planned, signal, (text) => progress.show(text)).finally(() => progress.end());
    // Heard by whoever reads, if somebody does.
    ending.catch(() => undefined);
    return eventsOf(progress, ending);
  }

  /** Calls the model, and records what that has cost whatever becomes of it. */
  private async ask(
    { spender, model, context, reservation, maxOutputTokens, locale }: PlannedTryOut,
    signal: AbortSignal,
    onText: (text: string) => void,
  ): Promise<Event> {
    const started = performance.now();
    let firstTextMs: number | null = null;
    const request = { messages: context.messages, tokens: context.report.tokens, maxOutputTokens };
    const call = await this.models.call(model, request, {
      signal,
      onText: (text) => {
        firstTextMs ??= Math.round(performance.now() - started);
        onText(text);
      },
    });
    const outcome = outcomeOf(call.result);
    await this.settle(spender, reservation, call, outcome);
    const said = call.result instanceof ModelFailure ? call.result.said : call.result.text;
    const { price, isKnown } = reservation.price;
    return {
      state: said.trim() === '' ? 'failed' : 'done',
      text: withSources(said, context.passages, locale),
      outcome,
      model: model.model,
      passages: context.passages.map(({ id, title, heading }) => ({ id, title, heading })),
      contextTokens: context.report.tokens,
      ...call.tokens,
      costMicros: isKnown ? costOf(call.tokens, price) : 0,
      firstTextMs,
      durationMs: call.durationMs,
    };
  }

  private async settle(
    spender: Spender,
    { id, price }: Reservation,
    { model, tokens, estimated, durationMs }: MeteredCall,
    outcome: CallOutcome,
  ): Promise<void> {
    const calls = [{ model, tokens, estimated, price, outcome, durationMs, reservationId: id }];
    const costs = { purpose: 'try-out' as const, turnId: null, calls, reservations: [id] };
    await persistently(() =>
      this.db.transaction(async (tx) => {
        await this.outbox.add(tx, ...(await this.usage.record(tx, spender, costs)));
      }),
    );
  }

  private async promptOf(botId: string, { text, promptId, draftId }: Asked): Promise<string> {
    if (text !== undefined) return text;
    if (promptId) return (await this.prompts.read(this.db.manager, botId, promptId)).text;
    return (await this.drafts.read(this.db.manager, botId, draftId!)).text;
  }

  private async contextFor(
    assistant: Assistant,
    prompt: string,
    { messages, locale, knowledge }: Asked,
  ): Promise<Context> {
    const said = messages.map(({ role, text }): TurnMessage => {
      const id = uuidv7();
      return { id, role, text, userId: NOBODY, tokens: countTokens(text), group: id, summarised: false };
    });
    const [question, history] = [said.at(-1)!, said.slice(0, -1)];
    const before = history.findLast(({ role }) => role === 'user')?.text;
    const found = knowledge
      ? await this.knowledge.forModel(assistant.botId, { text: question.text, before })
      : undefined;
    const turn = { summary: undefined, history, question: [question] as const, locale, inGroup: false };
    const facts = { prompt, passages: found?.passages ?? [], now: this.clock.now(), canSee: false, hasTools: false };
    try {
      return contextOf(turn, assistant, { ...facts, limit: assistant.contextTokens });
    } catch (error) {
      if (error instanceof SystemPromptTooLong) throw new PromptTooLong();
      throw error;
    }
  }

  private spenderFor(assistant: Assistant): Spender {
    const { CHAT_AI_TRY_OUT_PER_MONTH_USD: perMonth } = this.config;
    const botPerMonth = perMonth === 'unlimited' ? null : Math.round(perMonth * MICROS);
    return { ...spenderOf(assistant, NOBODY), limits: { personPerDay: null, botPerMonth } };
  }
}
