import { z } from 'zod';
import { defineRoute } from './define-route';

// A person's own area: what they hear by e-mail of what they have bought.

export const MAIL_NOTICE_GROUPS = ['granted', 'expiring', 'renewals', 'moves', 'refunds', 'gifts'] as const;

const MailNotices = z
  .object({
    switchedOff: z
      .array(z.enum(MAIL_NOTICE_GROUPS))
      .max(MAIL_NOTICE_GROUPS.length)
      .describe('What you do not want to hear of. Payments and refused charges are always told.'),
  })
  .meta({ id: 'payments.MailNotices' });

export const ReadMyMailNotices = defineRoute({
  id: 'payments.mail-notices.read-mine',
  method: 'GET',
  path: '/me/mail-notices',
  summary: 'What you hear by e-mail, as far as you have linked an address.',
  permission: 'me:read',
  answer: MailNotices,
});

export const SetMyMailNotices = defineRoute({
  id: 'payments.mail-notices.set-mine',
  method: 'PUT',
  path: '/me/mail-notices',
  summary: 'Sets what you do not want to hear by e-mail.',
  permission: 'me:write',
  body: MailNotices,
  answer: MailNotices,
});
