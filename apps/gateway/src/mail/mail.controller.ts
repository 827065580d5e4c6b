import { Controller } from '@nestjs/common';
import { SendMail } from '@switchboard/contracts';
import { type AnswerOf, Implements, type RequestOf } from '@switchboard/service-kit';
import { LettersService } from './letters.service';

@Controller()
export class MailController {
  constructor(private readonly letters: LettersService) {}

  @Implements(SendMail)
  async send({ body }: RequestOf<typeof SendMail>): Promise<AnswerOf<typeof SendMail>> {
    return { outcome: await this.letters.send(body) };
  }
}
