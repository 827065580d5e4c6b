import { z } from 'zod';

/** Where e-mail is sent through. */
export const mailVariables = {
  GATEWAY_SMTP_URL: z
    .url({ protocol: /^smtps?$/ })
    .optional()
    .describe(
      'The server that sends e-mail, smtps://user:password@host:465, or smtp:// with STARTTLS; without it nobody signs in by e-mail.',
    ),
  GATEWAY_MAIL_FROM: z.string().min(3).default('Switchboard <no-reply@localhost>').describe('Whom e-mail comes from.'),
};

const config = z.object(mailVariables);
export type MailConfig = z.output<typeof config>;
