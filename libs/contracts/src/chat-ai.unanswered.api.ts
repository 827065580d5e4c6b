import { z } from 'zod';
import { Instant, PageQuery, pageOf } from './api.shapes';
import { FaqTexts } from './chat-ai.knowledge.api';
import { defineRoute } from './define-route';
import { Locale } from './locale';
import { BotId } from './shapes';

const ofBot = { params: z.object({ botId: BotId }), bots: 'params.botId' } as const;
const ofGroup = {
  params: z.object({ botId: BotId, groupId: z.uuid() }),
  bots: 'params.botId',
  problems: { 'chat-ai.unanswered_not_found': 404 },
} as const;

const Reason = z
  .string()
  .describe('"nothing_found" in the knowledge base; "apology" in place of an answer; an answer that was "rated_down".');

const UnansweredGroup = z
  .object({
    id: z.uuid(),
    state: z
      .enum(['open', 'answered', 'dismissed'])
      .describe("'dismissed': is not wanted here, and stays away when it is asked again."),
    question: z
      .string()
      .nullable()
      .describe(
        'As it was asked last, with names, numbers and addresses masked; null where that cannot be read any more.',
      ),
    locale: Locale.describe('Of who asked last.'),
    times: z.int(),
    people: z.int(),
    reasons: z.array(Reason),
    firstAskedAt: Instant,
    lastAskedAt: Instant,
    documentId: z.uuid().nullable().describe('The entry of the FAQ that was made of it.'),
    resolvedBy: z.string().nullable(),
    revision: z.int(),
  })
  .meta({ id: 'chat-ai.UnansweredGroup', description: 'Questions that are much alike and have found no answer.' });

export const ListUnanswered = defineRoute({
  ...ofBot,
  id: 'chat-ai.unanswered.list',
  method: 'GET',
  path: '/knowledge/{botId}/unanswered',
  summary: 'Questions that have found no answer, alike ones together, the most frequent first.',
  permission: 'knowledge:read',
  query: PageQuery.extend({
    state: z.enum(['open', 'answered', 'dismissed']).default('open'),
    reason: z.string().max(40).optional(),
  }),
  answer: pageOf(UnansweredGroup),
});

export const ReadUnanswered = defineRoute({
  ...ofGroup,
  id: 'chat-ai.unanswered.read',
  method: 'GET',
  path: '/knowledge/{botId}/unanswered/{groupId}',
  summary: 'One of them, with an entry for the FAQ that may answer it.',
  permission: 'knowledge:read',
  answer: UnansweredGroup.extend({
    suggestion: z.object({
      locale: Locale,
      question: z.string().describe('Masked; empty where it cannot be read any more.'),
      answer: z.string().describe('Passages of the knowledge base that come near it; empty when none does.'),
      sources: z.array(z.string()),
    }),
  }),
  etag: 'revision',
});

export const ListUnansweredQuestions = defineRoute({
  ...ofGroup,
  id: 'chat-ai.unanswered-questions.list',
  method: 'GET',
  path: '/knowledge/{botId}/unanswered/{groupId}/questions',
  summary: 'The questions themselves, the latest first.',
  permission: 'knowledge:read',
  query: PageQuery,
  answer: pageOf(
    z
      .object({
        id: z.uuid(),
        text: z.string().nullable(),
        userId: z.uuid(),
        conversationId: z.uuid().nullable().describe('Where it was asked, as long as it is kept.'),
        turnId: z.uuid(),
        reason: Reason,
        askedAt: Instant,
      })
      .meta({ id: 'chat-ai.UnansweredQuestion' }),
  ),
  sensitive: true,
});

export const ResolveUnanswered = defineRoute({
  ...ofGroup,
  id: 'chat-ai.unanswered.resolve',
  method: 'PATCH',
  path: '/knowledge/{botId}/unanswered/{groupId}',
  summary: 'Dismisses questions, which then stay away, or opens them again.',
  permission: 'knowledge:write',
  body: z.object({ state: z.enum(['open', 'dismissed']) }),
  answer: UnansweredGroup,
  etag: 'revision',
  ifMatch: true,
});

export const AnswerUnanswered = defineRoute({
  ...ofGroup,
  id: 'chat-ai.unanswered.answer',
  method: 'POST',
  path: '/knowledge/{botId}/unanswered/{groupId}/answer',
  summary: 'Makes an entry of the FAQ of them.',
  permission: 'knowledge:write',
  body: z.object({ texts: FaqTexts }),
  answer: UnansweredGroup,
  status: 201,
  problems: { ...ofGroup.problems, 'chat-ai.bot_not_found': 404, 'chat-ai.too_much_knowledge': 409 },
  idempotent: true,
  etag: 'revision',
});
