import { z } from 'zod';
import { LocalizedText } from './api.shapes';
import { InvoicePayload } from './bot-adapter.payments.api';
import { defineRoute } from './define-route';
import { AmountMinor, Currency } from './money';
import { BotId } from './shapes';

export const CheckChannelPayment = defineRoute({
  id: 'payments.channel-payments.check',
  method: 'POST',
  path: '/channel-payments/check',
  summary: 'Whether a payment in a channel may go on: asked right before the channel takes the money.',
  permission: 'channel-payments:check',
  callers: ['bot-adapter'],
  bots: 'body.botId',
  body: z.object({
    botId: BotId,
    userId: z.uuid().nullable().describe('Who pays; null for somebody whom nobody knows.'),
    payload: InvoicePayload,
    amountMinor: AmountMinor,
    currency: Currency,
  }),
  answer: z.object({ refusal: LocalizedText.nullable().describe('Why not, for the person who pays; null: it may.') }),
});
