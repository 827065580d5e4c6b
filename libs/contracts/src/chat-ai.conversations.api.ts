import { z } from 'zod';
import { Instant, PageQuery, pageOf } from './api.shapes';
import { TimeZone } from './bot';
import { bytes, defineRoute } from './define-route';
import { Locale } from './locale';
import { BotId, CostMicros } from './shapes';

const Conversation = z
  .object({
    id: z.uuid(),
    botId: BotId,
    chatId: z.uuid(),
    userId: z.uuid().nullable().describe('The person of a private chat; null of a group.'),
    startedAt: Instant,
    activeAt: Instant.describe('When a person wrote last, to the minute.'),
    closedAt: Instant.nullable().describe('When the person began anew.'),
    handedOverUntil: Instant.nullable().describe('So long a human is to answer, and the assistant stays silent.'),
    messages: z.int(),
    turns: z.int(),
    outcomes: z.array(z.object({ outcome: z.string(), turns: z.int() })).describe('The most frequent first.'),
    good: z.int().describe('Ratings of answers that were worth something.'),
    bad: z.int(),
    costMicros: CostMicros,
  })
  .meta({ id: 'chat-ai.Conversation', description: 'What is known of a conversation without its words.' });

const conversation = {
  params: z.object({ conversationId: z.uuid() }),
  permission: 'conversations:read',
  problems: { 'chat-ai.conversation_not_found': 404 },
  bots: 'filtered',
} as const;

export const ListConversations = defineRoute({
  id: 'chat-ai.conversations.list',
  method: 'GET',
  path: '/conversations',
  summary: 'Conversations, the one in which somebody wrote last first. None of their words.',
  permission: 'conversations:read',
  query: PageQuery.extend({
    botId: BotId.optional(),
    chatId: z.uuid().optional(),
    userId: z.uuid().optional().describe('The person of private chats.'),
    from: Instant.optional().describe('Was active from then on, …'),
    to: Instant.optional().describe('… and begun before then.'),
    outcome: z.string().max(40).optional().describe('Of one of its answers: `answered`, `model_unavailable`, …'),
    rating: z.enum(['good', 'bad', 'any']).optional().describe('That one of its answers was given.'),
  }).refine(({ from, to }) => !from || !to || from < to, { error: 'must be later than `from`', path: ['to'] }),
  answer: pageOf(Conversation),
  bots: 'filtered',
});

export const ReadConversation = defineRoute({
  ...conversation,
  id: 'chat-ai.conversations.read',
  method: 'GET',
  path: '/conversations/{conversationId}',
  summary: 'A conversation without its words.',
  answer: Conversation,
});

export const ResumeConversation = defineRoute({
  ...conversation,
  id: 'chat-ai.conversations.resume',
  method: 'POST',
  path: '/conversations/{conversationId}/resume',
  summary: 'The assistant answers again in a conversation that was handed over to a human.',
  permission: 'conversations:write',
});

const ContextReport = z
  .object({
    limit: z.int(),
    tokens: z.int(),
    kept: z.array(z.string()),
    summarised: z.array(z.string()),
    dropped: z.array(z.string()),
    shortened: z.array(z.string()).describe('Of those kept, what is there in part only.'),
  })
  .meta({ id: 'chat-ai.ContextReport', description: 'What the model was told, and what there was no room for.' });

const Turn = z
  .object({
    id: z.uuid().describe('Of the reply, which messages name as their `turnId`.'),
    outcome: z.string(),
    model: z.string().nullable().describe('Null when no model was asked.'),
    prompt: z
      .object({ id: z.uuid(), version: z.int() })
      .nullable()
      .describe('The version of the prompt that the model was told.'),
    contextReport: ContextReport.nullable(),
    passages: z
      .array(z.object({ id: z.string(), title: z.string(), heading: z.string(), source: z.string() }))
      .describe('Of the ids in the report, those of passages that the knowledge base still has.'),
    startedAt: Instant,
    durationMs: z.int(),
    firstTextMs: z.int().nullable(),
    calls: z.int().describe('Of models and of embeddings.'),
    inputTokens: z.int(),
    cachedInputTokens: z.int(),
    outputTokens: z.int(),
    costMicros: CostMicros,
    toolCalls: z
      .array(
        z.object({
          tool: z.string(),
          outcome: z
            .enum(['done', 'failed', 'timed_out', 'refused', 'offered'])
            .describe('"offered": the person was asked first.'),
          durationMs: z.int(),
        }),
      )
      .describe('What the model has called, in this order. Neither what it asked for nor what came of it.'),
    ratings: z
      .array(z.object({ userId: z.uuid(), rating: z.int() }))
      .describe('What people said it was worth to them: 1 good, -1 bad.'),
  })
  .meta({ id: 'chat-ai.Turn' });

export const ListTurns = defineRoute({
  ...conversation,
  id: 'chat-ai.turns.list',
  method: 'GET',
  path: '/conversations/{conversationId}/turns',
  summary: 'How each answer of a conversation came about, the latest first. None of its words.',
  query: PageQuery,
  answer: pageOf(Turn),
});

const Message = z
  .object({
    id: z.uuid(),
    role: z.string(),
    state: z.string(),
    userId: z.uuid().describe('Who wrote it; of an answer, whom it is for.'),
    locale: Locale,
    text: z.string().nullable().describe('Null where the words cannot be read any more.'),
    quoted: z.string().nullable(),
    senderName: z.string().nullable(),
    turnId: z.uuid().nullable().describe('Of the answer that it is, or was answered by.'),
    sentAt: Instant,
    editedAt: Instant.nullable(),
  })
  .meta({ id: 'chat-ai.Message' });

export const ListMessages = defineRoute({
  ...conversation,
  id: 'chat-ai.messages.list',
  method: 'GET',
  path: '/conversations/{conversationId}/messages',
  summary: 'What was said in a conversation, the latest first.',
  query: PageQuery,
  answer: pageOf(Message),
  sensitive: true,
});

export const ExportConversation = defineRoute({
  ...conversation,
  id: 'chat-ai.conversations.export',
  method: 'GET',
  path: '/conversations/{conversationId}/text',
  summary: 'A conversation from its beginning to its end as plain text.',
  query: z.object({
    locale: Locale.default('en').describe('Of the words around it.'),
    zone: TimeZone.default('UTC').describe('In which the times are told.'),
  }),
  answer: bytes('text/plain; charset=utf-8'),
  sensitive: true,
  cost: 20,
});

const Match = z
  .object({
    messageId: z.uuid(),
    conversationId: z.uuid(),
    botId: BotId,
    role: z.string(),
    sentAt: Instant,
    excerpt: z.string().describe('The words around what was found.'),
  })
  .meta({ id: 'chat-ai.Match' });

export const SearchMessages = defineRoute({
  id: 'chat-ai.messages.search',
  method: 'POST',
  path: '/conversations/search',
  summary:
    'Looks for words in a conversation, or in the private conversations of a person, from the latest message back. What is written is encrypted for each person, so there is no search through all of them.',
  permission: 'conversations:read',
  query: PageQuery,
  body: z
    .object({
      text: z.string().trim().min(2).max(200),
      conversationId: z.uuid().optional(),
      userId: z.uuid().optional(),
    })
    .refine(({ conversationId, userId }) => (conversationId === undefined) !== (userId === undefined), {
      error: 'name either a conversation or a person',
      path: ['conversationId'],
    }),
  answer: z.object({
    matches: z.array(Match),
    searched: z.int().describe('How many messages were looked through by this call.'),
    left: z.int().describe('How many were not, because one call looks through so many only.'),
    next: z.string().nullable().describe('`after` of the call that goes on; null when all were looked through.'),
  }),
  problems: { 'chat-ai.conversation_not_found': 404 },
  bots: 'filtered',
  sensitive: true,
  cost: 10,
});
