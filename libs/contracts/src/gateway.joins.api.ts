// Not in routes.ts yet: whoever implements this route adds this file there, and its texts to problems.ts.
import { z } from 'zod';
import { Instant } from './api.shapes';
import { defineRoute } from './define-route';

export const JoinPeople = defineRoute({
  id: 'gateway.people.join',
  audit: 'with-change',
  method: 'POST',
  path: '/people/{userId}/join',
  summary:
    'Makes one person of two, for good: what is known of the other belongs to this one from now on. A second member of staff has to agree.',
  permission: 'people:write',
  bots: 'filtered',
  params: z.object({ userId: z.uuid().describe('Who stays: the one who was known first.') }),
  idempotent: true,
  stepUp: true,
  approval: true,
  status: 202,
  body: z.object({
    formerUserId: z.uuid(),
    reason: z.string().trim().min(3).max(500),
  }),
  answer: z.object({ joinId: z.uuid(), userId: z.uuid(), formerUserId: z.uuid(), joinedAt: Instant }),
  problems: {
    'gateway.user_not_found': 404,
    'gateway.join_of_oneself': 422,
    'gateway.join_refused': 409,
    'gateway.join_wrong_way_round': 409,
  },
});
