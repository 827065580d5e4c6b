import { z } from 'zod';
import { Instant } from './api.shapes';
import { defineRoute } from './define-route';
import { Features } from './payments.shapes';
import { BotId, CostMicros } from './shapes';

export const ReadEntitlements = defineRoute({
  id: 'payments.entitlements.read',
  method: 'GET',
  path: '/entitlements/{userId}',
  summary: 'What a person may have of a bot: of everything that they pay for, the most.',
  permission: 'entitlements:read',
  callers: ['bot-adapter', 'chat-ai', 'tts-worker', 'vpn-provisioner', 'pets-game'],
  bots: 'query.botId',
  params: z.object({ userId: z.uuid() }),
  query: z.object({ botId: BotId }),
  answer: z.object({
    level: z.string().nullable().describe('The highest they have; null: none.'),
    features: Features,
    until: Instant.nullable().describe('What ends first, ends then.'),
    revision: z.int(),
    modelUse: z
      .object({
        period: z.string().max(80).describe('Another one once what was used is paid.'),
        since: Instant,
        micros: CostMicros.describe('US micro-dollars that models may cost in this period, in all.'),
      })
      .optional()
      .describe('Of a plan that is paid by use; absent: as much as the features say.'),
  }),
});
