import { z } from 'zod';
import { Instant } from './api.shapes';
import { ReplyOutcome } from './chat-ai.events';
import { defineRoute } from './define-route';
import { Locale } from './locale';
import { BotId, CostMicros, DemoId } from './shapes';

const problems = { 'chat-ai.demo_refused': 403 } as const;

const Count = z.int().min(0).max(10_000_000);

/** A question and its answer. */
const DemoTurn = z
  .object({
    id: DemoId.describe('Of the reply.'),
    usageId: DemoId,
    chatId: DemoId,
    botId: BotId,
    userId: DemoId,
    locale: Locale,
    at: Instant.describe('When the question came.'),
    outcome: ReplyOutcome,
    model: z.string().max(100),
    inputTokens: Count,
    cachedInputTokens: Count,
    outputTokens: Count,
    costMicros: CostMicros,
    durationMs: Count,
    firstTextMs: Count.nullable(),
    rating: z.union([z.literal(1), z.literal(-1)]).nullable(),
    words: z
      .object({ question: z.string().min(1).max(4000), answer: z.string().min(1).max(8000) })
      .nullable()
      .describe('Null of a turn of which only what it has cost is kept.'),
  })
  .meta({ id: 'chat-ai.DemoTurn' });

export const TakeDemoTurns = defineRoute({
  id: 'chat-ai.demo-turns.take',
  method: 'POST',
  path: '/demo/turns',
  summary:
    'Keeps what people who do not exist have talked about long ago, and what that has cost; nobody is told. Not in production.',
  permission: 'demo:write',
  callers: ['operator'],
  body: z.object({ turns: z.array(DemoTurn).max(1000).describe('The oldest first.') }),
  answer: z.object({ taken: z.int().describe('That were not there.') }),
  problems,
});

export const RemoveDemoTurns = defineRoute({
  id: 'chat-ai.demo-turns.remove',
  method: 'DELETE',
  path: '/demo/turns',
  summary: 'Deletes all conversations of people who do not exist, and what they have cost.',
  permission: 'demo:write',
  callers: ['operator'],
  answer: z.object({ removed: z.int().describe('Conversations.') }),
  problems,
});
