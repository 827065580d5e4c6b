import { z } from 'zod';
import { defineEvent, defineSignal } from './define-event';
import { Locale } from './locale';
import { openWord } from './open-word';
import { personal } from './personal';
import { definePersonErased } from './person-erased';
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
    'unreadable',
    'budget_exhausted',
    'stopped',
    'not_last',
    'decided',
  ],
  {
    id: 'ReplyOutcome',
    description:
      'Why an answer is what it is. Everything but "answered", "knowledge_only", "cut_off", "stopped" and "decided" is an apology in plain words. "not_last": another answer was asked for in place of one that is not the last any more; "decided": what became of something that the person was asked to confirm.',
  },
);
export type ReplyOutcome = z.infer<typeof ReplyOutcome>;

/**
 * What counts as no failure: an answer, also one that ended early, or a word that there is nothing to answer any more ("not_last") or
 * that something was done ("decided").
 * Every other outcome is a failure, also one that a later version says.
 */
export const SUCCEEDED_OUTCOMES = ['answered', 'knowledge_only', 'cut_off', 'stopped', 'not_last', 'decided'] as const;

/** The failures that are known today, for who must name them; who counts failures takes all but SUCCEEDED_OUTCOMES. */
export const FAILED_OUTCOMES: readonly string[] = ReplyOutcome.known.filter(
  (outcome) => !(SUCCEEDED_OUTCOMES as readonly string[]).includes(outcome),
);

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
    replaces: z.uuid().optional().describe('The reply in whose place this one was asked for.'),
    suggestions: z
      .array(z.string().min(1).max(200))
      .max(12)
      .optional()
      .describe('What the person may want to say next, best first.'),
    confirmationId: z
      .uuid()
      .optional()
      .describe('The text ends with a question whether this shall be done, which the person answers by a button.'),
  }),
  { subject: 'chatId', summary: 'The assistant finished an answer.' },
);

export const ReplyStopRequested = defineEvent(
  'chat-ai.reply.stop-requested.v1',
  z.object({
    chatId: z.uuid(),
    userId: z.uuid(),
    replyId: z
      .uuid()
      .optional()
      .describe('Stops this one alone, and nothing when it is finished; whatever is being written when absent.'),
  }),
  { subject: 'chatId', summary: 'Asks to write no more of an answer; what is visible of it is kept.' },
);

export const ReplyRegenerateRequested = defineEvent(
  'chat-ai.reply.regenerate-requested.v1',
  z.object({ chatId: z.uuid(), userId: z.uuid(), replyId: z.uuid().describe('The last one of the chat.') }),
  { subject: 'chatId', summary: 'Asks for another answer in place of the last one.' },
);

export const ReplyRateRequested = defineEvent(
  'chat-ai.reply.rate-requested.v1',
  z.object({
    chatId: z.uuid(),
    userId: z.uuid(),
    replyId: z.uuid(),
    rating: z.int().min(-1).max(1).describe('1 good, -1 bad, 0 takes an earlier rating back.'),
  }),
  { subject: 'chatId', summary: 'A person says what an answer was worth to them.' },
);

export const ConfirmationDecideRequested = defineEvent(
  'chat-ai.confirmation.decide-requested.v1',
  z.object({
    chatId: z.uuid(),
    userId: z.uuid().describe('Who pressed the button.'),
    confirmationId: z.uuid(),
    confirmed: z.boolean(),
  }),
  { subject: 'chatId', summary: 'A person says whether something shall be done that the assistant has offered.' },
);

const ofHandover = {
  conversationId: z.uuid(),
  chatId: z.uuid(),
  botId: BotId,
  userId: z.uuid().nullable().describe('The person of a private chat; null of a group.'),
};

export const HandoverReason = openWord(['asked', 'cannot_help', 'complaint', 'staff', 'foreign_reply', 'flagged'], {
  id: 'HandoverReason',
  description:
    'Why a conversation is handed over. "asked": the person wants to speak to a human; "staff": staff took it over; "foreign_reply": somebody answered in the app of the channel; "flagged": moderation wants a human to see it.',
});

export const HandoverBegan = defineEvent(
  'chat-ai.handover.began.v1',
  z.object({
    ...ofHandover,
    reason: HandoverReason,
    by: z.uuid().optional().describe('The member of staff who took it over.'),
    until: z.iso.datetime().describe('Then the assistant answers again, unless it is ended before.'),
  }),
  { subject: 'chatId', summary: 'A human is to answer in a conversation; until then the assistant stays silent.' },
);

export const HandoverEndedBy = openWord(['person', 'staff', 'reset'], {
  id: 'HandoverEndedBy',
  description: 'Who has ended it; "reset": the person began anew.',
});

export const HandoverEnded = defineEvent(
  'chat-ai.handover.ended.v1',
  z.object({ ...ofHandover, by: HandoverEndedBy }),
  {
    subject: 'chatId',
    summary: 'The assistant answers again in a conversation that was handed over. Not said when its time has run out.',
  },
);

export const HandoverEndRequested = defineEvent(
  'chat-ai.handover.end-requested.v1',
  z.object({ chatId: z.uuid(), userId: z.uuid() }),
  { subject: 'chatId', summary: 'A person wants to be answered by the assistant again.' },
);

export const UsagePurpose = openWord(['turn', 'summary', 'embedding', 'try-out', 'suggestion', 'moderation'], {
  id: 'UsagePurpose',
  description: 'What a model was called for; "suggestion": a draft that staff asked for.',
});

export const UsageRecorded = defineEvent(
  'chat-ai.usage.recorded.v1',
  z.object({
    usageId: z.uuid(),
    botId: BotId,
    userId: z.uuid(),
    model: z.string(),
    purpose: UsagePurpose.optional(),
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

export const AllowanceChangeRequested = defineEvent(
  'chat-ai.allowance.change-requested.v1',
  z.object({
    userId: z.uuid(),
    botId: BotId,
    microsPerDay: CostMicros.nullable().describe('No more than this, whatever the budget allows; null lifts it.'),
    until: z.iso.datetime(),
    reason: openWord(['unusual_usage'], { id: 'AllowanceReason', description: 'Why somebody may use less.' }),
  }),
  { subject: 'userId', summary: 'Asks to let a person use less of a bot for a while, or as much as before.' },
);

export const ChatAiPersonErased = definePersonErased('chat-ai');

export const PromptsChanged = defineSignal(
  'chat-ai.prompts.changed.v1',
  z.object({ botId: BotId }),
  'Another prompt of a bot is in force; from one process of chat-ai to the others.',
);

export const TurnInterrupted = defineSignal(
  'chat-ai.turn.interrupted.v1',
  z.object({
    conversationId: z.uuid(),
    chatId: z.uuid(),
    handedOverAt: z
      .int()
      .optional()
      .describe('Staff answer instead, since the conversation had this revision: turns read before it end at once.'),
  }),
  'An answer that is being written in a conversation is not wanted any more; from one process of chat-ai to the others.',
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
    replaces: z.uuid().optional().describe('The reply in whose place it is written.'),
    state: TypingState,
    text: personal(z.string()).describe(
      'The whole answer so far, as Markdown; a later signal replaces an earlier one.',
    ),
  }),
  'The answer as it is being written.',
);
