import { z } from 'zod';
import { Instant } from './api.shapes';
import { defineRoute } from './define-route';
import { BotId } from './shapes';

const ofBot = { params: z.object({ botId: BotId }), bots: 'params.botId' } as const;
const unknownBot = { 'chat-ai.bot_not_found': 404 } as const;

const Key = z
  .string()
  .regex(/^[a-z][a-z0-9-]{0,39}$/)
  .refine((key) => key !== 'all' && key !== 'other', 'is taken')
  .meta({ id: 'chat-ai.ScenarioName', description: 'Small letters, digits, hyphens; neither "all" nor "other".' });

const Example = z.string().trim().min(2).max(500);

const Scenario = z
  .object({
    key: z.string(),
    title: z.string(),
    examples: z.array(z.string()),
    isBuiltIn: z.boolean().describe('Every shop has it; one of your own with the same key takes its place.'),
    changedAt: Instant.nullable(),
    changedBy: z.string().nullable().describe('The member of staff or the API key.'),
  })
  .meta({ id: 'chat-ai.ScenarioOfBot', description: 'What messages of people may be about.' });

export const ListScenarios = defineRoute({
  ...ofBot,
  id: 'chat-ai.scenarios.list',
  method: 'GET',
  path: '/scenarios/{botId}',
  summary: 'What the messages of the people of a bot are told apart by.',
  permission: 'prompts:read',
  answer: z.object({ data: z.array(Scenario) }),
  problems: unknownBot,
});

export const SetScenario = defineRoute({
  id: 'chat-ai.scenarios.set',
  method: 'PUT',
  path: '/scenarios/{botId}/{key}',
  summary: 'Adds or changes what messages may be about. It holds within five seconds, for messages from then on.',
  permission: 'prompts:write',
  params: z.object({ botId: BotId, key: Key }),
  bots: 'params.botId',
  body: z.object({
    title: z.string().trim().min(1).max(80),
    examples: z.array(Example).min(1).max(50).describe('As people write, in every language in which they do.'),
  }),
  answer: Scenario,
  problems: { ...unknownBot, 'chat-ai.too_many_scenarios': 409 },
});

export const DeleteScenario = defineRoute({
  id: 'chat-ai.scenarios.delete',
  method: 'DELETE',
  path: '/scenarios/{botId}/{key}',
  summary: 'Takes one of the own away; a built-in one that it stood for is back.',
  permission: 'prompts:write',
  params: z.object({ botId: BotId, key: Key }),
  bots: 'params.botId',
  problems: unknownBot,
});
