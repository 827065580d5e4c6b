import { z } from 'zod';
import { bytes, defineRoute, raw } from './define-route';
import { BotId } from './shapes';

/** Where providers send what has become of payments. */
export const TakeNotification = defineRoute({
  id: 'payments.notifications.take',
  method: 'POST',
  path: '/payments/{provider}/{botId}/notifications',
  summary: 'A payment provider tells that something has become of a payment.',
  permission: 'webhook',
  params: z.object({ provider: z.string().regex(/^[a-z][a-z0-9-]{1,30}$/), botId: BotId }),
  headers: z.looseObject({}),
  body: raw({ contentType: '*/*', maxBytes: 256 * 1024 }),
  answer: bytes('text/plain'),
  problems: { 'payments.not_authentic': 403, 'payments.unknown_account': 404 },
});
