import { z } from 'zod';
import { defineEvent, defineSignal } from './define-event';
import { Locale } from './locale';
import { type Known, openWord } from './open-word';
import { personal } from './personal';
import { BotId, CostMicros } from './shapes';

export const ReplyOutcome = openWord(
  [
    'answered',
    'knowledge_only',
    'refused',
    'rate_limited',
    'model_unavailable',
    'timed_out',
    'cut_off',
    'empty',
    'too_long',
    'budget_exhausted',
  ],
  {
    id: 'ReplyOutcome',
    description:
      'Why an answer is what it is. Everything but "answered", "knowledge_only" and "cut_off" is an apology in plain words.',
  },
);
export type ReplyOutcome = z.infer<typeof ReplyOutcome>;
export type KnownReplyOutcome = Known<typeof ReplyOutcome>;

export const TypingState = openWord(['thinking', 'typing', 'done', 'cancelled'], {
  id: 'TypingState',
  description:
    'How far an answer is. "done": finished, it comes as an event. "cancelled": it will not come, what was shown of it is taken back.',
});

export const ReplyCompleted = defineEvent(
  'chat-ai.reply.completed.v1',
  z.object({
    replyId: z.uuid(),
    chatId: z.uuid(),
    botId: BotId,
    userId: z.uuid(),
    locale: Locale,
    text: personal(z.string().min(1)).describe('Markdown as models write it (CommonMark with tables).'),
    outcome: ReplyOutcome,
    answers: z.array(z.uuid()).min(1).describe('The messages this reply answers.'),
  }),
  { subject: 'chatId', summary: 'The assistant finished an answer.' },
);

export const UsageRecorded = defineEvent(
  'chat-ai.usage.recorded.v1',
  z.object({
    usageId: z.uuid(),
    botId: BotId,
    userId: z.uuid(),
    model: z.string(),
    inputTokens: z.int().nonnegative(),
    cachedInputTokens: z.int().nonnegative(),
    outputTokens: z.int().nonnegative(),
    costMicros: CostMicros,
    estimated: z.boolean().describe('True when the stream broke before the model said what it used.'),
    outcome: ReplyOutcome,
    durationMs: z.int().nonnegative(),
  }),
  { subject: 'userId', summary: 'One call of a model, with what it used and cost.' },
);

export const ReplyTyped = defineSignal(
  'chat-ai.reply.typed.v1',
  z.object({
    replyId: z.uuid(),
    chatId: z.uuid(),
    botId: BotId,
    answers: z
      .array(z.uuid())
      .optional()
      .describe('The messages this reply answers: it is shown where they were written.'),
    state: TypingState,
    text: personal(z.string()).describe(
      'The whole answer so far, as Markdown; a later signal replaces an earlier one.',
    ),
  }),
  'The answer as it is being written.',
);
