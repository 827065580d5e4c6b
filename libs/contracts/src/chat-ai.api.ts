import { z } from 'zod';
import { Instant } from './api.shapes';
import { defineRoute } from './define-route';
import { Locale } from './locale';
import { BotId, CostMicros } from './shapes';

const Message = z
  .object({
    id: z.uuid(),
    role: z.string(),
    state: z.string(),
    userId: z.uuid(),
    locale: Locale,
    text: z.string(),
    quoted: z.string().nullable(),
    senderName: z.string().nullable(),
    turnId: z.uuid().nullable(),
    sentAt: Instant,
    editedAt: Instant.nullable(),
  })
  .meta({ id: 'chat-ai.Message' });

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
    id: z.uuid(),
    outcome: z.string(),
    model: z.string().nullable().describe('Null when no model was asked.'),
    promptId: z.uuid().nullable(),
    contextReport: ContextReport.nullable(),
    startedAt: Instant,
    durationMs: z.int(),
    firstTextMs: z.int().nullable(),
    costMicros: CostMicros,
    ratings: z
      .array(z.object({ userId: z.uuid(), rating: z.int() }))
      .describe('What people said it was worth to them: 1 good, -1 bad.'),
  })
  .meta({ id: 'chat-ai.Turn' });

const Conversation = z
  .object({
    id: z.uuid(),
    botId: BotId,
    startedAt: Instant,
    closedAt: Instant.nullable(),
    messages: z.array(Message),
    turns: z.array(Turn),
  })
  .meta({ id: 'chat-ai.Conversation' });

export const ListConversations = defineRoute({
  id: 'chat-ai.conversations.list',
  method: 'GET',
  path: '/chats/{chatId}/conversations',
  summary: 'The latest conversations of a chat, newest first, with what was said and how each answer came about.',
  permission: 'conversations:read',
  params: z.object({ chatId: z.uuid() }),
  answer: z.object({ conversations: z.array(Conversation) }),
});

const Passage = z
  .object({
    id: z.string(),
    title: z.string(),
    heading: z.string(),
    text: z.string(),
    source: z.string(),
    suspicious: z.boolean().describe('Reads as if it wanted to instruct the model.'),
    coverage: z
      .number()
      .describe('The part of what is asked that its words speak of, from 0 to 1; what is found by meaning may have 0.'),
  })
  .meta({ id: 'chat-ai.Passage' });

export const SearchKnowledge = defineRoute({
  id: 'chat-ai.knowledge.search',
  method: 'POST',
  path: '/knowledge/{botId}/search',
  summary: 'What the knowledge base of a bot finds for a question, best first.',
  permission: 'knowledge:read',
  params: z.object({ botId: BotId }),
  body: z.object({ query: z.string().trim().min(1).max(1000) }),
  answer: z.object({ passages: z.array(Passage) }),
});

const FileRemark = z
  .object({
    code: z.string().describe('Stable: `chat-ai.file_scan`, `chat-ai.text_cut`, …'),
    message: z.string().describe('The same as a sentence, in the language asked for.'),
  })
  .meta({ id: 'chat-ai.FileRemark' });

const KnowledgeDocument = z
  .object({
    source: z.string().describe('The path inside the folder, with slashes.'),
    title: z.string(),
    passages: z.int(),
    loadedAt: Instant.describe('When what is known of it was read, or was first tried to be.'),
    problem: FileRemark.nullable().describe('Why the file was not read; what it said before is still known then.'),
    notes: z.array(FileRemark).describe('What is missing of a file that was read.'),
  })
  .meta({ id: 'chat-ai.KnowledgeDocument', description: 'A file of the knowledge folder and what became of it.' });

export const ListKnowledgeDocuments = defineRoute({
  id: 'chat-ai.knowledge-documents.list',
  method: 'GET',
  path: '/knowledge/{botId}/documents',
  summary: 'The files of the knowledge base of a bot, what was read of each, and why some were not read.',
  permission: 'knowledge:read',
  params: z.object({ botId: BotId }),
  query: z.object({ locale: Locale.default('en').describe('Of the sentences.') }),
  answer: z.object({ documents: z.array(KnowledgeDocument) }),
});

const UsageTotal = z
  .object({
    botId: BotId,
    model: z.string(),
    calls: z.int(),
    inputTokens: z.int(),
    cachedInputTokens: z.int(),
    outputTokens: z.int(),
    costMicros: CostMicros,
    callsWithoutPrice: z.int().describe('Whose cost is not in the sum, because nobody knows the price.'),
  })
  .meta({ id: 'chat-ai.UsageTotal' });

export const ReadUsage = defineRoute({
  id: 'chat-ai.usage.read',
  method: 'GET',
  path: '/usage',
  summary: 'What calls of models used and cost in a period, per bot and model.',
  permission: 'usage:read',
  query: z
    .object({ from: Instant, to: Instant })
    .refine(({ from, to }) => from < to, { error: 'must be later than `from`', path: ['to'] }),
  answer: z.object({ from: Instant, to: Instant, totals: z.array(UsageTotal) }),
});
