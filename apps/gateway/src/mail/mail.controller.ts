import { Controller, Inject } from '@nestjs/common';
import { SendMail } from '@switchboard/contracts';
import { type AnswerOf, CONFIG, DomainError, Implements, type RequestOf } from '@switchboard/service-kit';
import { letterOf } from './letter';
import { isRefused, MailerService } from './mailer.service';

class EmailNotOffered extends DomainError {
  constructor() {
    super('gateway.email_not_offered', 'No server is configured that sends e-mail', 404);
  }
}

@Controller()
export class MailController {
  constructor(
    private readonly mailer: MailerService,
    @Inject(CONFIG) private readonly config: { readonly GATEWAY_PUBLIC_URL: string },
  ) {}

  @Implements(SendMail)
  async send({ body }: RequestOf<typeof SendMail>): Promise<AnswerOf<typeof SendMail>> {
    if (!this.mailer.isConfigured) throw new EmailNotOffered();
    const links = body.links.map(({ text, url }) => ({ text, url: new URL(url, this.config.GATEWAY_PUBLIC_URL).href }));
    try {
      await this.mailer.send(letterOf({ ...body, links }));
    } catch (error) {
      if (!isRefused(error)) throw error;
      return { outcome: 'refused' };
    }
    return { outcome: 'sent' };
  }
}
