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

const mailId = z
  .string()
  .min(1)
  .max(300)
  .describe('What the mail is for: the same whenever it is tried again, so that servers know what they have.');
const UNKNOWN = 'unknown: the server has not said whether it has taken it, and may have';

export const SendMail = defineRoute({
  id: 'gateway.mails.send',
  method: 'POST',
  path: '/mails',
  summary: 'For services: sends an e-mail to somebody who waits for it.',
  permission: 'mails:send',
  callers: ['payments'],
  body: Letter.extend({ mailId, to: z.email().max(320) }),
  answer: z.object({
    outcome: z
      .enum(['sent', 'refused', 'unknown'])
      .describe(`refused: nobody has such an address, and trying again is of no use; ${UNKNOWN}.`),
  }),
  problems: { 'gateway.email_not_offered': 404 },
});

export const SendMailToPerson = defineRoute({
  id: 'gateway.mails.send-to-person',
  method: 'POST',
  path: '/mails/people/{userId}',
  summary: 'For services: sends an e-mail to the address by which a person signs in, in their language.',
  permission: 'mails:send',
  callers: ['payments'],
  params: z.object({ userId: z.uuid() }),
  body: z.object({ mailId, en: Letter, ru: Letter }),
  answer: z.object({
    outcome: z
      .enum(['sent', 'refused', 'no-address', 'unknown'])
      .describe(`no-address: the person has linked none; refused: nobody has it any more; ${UNKNOWN}.`),
  }),
  problems: { 'gateway.email_not_offered': 404 },
});
