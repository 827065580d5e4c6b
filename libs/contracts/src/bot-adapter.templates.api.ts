// Not in routes.ts yet: whoever implements these routes adds this file there, and its texts to problems.ts.
import { z } from 'zod';
import { Instant, PageQuery, pageOf, queryList } from './api.shapes';
import { defineRoute } from './define-route';
import { Locale } from './locale';
import { openWord } from './open-word';
import { BotId } from './shapes';

// Texts that a channel has to approve before they may be sent to somebody who has not written for a while.

export const TemplateState = openWord(['draft', 'pending', 'approved', 'rejected', 'paused'], {
  id: 'bot-adapter.TemplateState',
  description: 'What the channel says of it. "paused": too many people complained, and it cannot be sent for now.',
});

export const TemplateCategory = openWord(['utility', 'marketing', 'authentication'], {
  id: 'bot-adapter.TemplateCategory',
  description: 'By which the channel checks a template and charges for it. "utility": of something that was ordered.',
});

export const PersonNotice = openWord(
  [
    ...['order-placed', 'order-paid', 'order-packed', 'order-sent', 'order-done', 'order-cancelled', 'order-returned'],
    ...['return-decided', 'back-in-stock', 'staff-answer'],
  ],
  {
    id: 'bot-adapter.PersonNotice',
    description: 'What a person is told without having asked. "staff-answer": that staff have an answer for them.',
  },
);

const ParameterName = z.string().regex(/^[a-z][a-z0-9_]{0,39}$/);

const content = {
  name: z
    .string()
    .regex(/^[a-z0-9][a-z0-9_]{0,99}$/)
    .describe('As the channel knows it; with each language once.'),
  language: Locale,
  category: TemplateCategory,
  text: z.string().trim().min(1).max(1024).describe('With `{{name}}` where a parameter stands.'),
  parameters: z
    .array(z.object({ name: ParameterName, example: z.string().trim().min(1).max(100) }))
    .max(20)
    .describe('Each that the text has, in its order, with an example for whoever approves it.'),
  notice: PersonNotice.nullable().describe('What it is sent for by itself; null: only when staff choose it.'),
};

const Template = z
  .object({
    id: z.uuid(),
    brandId: BotId,
    botId: BotId.describe('Of the account by which it is sent.'),
    ...content,
    state: TemplateState,
    reason: z.string().nullable().describe('Why it was rejected or paused, in the words of the channel.'),
    submittedAt: Instant.nullable(),
    changedAt: Instant,
    revision: z.int(),
  })
  .meta({ id: 'bot-adapter.MessageTemplate' });

/** Whether the text has exactly the parameters that are described. */
const namesItsParameters = ({
  text,
  parameters,
}: {
  text: string;
  parameters: readonly { name: string }[];
}): boolean => {
  const used = new Set([...text.matchAll(/\{\{([^}]*)\}\}/g)].map(([, name]) => name!.trim()));
  return used.size === parameters.length && parameters.every(({ name }) => used.has(name));
};
const parametersFit = { error: 'must name the parameters of the text', path: ['parameters'] };

const oneTemplate = {
  params: z.object({ templateId: z.uuid() }),
  bots: 'filtered',
  answer: Template,
  etag: 'revision',
  problems: { 'bot-adapter.template_not_found': 404 },
} as const;

export const ListMessageTemplates = defineRoute({
  id: 'bot-adapter.templates.list',
  method: 'GET',
  path: '/message-templates',
  summary: 'Templates of a shop, by their names.',
  permission: 'templates:read',
  bots: 'filtered',
  query: PageQuery.extend({
    brandId: BotId.optional(),
    botId: BotId.optional(),
    state: queryList(TemplateState).optional(),
    language: Locale.optional(),
  }),
  answer: pageOf(Template),
});

export const ReadMessageTemplate = defineRoute({
  ...oneTemplate,
  id: 'bot-adapter.templates.read',
  method: 'GET',
  path: '/message-templates/{templateId}',
  summary: 'A template, and what the channel says of it.',
  permission: 'templates:read',
});

export const CreateMessageTemplate = defineRoute({
  id: 'bot-adapter.templates.create',
  method: 'POST',
  path: '/message-templates',
  summary: 'Drafts a template.',
  permission: 'templates:write',
  bots: 'body.botId',
  idempotent: true,
  status: 201,
  body: z
    .object({ botId: BotId, ...content, notice: content.notice.default(null) })
    .refine(namesItsParameters, parametersFit),
  answer: Template,
  etag: 'revision',
  problems: {
    'bot-adapter.unknown_bot': 404,
    'bot-adapter.template_exists': 409,
    'bot-adapter.templates_not_offered': 409,
  },
});

export const ChangeMessageTemplate = defineRoute({
  ...oneTemplate,
  id: 'bot-adapter.templates.change',
  method: 'PUT',
  path: '/message-templates/{templateId}',
  summary: 'Changes a template. Of one that was submitted only the notice can be changed.',
  permission: 'templates:write',
  ifMatch: true,
  body: z.object(content).refine(namesItsParameters, parametersFit),
  problems: {
    ...oneTemplate.problems,
    'bot-adapter.template_exists': 409,
    'bot-adapter.template_state_refused': 409,
  },
});

export const SubmitMessageTemplate = defineRoute({
  ...oneTemplate,
  id: 'bot-adapter.templates.submit',
  method: 'POST',
  path: '/message-templates/{templateId}/submit',
  summary: 'Hands a draft to the channel, which approves it in minutes or days.',
  permission: 'templates:write',
  rate: 'expensive',
  ifMatch: true,
  status: 202,
  problems: {
    ...oneTemplate.problems,
    'bot-adapter.template_state_refused': 409,
    'bot-adapter.template_refused': 422,
  },
});
