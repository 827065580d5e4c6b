import { Inject, Injectable } from '@nestjs/common';
import { Signals } from '@switchboard/bus';
import type { ReplyOutcome } from '@switchboard/contracts';
import { Clock, type JobRun, LOG, type Log, type PayloadOf, Runs } from '@switchboard/service-kit';
import type { Assistant } from '../assistants/assistant';
import { AssistantsService } from '../assistants/assistants.service';
import type { ContextReport } from '../context/build-context';
import { systemText } from '../context/prompt-sections';
import { Arrivals } from '../conversations/arrivals';
import { knowledgeOnlyAnswer } from '../knowledge/knowledge-only';
import { KnowledgeService, type Question, type Quotation } from '../knowledge/knowledge.service';
import type { ChatModel } from '../models/chat-model';
import { ModelsService } from '../models/models.service';
import { PromptsService } from '../prompts/prompts.service';
import { AnswerTurn } from './answer-turn.job';
import { apologyFor } from './apologies';
import { Attention } from './attention';
import { ModelTurns } from './model-turn';
import { type OpenTurn, OpenTurns } from './open-turn';
import { type TurnCosts, TurnLedger } from './turn-ledger';
import { Typing } from './typing';

const NO_COSTS: TurnCosts = { calls: [], reservations: [] };

/** What a turn under way has at hand. */
interface Underway {
  readonly turn: OpenTurn;
  readonly assistant: Assistant;
  readonly typing: Typing;
  readonly startedAt: Date;
  readonly started: number;
}

/** Answers what waits for an answer in one conversation. */
@Injectable()
export class TurnsService {
  constructor(
    private readonly turns: OpenTurns,
    private readonly assistants: AssistantsService,
    private readonly models: ModelsService,
    private readonly modelTurns: ModelTurns,
    private readonly prompts: PromptsService,
    private readonly knowledge: KnowledgeService,
    private readonly ledger: TurnLedger,
    private readonly arrivals: Arrivals,
    private readonly signals: Signals,
    private readonly clock: Clock,
    @Inject(LOG) private readonly log: Log,
  ) {}

  @Runs(AnswerTurn)
  async answer({ conversationId }: PayloadOf<typeof AnswerTurn>, run: JobRun): Promise<void> {
    const started = performance.now();
    const turn = await this.turns.read(conversationId);
    if (!turn) return;
    const assistant = this.assistants.of(turn.botId);
    const typing = new Typing(this.signals, turn);
    const underway: Underway = { turn, assistant, typing, started, startedAt: this.clock.now() };
    try {
      typing.thinking();
      const model = this.models.of(assistant);
      if (model) await this.askModel(underway, model, run);
      else await this.quoteKnowledge(underway);
    } catch (error) {
      if (!run.isLastAttempt) throw error;
      this.log.error({ err: error, replyId: turn.replyId }, 'a turn failed for good');
      await this.reply(
        underway,
        { outcome: 'model_unavailable', text: apologyFor('model_unavailable', turn.locale) },
        NO_COSTS,
      );
    } finally {
      typing.stop();
    }
  }

  private async askModel(underway: Underway, model: ChatModel, run: JobRun): Promise<void> {
    const { turn, assistant, typing, started } = underway;
    const attention = new Attention(() => this.turns.newsFor(turn), run.signal);
    const unwatch = this.arrivals.watch(turn.conversationId, () => void attention.look().catch(() => undefined));
    try {
      const [prompt, passages] = await Promise.all([
        this.prompts.current(assistant),
        assistant.knowledgeFolder ? this.knowledge.forModel(turn.botId, questionOf(turn)) : [],
      ]);
      let firstTextMs: number | null = null;
      const { reply, costs, contextReport } = await this.modelTurns.run({
        turn,
        assistant,
        model,
        system: systemText(prompt.text, { now: this.clock.now(), locale: turn.locale, inGroup: turn.inGroup }),
        passages,
        signal: attention.signal,
        onText: async (text) => {
          if (text.trim() === '' || !(await attention.mayShow())) return;
          firstTextMs ??= Math.round(performance.now() - started);
          typing.type(text);
        },
      });
      if (reply) {
        const about = { model: assistant.model, promptId: prompt.id, contextReport, firstTextMs };
        await this.reply(underway, reply, costs, about);
      } else if (run.signal.aborted) await this.ledger.handOver(turn, assistant, costs);
      else await this.ledger.giveUp(turn, assistant, costs);
    } finally {
      unwatch();
      attention.end();
    }
  }

  private async quoteKnowledge(underway: Underway): Promise<void> {
    const { turn, assistant } = underway;
    const quotation: Quotation = assistant.knowledgeFolder
      ? await this.knowledge.quote(turn.botId, questionOf(turn))
      : { certainty: 'nothing', passages: [], topics: [] };
    await this.reply(
      underway,
      { outcome: 'knowledge_only', text: knowledgeOnlyAnswer(quotation, turn.locale) },
      NO_COSTS,
    );
  }

  private reply(
    { turn, assistant, typing, startedAt, started }: Underway,
    reply: { outcome: ReplyOutcome; text: string },
    costs: TurnCosts,
    about: {
      model: string | null;
      promptId: string | null;
      contextReport: ContextReport | null;
      firstTextMs: number | null;
    } = {
      model: null,
      promptId: null,
      contextReport: null,
      firstTextMs: null,
    },
  ): Promise<void> {
    const durationMs = Math.round(performance.now() - started);
    return this.ledger.reply(turn, assistant, { ...reply, ...about, startedAt, durationMs }, costs, () =>
      typing.done(reply.text),
    );
  }
}

const questionOf = ({ question, history }: OpenTurn): Question => ({
  text: question.map(({ text }) => text).join('\n'),
  before: history.findLast(({ role }) => role === 'user')?.text,
});
