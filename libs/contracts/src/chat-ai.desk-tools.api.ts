import { z } from 'zod';
import { Instant } from './api.shapes';
import { DeskWord } from './chat-ai.desk.shapes';
import { defineRoute } from './define-route';
import { Locale } from './locale';
import { BotId } from './shapes';

// What a desk works with: canned answers, macros, tags, and who is on it.

const ofBrand = { query: z.object({ brandId: BotId }), bots: 'query.brandId' } as const;
const reading = { ...ofBrand, method: 'GET', permission: 'desk:read' } as const;
const creating = {
  method: 'POST',
  permission: 'desk:manage',
  bots: 'body.brandId',
  idempotent: true,
  status: 201,
} as const;
const changing = {
  method: 'PUT',
  permission: 'desk:manage',
  bots: 'filtered',
  ifMatch: true,
  etag: 'revision',
} as const;
const removing = { method: 'DELETE', permission: 'desk:manage', bots: 'filtered' } as const;

const cannedAnswer = {
  shortcut: DeskWord.describe('Typed after a slash.'),
  texts: z
    .array(z.object({ locale: Locale, text: z.string().trim().min(1).max(4000) }))
    .min(1)
    .max(20)
    .refine((texts) => new Set(texts.map(({ locale }) => locale)).size === texts.length, {
      error: 'names a language twice',
    })
    .describe('Markdown. The first one is for all other languages.'),
};
const CannedAnswer = z
  .object({ id: z.uuid(), brandId: BotId, ...cannedAnswer, changedAt: Instant, revision: z.int() })
  .meta({ id: 'chat-ai.CannedAnswer' });
const oneCannedAnswer = {
  params: z.object({ cannedAnswerId: z.uuid() }),
  problems: { 'chat-ai.canned_answer_not_found': 404 },
} as const;

export const ListCannedAnswers = defineRoute({
  ...reading,
  id: 'chat-ai.canned-answers.list',
  path: '/desk/canned-answers',
  summary: 'Answers that are written once and sent often, by their shortcuts.',
  answer: z.object({ data: z.array(CannedAnswer) }),
});

export const CreateCannedAnswer = defineRoute({
  ...creating,
  id: 'chat-ai.canned-answers.create',
  path: '/desk/canned-answers',
  summary: 'Keeps an answer under a shortcut.',
  body: z.object({ brandId: BotId, ...cannedAnswer }),
  answer: CannedAnswer,
  etag: 'revision',
  problems: { 'chat-ai.bot_not_found': 404, 'chat-ai.name_taken': 409 },
});

export const ChangeCannedAnswer = defineRoute({
  ...changing,
  ...oneCannedAnswer,
  id: 'chat-ai.canned-answers.change',
  path: '/desk/canned-answers/{cannedAnswerId}',
  summary: 'Changes a canned answer.',
  body: z.object(cannedAnswer),
  answer: CannedAnswer,
  problems: { ...oneCannedAnswer.problems, 'chat-ai.name_taken': 409 },
});

export const RemoveCannedAnswer = defineRoute({
  ...removing,
  ...oneCannedAnswer,
  id: 'chat-ai.canned-answers.remove',
  path: '/desk/canned-answers/{cannedAnswerId}',
  summary: 'Throws a canned answer away.',
});

const MacroStep = z
  .discriminatedUnion('kind', [
    z.object({ kind: z.literal('answer'), cannedAnswerId: z.uuid() }),
    z.object({ kind: z.literal('tag'), add: z.array(DeskWord).max(10), remove: z.array(DeskWord).max(10).default([]) }),
    z.object({ kind: z.literal('assign'), assignee: z.uuid().nullable(), team: DeskWord.nullable() }),
    z.object({ kind: z.literal('snooze'), hours: z.int().min(1).max(720) }),
    z.object({ kind: z.literal('close'), ask: z.boolean().default(true) }),
  ])
  .meta({ id: 'chat-ai.MacroStep' });

const macro = { name: DeskWord, steps: z.array(MacroStep).min(1).max(10).describe('Done in this order.') };
const Macro = z
  .object({ id: z.uuid(), brandId: BotId, ...macro, changedAt: Instant, revision: z.int() })
  .meta({ id: 'chat-ai.Macro' });
const oneMacro = {
  params: z.object({ macroId: z.uuid() }),
  problems: { 'chat-ai.macro_not_found': 404 },
} as const;

export const ListMacros = defineRoute({
  ...reading,
  id: 'chat-ai.macros.list',
  path: '/desk/macros',
  summary: 'Several steps that are done at once, by their names.',
  answer: z.object({ data: z.array(Macro) }),
});

export const CreateMacro = defineRoute({
  ...creating,
  id: 'chat-ai.macros.create',
  path: '/desk/macros',
  summary: 'A new macro.',
  body: z.object({ brandId: BotId, ...macro }),
  answer: Macro,
  etag: 'revision',
  problems: {
    'chat-ai.bot_not_found': 404,
    'chat-ai.name_taken': 409,
    'chat-ai.canned_answer_not_found': 404,
    'chat-ai.tag_not_found': 404,
  },
});

export const ChangeMacro = defineRoute({
  ...changing,
  ...oneMacro,
  id: 'chat-ai.macros.change',
  path: '/desk/macros/{macroId}',
  summary: 'Changes a macro.',
  body: z.object(macro),
  answer: Macro,
  problems: {
    ...oneMacro.problems,
    'chat-ai.name_taken': 409,
    'chat-ai.canned_answer_not_found': 404,
    'chat-ai.tag_not_found': 404,
  },
});

export const RemoveMacro = defineRoute({
  ...removing,
  ...oneMacro,
  id: 'chat-ai.macros.remove',
  path: '/desk/macros/{macroId}',
  summary: 'Throws a macro away.',
});

const DeskTag = z
  .object({
    name: DeskWord,
    colour: z.enum(['grey', 'red', 'orange', 'yellow', 'green', 'blue', 'purple']),
  })
  .meta({ id: 'chat-ai.DeskTag' });

export const ListDeskTags = defineRoute({
  ...reading,
  id: 'chat-ai.desk-tags.list',
  path: '/desk/tags',
  summary: 'The tags that conversations of a shop may have.',
  answer: z.object({ tags: z.array(DeskTag) }),
});

export const SetDeskTags = defineRoute({
  ...ofBrand,
  id: 'chat-ai.desk-tags.set',
  method: 'PUT',
  path: '/desk/tags',
  summary: 'Says which tags there are. One that goes is taken from all conversations.',
  permission: 'desk:manage',
  body: z.object({
    tags: z
      .array(DeskTag)
      .max(100)
      .refine((tags) => new Set(tags.map(({ name }) => name.toLowerCase())).size === tags.length, {
        error: 'names a tag twice',
      }),
  }),
  answer: z.object({ tags: z.array(DeskTag) }),
  problems: { 'chat-ai.bot_not_found': 404 },
});

const place = {
  teams: z.array(DeskWord).max(20),
  languages: z.array(Locale).max(20).describe('In which they answer; none: in all.'),
  maxLoad: z.int().min(0).max(500).describe('So many open tickets at most are given to them.'),
};

const DeskMember = z
  .object({
    staffId: z.uuid(),
    brandId: BotId,
    ...place,
    available: z.boolean(),
    load: z.int().describe('Open tickets that they have.'),
    seenAt: Instant.nullable(),
    revision: z.int(),
  })
  .meta({ id: 'chat-ai.DeskMember' });

export const ListDeskStaff = defineRoute({
  ...reading,
  id: 'chat-ai.desk-staff.list',
  path: '/desk/staff',
  summary: 'Who is on the desk of a shop, and how much they have to do.',
  answer: z.object({ data: z.array(DeskMember) }),
});

const oneMember = { params: z.object({ staffId: z.uuid() }), ...ofBrand } as const;

export const PutDeskStaff = defineRoute({
  ...oneMember,
  id: 'chat-ai.desk-staff.put',
  method: 'PUT',
  path: '/desk/staff/{staffId}',
  summary: 'Puts a member of staff on the desk of a shop, or says anew what they are given.',
  permission: 'desk:manage',
  body: z.object(place),
  answer: DeskMember,
  etag: 'revision',
  problems: { 'chat-ai.bot_not_found': 404 },
});

export const RemoveDeskStaff = defineRoute({
  ...oneMember,
  id: 'chat-ai.desk-staff.remove',
  method: 'DELETE',
  path: '/desk/staff/{staffId}',
  summary: 'Takes a member of staff from the desk. Their open tickets belong to nobody then.',
  permission: 'desk:manage',
});

export const SetOwnAvailability = defineRoute({
  ...ofBrand,
  id: 'chat-ai.desk-staff.set-own',
  method: 'PUT',
  path: '/desk/availability',
  summary: 'Says whether you take tickets of a shop now.',
  permission: 'desk:write',
  body: z.object({ available: z.boolean() }),
  answer: DeskMember,
  problems: { 'chat-ai.not_on_desk': 403 },
});
