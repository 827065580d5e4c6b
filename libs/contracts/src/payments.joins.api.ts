// Not in routes.ts yet: whoever implements this route adds this file there.
import { z } from 'zod';
import { defineRoute } from './define-route';
import { openWord } from './open-word';

const JoinObstacle = openWord(['has_subscription', 'has_balance_hold', 'has_payout', 'pays_now'], {
  id: 'payments.JoinObstacle',
  description: 'Why a person cannot become part of another. "pays_now": a provider is just asked for their money.',
});

export const CheckJoin = defineRoute({
  id: 'payments.joins.check',
  method: 'POST',
  path: '/joins/check',
  summary: 'Whether what a person has with payments lets them become part of another person. Changes nothing.',
  permission: 'joins:check',
  callers: ['gateway'],
  cost: 1,
  body: z.object({
    userId: z.uuid().describe('Who stays.'),
    formerUserId: z.uuid().describe('Whose orders, carts and balance the other one would get.'),
  }),
  answer: z.object({ obstacles: z.array(JoinObstacle).describe('None: nothing stands in the way.') }),
});
