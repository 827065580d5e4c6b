import { Injectable } from '@nestjs/common';
import { Counter, Registry } from 'prom-client';
import { AnswerCacheService, type CachedAnswer, type Learnable } from '../answer-cache/answer-cache.service';
import { type PlainQuestion, plainQuestion } from '../answer-cache/cacheable';
import type { Assistant } from '../assistants/assistant';
import { captionIn } from '../conversations/message-content';
import { TicketsService } from '../desk/tickets.service';
import { finishedPart, guardAnswer } from '../guards/answer-guard';
import { concernsStaff, flaggedReply } from '../guards/flagged-replies';
import { ModerationService } from '../guards/moderation.service';
import type { FoundPassage } from '../knowledge/knowledge.service';
import { languageOf } from '../knowledge/words';
import { LabelsService } from '../labels/labels.service';
import type { TurnTools } from '../tools/tools.service';
import { fallbackReply } from './fallback-replies';
import { joined } from './next-step';
import type { OpenTurn, TurnMessage } from './open-turns.service';
import type { MessageLabels, Reply } from './turn-recorder';

/** Holds an answer to its sources while it is written and when it is finished. */
export interface AnswerGuard {
  /** What of an answer that is being written may be shown. */
  shown(text: string): string;
  whole(text: string): string;
}

const UNGUARDED: AnswerGuard = { shown: (text) => text, whole: (text) => text };

/** What is looked at before a model is asked, and before anybody sees what it says. */
@Injectable()
export class TurnGuards {
  private readonly replaced: Counter;

  constructor(
    private readonly labels: LabelsService,
    private readonly moderation: ModerationService,
    private readonly tickets: TicketsService,
    private readonly cache: AnswerCacheService,
    registry: Registry,
  ) {
    this.replaced = new Counter({
      name: 'unfounded_sentences_total',
      help: 'Sentences about money or stock that no source said, and that people were therefore not told.',
      registers: [registry],
    });
  }

  /** Of the messages that are to be answered. */
  async labelsOf({ question, locale }: OpenTurn, { botId, channel }: Assistant): Promise<MessageLabels[]> {
    const texts = question.map(ownWords);
    const labels = await this.labels.labelsOf(botId, texts);
    return labels.map(({ tone, score, scenario }, i) => {
      const { id, userId } = question[i]!;
      const language = /\p{L}/u.test(texts[i]!) ? languageOf(texts[i]!) : locale;
      return { messageId: id, userId, channel, language, tone, toneScore: score, scenario };
    });
  }

  /** What somebody is told whose message no model shall answer. Staff hear of threats, and of people in danger. */
  async moderate(
    { question, conversationId, locale }: OpenTurn,
    { hasStaff }: Assistant,
    signal: AbortSignal,
  ): Promise<Pick<Reply, 'outcome' | 'text'> | undefined> {
    const text = question.map(ownWords).join('\n');
    const flag = await this.moderation.flagOf(text, signal);
    if (!flag || signal.aborted) return undefined;
    const outcome = flag === 'self-harm' ? 'answered' : 'refused';
    const reply = flaggedReply(flag, /\p{L}/u.test(text) ? languageOf(text) : locale);
    if (!hasStaff || !concernsStaff(flag)) return { outcome, text: reply };
    await this.tickets.handOver(conversationId, 'flagged');
    return { outcome, text: joined(reply, fallbackReply('handed_over', locale)) };
  }

  /** What others were told who asked the same. Not where an answer to something else is awaited: "yes, the large one please". */
  async cachedAnswer(turn: OpenTurn, assistant: Assistant, promptId: string): Promise<CachedAnswer | undefined> {
    const question = plainQuestionOf(turn, assistant);
    const last = turn.history.at(-1);
    if (!question || (last?.role === 'assistant' && asksSomething(last.text))) return undefined;
    return this.cache.find({ botId: assistant.botId, promptId, question }, turn.replyId);
  }

  /** @param said by a model, out of these passages and nothing else; undefined when it cannot be told to others */
  learnable(
    turn: OpenTurn,
    assistant: Assistant,
    said: Pick<Learnable, 'text' | 'passages' | 'promptId'>,
  ): Learnable | undefined {
    const question = plainQuestionOf(turn, assistant);
    // With nothing said before there is nothing of the person that the answer could hold.
    if (!question || turn.history.length > 0 || turn.summary !== undefined) return undefined;
    return { ...said, question, botId: assistant.botId, userId: turn.userId, replyId: turn.replyId };
  }

  learn(learnable: Learnable): Promise<void> {
    return this.cache.learn(learnable);
  }

  /** @param onReplaced called with how many sentences of the whole answer no source said */
  forAnswer(
    { locale }: OpenTurn,
    { pricesFromSourcesOnly }: Assistant,
    passages: readonly FoundPassage[],
    tools: TurnTools,
    onReplaced: (sentences: number) => void,
  ): AnswerGuard {
    if (!pricesFromSourcesOnly) return UNGUARDED;
    const guarded = (text: string) => {
      const results = tools.messages.filter(({ role }) => role === 'tool').map(({ content }) => content);
      return guardAnswer(text, { passages, results }, locale);
    };
    return {
      shown: (text) => guarded(finishedPart(text)).text,
      whole: (answer) => {
        const { text, replaced } = guarded(answer);
        if (replaced > 0) this.replaced.inc(replaced);
        onReplaced(replaced);
        return text;
      },
    };
  }
}

/** Undefined of several messages at once, of files and quotations: an answer to them is an answer to more than a question. */
function plainQuestionOf(
  { question, replaces, inGroup }: OpenTurn,
  { answerCache }: Assistant,
): PlainQuestion | undefined {
  const [message, ...others] = question;
  if (!answerCache || replaces || inGroup || others.length > 0 || message.attachment || message.text.startsWith('> '))
    return undefined;
  return plainQuestion(message.text);
}

const asksSomething = (answer: string) => /\?[\s*_)»"]*(?:\n|$)/.test(answer);

/** Without the message that is quoted and the name of a file: others have chosen these words. */
const ownWords = ({ text, attachment }: TurnMessage) => {
  const said = text.replace(/^> .*\n\n/, '');
  return attachment ? captionIn(said) : said;
};
