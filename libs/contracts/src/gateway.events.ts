import { z } from 'zod';
import { defineEvent, defineSignal } from './define-event';
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
