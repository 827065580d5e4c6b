import { z } from 'zod';
import { Instant } from './api.shapes';
import { defineRoute } from './define-route';
import { AmountMinor, Currency } from './money';
import { BotId } from './shapes';

// Money that a channel takes itself. payments decides, and the channel's credentials stay where they are.

const ofBot = {
  permission: 'channel-payments:write',
  callers: ['payments'],
  bots: 'params.botId',
} as const;
const problems = { 'bot-adapter.unknown_bot': 404, 'bot-adapter.payments_not_taken': 409 } as const;

export const InvoicePayload = z
  .string()
  .min(1)
  .refine((text) => new TextEncoder().encode(text).length <= 128, '128 bytes at most')
  .meta({ id: 'bot-adapter.InvoicePayload', description: 'By which a payment is known; it comes back with it.' });

export const CreatePaymentLink = defineRoute({
  ...ofBot,
  id: 'bot-adapter.payment-links.create',
  method: 'POST',
  path: '/channel-payments/{botId}/links',
  summary:
    'Makes an address at which something is paid in the channel. Anybody can pay there, as often as is confirmed.',
  params: z.object({ botId: BotId }),
  body: z.object({
    payload: InvoicePayload,
    title: z.string().min(1).max(300).describe('Cut to what the channel shows.'),
    description: z.string().min(1).max(1000),
    amountMinor: AmountMinor.min(1),
    currency: Currency,
    renewsAfterDays: z.int().min(1).max(400).optional().describe('The channel charges again by itself so often.'),
  }),
  answer: z.object({ link: z.url() }),
  problems: { ...problems, 'bot-adapter.payment_refused': 422 },
});

const ofCharge = {
  params: z.object({ botId: BotId, chargeId: z.string().min(1).max(200) }),
  problems: { ...problems, 'bot-adapter.payer_not_found': 404, 'bot-adapter.payment_refused': 422 },
} as const;

export const RefundChannelPayment = defineRoute({
  ...ofBot,
  ...ofCharge,
  id: 'bot-adapter.channel-payments.refund',
  method: 'POST',
  path: '/channel-payments/{botId}/charges/{chargeId}/refund',
  summary: 'Gives a payment back, all of it. One that was given back before stays so.',
  body: z.object({ userId: z.uuid().describe('Who paid.') }),
});

export const ChangeChannelRenewal = defineRoute({
  ...ofBot,
  ...ofCharge,
  id: 'bot-adapter.channel-payments.change-renewal',
  method: 'PUT',
  path: '/channel-payments/{botId}/charges/{chargeId}/renewal',
  summary: 'Whether the channel goes on charging by itself for what a payment was the first of.',
  body: z.object({ userId: z.uuid().describe('Who paid.'), renews: z.boolean() }),
});

const ChannelTransaction = z
  .object({
    chargeId: z.string(),
    direction: z.enum(['in', 'out']).describe('Out: the same payment was given back, or taken back.'),
    amountMinor: AmountMinor,
    currency: Currency,
    at: Instant,
    userId: z.uuid().nullable().describe('Who paid; null for somebody who is not known (any more).'),
    payload: z.string().nullable(),
    renews: z.boolean().describe('It belongs to what the channel charges for by itself.'),
  })
  .meta({ id: 'bot-adapter.ChannelTransaction' });

export const ListChannelPayments = defineRoute({
  ...ofBot,
  id: 'bot-adapter.channel-payments.list',
  method: 'GET',
  path: '/channel-payments/{botId}/transactions',
  summary:
    'What was paid in a channel and given back, the oldest first: from a time on, or from where an earlier answer ended.',
  permission: 'channel-payments:read',
  params: z.object({ botId: BotId }),
  query: z.object({
    since: Instant.optional().describe('From the beginning when neither this nor a cursor is given.'),
    cursor: z.string().max(200).optional(),
    limit: z.coerce.number<number>().int().min(1).max(100).default(100),
  }),
  answer: z.object({
    data: z.array(ChannelTransaction),
    cursor: z.string().describe('From which what comes later is asked for.'),
  }),
  problems,
});
