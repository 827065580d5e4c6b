import { z } from 'zod';
import { defineEvent, defineSignal } from './define-event';
import { definePersonErased } from './person-erased';
import { BotId } from './shapes';

export const BotConfigured = defineEvent(
  'gateway.bot.configured.v1',
  z.object({ botId: BotId, revision: z.int().positive() }),
  { subject: 'botId', summary: 'A bot that the gateway keeps was made or changed; what it is now is asked for.' },
);

export const BotsChanged = defineSignal(
  'gateway.bots.changed.v1',
  z.object({ botId: BotId }),
  'A bot that the gateway keeps has changed: every process asks for it at once.',
);

export const AccessChanged = defineSignal(
  'gateway.access.changed.v1',
  z.object({ subjectId: z.string().describe('A person, a member of staff, or an API key.') }),
  'What somebody may do is to be looked up anew: signed out, suspended, given or deprived of a role; from one process of the gateway to the others.',
);

export const GatewayPersonErased = definePersonErased('gateway');
