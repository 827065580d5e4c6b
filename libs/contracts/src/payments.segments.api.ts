import { z } from 'zod';
import { defineRoute } from './define-route';
import { CustomerCriteria } from './segments';
import { BotId } from './shapes';

export const FindCustomers = defineRoute({
  id: 'payments.customers.find',
  method: 'POST',
  path: '/customers/find',
  summary: 'The people of a bot for whom criteria hold, some at a time: by as few of its indexes as it takes.',
  permission: 'customers:read',
  callers: ['bot-adapter'],
  bots: 'body.botId',
  body: z.object({
    botId: BotId,
    criteria: CustomerCriteria,
    after: z.uuid().nullable().default(null).describe('`next` of the answer before.'),
    limit: z.int().min(1).max(2000).default(500).describe('People who are looked at.'),
  }),
  answer: z.object({
    userIds: z.array(z.uuid()).describe('May be none although there are more.'),
    next: z.uuid().nullable().describe('Null: these were the last.'),
  }),
});
