import { Inject, Injectable } from '@nestjs/common';
import { CONFIG, DomainError } from '@switchboard/service-kit';
import { type Letter, letterOf } from './letter';
import { isRefused, isUnknown, MailerService } from './mailer.service';

class EmailNotOffered extends DomainError {
  constructor() {
    super('gateway.email_not_offered', 'No server is configured that sends e-mail', 404);
  }
}

/** Letters that other services have written. */
@Injectable()
export class LettersService {
  constructor(
    private readonly mailer: MailerService,
    @Inject(CONFIG) private readonly config: { readonly GATEWAY_PUBLIC_URL: string },
  ) {}

  assertOffered(): void {
    if (!this.mailer.isConfigured) throw new EmailNotOffered();
  }

  /** Their links may be paths of this site. Throws EmailNotOffered. */
  async send(letter: Letter & { readonly mailId: string }): Promise<'sent' | 'refused' | 'unknown'> {
    this.assertOffered();
    const links = letter.links.map(({ text, url }) => ({
      text,
      url: new URL(url, this.config.GATEWAY_PUBLIC_URL).href,
    }));
    try {
      await this.mailer.send({ ...letterOf({ ...letter, links }), mailId: letter.mailId });
    } catch (error) {
      if (isUnknown(error)) return 'unknown';
      if (!isRefused(error)) throw error;
      return 'refused';
    }
    return 'sent';
  }
}
