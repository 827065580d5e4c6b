import { z } from 'zod';
import { ScenarioKey, Tone } from './chat-ai.desk.shapes';
import { defineEvent } from './define-event';
import { Locale } from './locale';
import { BotId, Channel } from './shapes';

export const MessageLabelled = defineEvent(
  'chat-ai.message.labelled.v1',
  z.object({
    conversationId: z.uuid(),
    chatId: z.uuid().describe('Of the account in which the person wrote.'),
    botId: BotId,
    channel: Channel,
    userId: z.uuid().describe('Who wrote it.'),
    messageId: z.uuid(),
    language: Locale,
    tone: Tone,
    toneScore: z.number().min(-1).max(1),
    scenario: ScenarioKey,
    promptId: z.uuid().optional().describe('Of the prompt by which it was answered.'),
  }),
  { subject: 'conversationId', summary: 'What a message of a person is about and how it sounds. None of its words.' },
);

export const CachedAnswerUsed = defineEvent(
  'chat-ai.cached-answer.used.v1',
  z.object({ entryId: z.uuid(), brandId: BotId, botId: BotId, channel: Channel, ms: z.int().nonnegative() }),
  { subject: 'brandId', summary: 'A frequent question was answered without a model.' },
);
