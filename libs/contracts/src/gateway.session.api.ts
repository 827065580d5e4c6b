import { z } from 'zod';
import { Instant } from './api.shapes';
import { defineRoute } from './define-route';

const SignedIn = z
  .object({
    id: z.uuid().describe('The userId of a person, the id of a member of staff.'),
    roles: z.array(z.string()),
    scopes: z
      .array(z.string())
      .describe('What they may do with all bots: `resource:action`, `resource:*`, `*`; `!` forbids.'),
    bots: z
      .array(z.object({ botId: z.string(), scopes: z.array(z.string()) }))
      .describe('What they may do besides with single bots.'),
    amr: z.array(z.string()).describe('How they proved who they are, as in RFC 8176.'),
    provenAt: Instant.describe('When they last did. For dangerous acts it must not be long ago.'),
  })
  .meta({ id: 'gateway.SignedIn' });

export const ReadSession = defineRoute({
  id: 'gateway.session.read',
  method: 'GET',
  path: '/session',
  summary: 'Who is signed in in this browser: a member of staff, a person, both or nobody.',
  permission: 'public',
  answer: z.object({ staff: SignedIn.nullable(), person: SignedIn.nullable() }),
});

const WhichSession = z.object({ kind: z.enum(['staff', 'person']) });

export const SignOut = defineRoute({
  id: 'gateway.session.end',
  method: 'DELETE',
  path: '/session/{kind}',
  summary: 'Signs this browser out.',
  permission: 'public',
  params: WhichSession,
});
