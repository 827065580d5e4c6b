import { z } from 'zod';
import { Instant, PageQuery, pageOf } from './api.shapes';
import { bytes, defineRoute, upload } from './define-route';
import { Locale } from './locale';
import { BotId } from './shapes';

const ofBot = { params: z.object({ botId: BotId }), bots: 'params.botId' } as const;
const reading = { ...ofBot, permission: 'knowledge:read' } as const;
const writing = { ...ofBot, permission: 'knowledge:write' } as const;
const ofDocument = { params: z.object({ botId: BotId, documentId: z.uuid() }) } as const;
const unknownBot = { 'chat-ai.bot_not_found': 404 } as const;
const unknownDocument = { 'chat-ai.knowledge_document_not_found': 404 } as const;
const readOnly = { 'chat-ai.knowledge_read_only': 409 } as const;
const tooMany = { 'chat-ai.too_much_knowledge': 409 } as const;

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
  ...reading,
  id: 'chat-ai.knowledge.search',
  method: 'POST',
  path: '/knowledge/{botId}/search',
  summary: 'What the knowledge base of a bot finds for a question, best first.',
  body: z.object({ query: z.string().trim().min(1).max(1000) }),
  answer: z.object({ passages: z.array(Passage) }),
});

const Remark = z
  .object({
    code: z.string().describe('Stable: `chat-ai.file_scan`, `chat-ai.text_cut`, `chat-ai.page_gone`, …'),
    message: z.string().describe('The same as a sentence, in the language asked for.'),
  })
  .meta({ id: 'chat-ai.FileRemark' });

const KnowledgeDocument = z
  .object({
    id: z.uuid().describe('Of a file of the folder a new one whenever it is read anew.'),
    origin: z
      .enum(['folder', 'file', 'page', 'faq'])
      .describe(
        "'folder': a file of the folder that the bot's description names, which is changed there. The others are staff's.",
      ),
    source: z
      .string()
      .describe(
        'The path inside the folder with slashes, the name of a file, the address of a page, the question of an FAQ.',
      ),
    title: z.string(),
    state: z
      .enum(['waiting', 'read', 'unread'])
      .describe(
        "'waiting': is about to be read. 'unread': cannot be, and nothing that it said before is known either.",
      ),
    passages: z.int(),
    loadedAt: Instant.nullable().describe('When what is known of it was read, or was first tried to be.'),
    problem: Remark.nullable().describe('Why it was not read the last time; what it said before is still known then.'),
    notes: z.array(Remark).describe('What is missing of what was read.'),
    file: z.object({ bytes: z.int(), contentType: z.string() }).nullable().describe('Of an uploaded file.'),
    page: z
      .object({
        url: z.url(),
        everyHours: z.int().nullable().describe('How often it is read again; null: when somebody asks for it.'),
        readAt: Instant.nullable().describe('When it was had last.'),
        nextReadAt: Instant.nullable(),
      })
      .nullable(),
    changedAt: Instant.nullable(),
    changedBy: z.string().nullable().describe('The member of staff or the API key; null of the folder.'),
    deletedAt: Instant.nullable().describe('It can be restored for thirty days.'),
    revision: z.int().describe('0 of a file of the folder.'),
  })
  .meta({
    id: 'chat-ai.KnowledgeDocument',
    description: 'Something the knowledge base is made of, and what became of it.',
  });

/** In which language problems and notes are told. */
const told = { query: z.object({ locale: Locale.default('en').describe('Of the sentences.') }) } as const;

export const ListKnowledgeDocuments = defineRoute({
  ...reading,
  id: 'chat-ai.knowledge-documents.list',
  method: 'GET',
  path: '/knowledge/{botId}/documents',
  summary: 'What the knowledge base of a bot is made of by its sources, what was read of each, and why some were not.',
  query: PageQuery.extend({
    locale: Locale.default('en').describe('Of the sentences.'),
    origin: z.enum(['folder', 'file', 'page', 'faq']).optional(),
    deleted: z.stringbool().default(false).describe('Those that were deleted in place of those that are there.'),
  }),
  answer: pageOf(KnowledgeDocument),
});

export const ReadKnowledgeDocument = defineRoute({
  ...reading,
  ...ofDocument,
  ...told,
  id: 'chat-ai.knowledge-documents.read',
  method: 'GET',
  path: '/knowledge/{botId}/documents/{documentId}',
  summary: 'One of them.',
  answer: KnowledgeDocument,
  problems: unknownDocument,
  etag: 'revision',
});

export const ListKnowledgePassages = defineRoute({
  ...reading,
  ...ofDocument,
  id: 'chat-ai.knowledge-passages.list',
  method: 'GET',
  path: '/knowledge/{botId}/documents/{documentId}/passages',
  summary: 'What was read of a document, piece by piece, as it is searched and shown to models.',
  query: PageQuery,
  answer: pageOf(
    z
      .object({ id: z.uuid(), heading: z.string(), text: z.string(), suspicious: z.boolean(), tokens: z.int() })
      .meta({ id: 'chat-ai.KnowledgePassage' }),
  ),
  problems: unknownDocument,
});

export const DeleteKnowledgeDocument = defineRoute({
  ...writing,
  ...ofDocument,
  ...told,
  id: 'chat-ai.knowledge-documents.delete',
  method: 'DELETE',
  path: '/knowledge/{botId}/documents/{documentId}',
  summary: 'Takes a document out of the knowledge base. For thirty days it can be restored.',
  answer: KnowledgeDocument,
  problems: { ...unknownDocument, ...readOnly },
  etag: 'revision',
});

export const RestoreKnowledgeDocument = defineRoute({
  ...writing,
  ...ofDocument,
  ...told,
  id: 'chat-ai.knowledge-documents.restore',
  method: 'POST',
  path: '/knowledge/{botId}/documents/{documentId}/restore',
  summary: 'Brings a deleted document back.',
  answer: KnowledgeDocument,
  problems: { ...unknownDocument, ...readOnly, ...tooMany },
  etag: 'revision',
});

const file = upload({
  fields: z.object({ title: z.string().trim().max(200).optional().describe('Its own, or its name, without one.') }),
  maxBytes: 10 * 1024 * 1024,
});

export const UploadKnowledgeFile = defineRoute({
  ...writing,
  ...told,
  id: 'chat-ai.knowledge-files.upload',
  method: 'POST',
  path: '/knowledge/{botId}/files',
  summary:
    'Adds a file, which is read soon afterwards: PDF, DOCX, XLSX, CSV, HTML, Markdown or plain text. A file that is there already is not added again: the answer is the one that is there.',
  body: file,
  answer: KnowledgeDocument,
  status: 201,
  problems: { ...unknownBot, ...tooMany, 'chat-ai.file_empty': 422 },
  etag: 'revision',
});

export const ReplaceKnowledgeFile = defineRoute({
  ...writing,
  ...ofDocument,
  ...told,
  id: 'chat-ai.knowledge-files.replace',
  method: 'PUT',
  path: '/knowledge/{botId}/files/{documentId}',
  summary: 'Another content of a file. What the former one said is known until the new one was read.',
  body: file,
  answer: KnowledgeDocument,
  problems: { ...unknownDocument, 'chat-ai.file_empty': 422 },
  etag: 'revision',
  ifMatch: true,
});

export const DownloadKnowledgeFile = defineRoute({
  ...reading,
  ...ofDocument,
  id: 'chat-ai.knowledge-files.download',
  method: 'GET',
  path: '/knowledge/{botId}/files/{documentId}',
  summary: 'A file as it was uploaded.',
  answer: bytes(),
  problems: unknownDocument,
});

const PageUrl = z.url({ protocol: /^https?$/ }).max(2000);
const EveryHours = z.int().min(1).max(720).nullable();

export const AddKnowledgePage = defineRoute({
  ...writing,
  ...told,
  id: 'chat-ai.knowledge-pages.add',
  method: 'POST',
  path: '/knowledge/{botId}/pages',
  summary:
    'Adds a page of the web, which is read soon afterwards, and then again and again. Addresses of private networks are not asked.',
  body: z.object({
    url: PageUrl,
    title: z.string().trim().max(200).optional().describe('Its own without one.'),
    everyHours: EveryHours.default(24),
  }),
  answer: KnowledgeDocument,
  status: 201,
  problems: { ...unknownBot, ...tooMany, 'chat-ai.page_known': 409, 'chat-ai.page_address_refused': 422 },
  idempotent: true,
  etag: 'revision',
});

export const ChangeKnowledgePage = defineRoute({
  ...writing,
  ...ofDocument,
  ...told,
  id: 'chat-ai.knowledge-pages.change',
  method: 'PATCH',
  path: '/knowledge/{botId}/pages/{documentId}',
  summary: 'Names a page otherwise, or has it read more or less often.',
  body: z.object({ title: z.string().trim().max(200).optional(), everyHours: EveryHours.optional() }),
  answer: KnowledgeDocument,
  problems: unknownDocument,
  etag: 'revision',
  ifMatch: true,
});

export const RereadKnowledgePage = defineRoute({
  ...writing,
  ...ofDocument,
  ...told,
  id: 'chat-ai.knowledge-pages.reread',
  method: 'POST',
  path: '/knowledge/{botId}/pages/{documentId}/read',
  summary: 'Has a page read now.',
  answer: KnowledgeDocument,
  status: 202,
  problems: unknownDocument,
  etag: 'revision',
});

export const FaqTexts = z
  .array(
    z.object({
      locale: Locale,
      question: z.string().trim().min(3).max(500),
      answer: z.string().trim().min(1).max(5000),
    }),
  )
  .min(1)
  .max(10)
  .refine((texts) => new Set(texts.map(({ locale }) => locale)).size === texts.length, 'each language once')
  .describe('The same in each language.');

const Faq = z
  .object({
    id: z.uuid(),
    texts: FaqTexts,
    changedAt: Instant,
    changedBy: z.string().nullable(),
    deletedAt: Instant.nullable(),
    revision: z.int(),
  })
  .meta({
    id: 'chat-ai.Faq',
    description: 'A question that is often asked, and its answer. A document of the knowledge base.',
  });

export const ListFaq = defineRoute({
  ...reading,
  id: 'chat-ai.faq.list',
  method: 'GET',
  path: '/knowledge/{botId}/faq',
  summary: 'Questions with their answers, the one added last first.',
  query: PageQuery,
  answer: pageOf(Faq),
});

export const AddFaq = defineRoute({
  ...writing,
  id: 'chat-ai.faq.add',
  method: 'POST',
  path: '/knowledge/{botId}/faq',
  summary: 'Adds a question with its answer, which is known at once.',
  body: z.object({ texts: FaqTexts }),
  answer: Faq,
  status: 201,
  problems: { ...unknownBot, ...tooMany },
  idempotent: true,
  etag: 'revision',
});

export const ReadFaq = defineRoute({
  ...reading,
  ...ofDocument,
  id: 'chat-ai.faq.read',
  method: 'GET',
  path: '/knowledge/{botId}/faq/{documentId}',
  summary: 'A question with its answer.',
  answer: Faq,
  problems: unknownDocument,
  etag: 'revision',
});

export const ChangeFaq = defineRoute({
  ...writing,
  ...ofDocument,
  id: 'chat-ai.faq.change',
  method: 'PUT',
  path: '/knowledge/{botId}/faq/{documentId}',
  summary: 'Other words of a question or its answer.',
  body: z.object({ texts: FaqTexts }),
  answer: Faq,
  problems: unknownDocument,
  etag: 'revision',
  ifMatch: true,
});
