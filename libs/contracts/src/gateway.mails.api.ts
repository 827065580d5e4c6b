import { z } from 'zod';
import { defineRoute } from './define-route';

const Line = z.string().min(1).max(1000);

const Letter = z.object({
  subject: z.string().min(1).max(200),
  before: Line.describe('What stands before the links.'),
  links: z
    .array(
      z.object({
        text: z.string().min(1).max(100),
        url: z
          .string()
          .max(2000)
          .regex(/^(https?:\/\/|\/(?![/\\]))[^\s"<>\\]*$/)
          .describe('An address, or a path of this site.'),
      }),
    )
    .min(1)
    .max(3),
  after: Line.describe('What stands behind them.'),
});

export const SendMail = defineRoute({
  id: 'gateway.mails.send',
  method: 'POST',
  path: '/mails',
  summary:
    'For services: sends an e-mail to somebody who waits for it. A server that does not answer may send it twice.',
  permission: 'mails:send',
  callers: ['payments'],
  body: Letter.extend({ to: z.email().max(320) }),
  answer: z.object({
    outcome: z
      .enum(['sent', 'refused'])
      .describe('refused: nobody has such an address, and trying again is of no use.'),
  }),
  problems: { 'gateway.email_not_offered': 404 },
});

export const SendMailToPerson = defineRoute({
  id: 'gateway.mails.send-to-person',
  method: 'POST',
  path: '/mails/people/{userId}',
  summary:
    'For services: sends an e-mail to the address by which a person signs in, in their language. A server that does not answer may send it twice.',
  permission: 'mails:send',
  callers: ['payments'],
  params: z.object({ userId: z.uuid() }),
  body: z.object({ en: Letter, ru: Letter }),
  answer: z.object({
    outcome: z
      .enum(['sent', 'refused', 'no-address'])
      .describe('no-address: the person has linked none; refused: nobody has it any more.'),
  }),
  problems: { 'gateway.email_not_offered': 404 },
});
