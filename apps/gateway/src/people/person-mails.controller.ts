import { Controller } from '@nestjs/common';
import { localized, SendMailToPerson } from '@switchboard/contracts';
import { type AnswerOf, Implements, type RequestOf } from '@switchboard/service-kit';
import { DataSource } from 'typeorm';
import { LettersService } from '../mail/letters.service';
import { IdentitiesService } from './identities.service';
import { User } from './user.entity';

@Controller()
export class PersonMailsController {
  constructor(
    private readonly db: DataSource,
    private readonly identities: IdentitiesService,
    private readonly letters: LettersService,
  ) {}

  @Implements(SendMailToPerson)
  async send({
    params: { userId },
    body,
  }: RequestOf<typeof SendMailToPerson>): Promise<AnswerOf<typeof SendMailToPerson>> {
    this.letters.assertOffered();
    const tx = this.db.manager;
    const to = await this.identities.emailOf(tx, userId);
    const user = await tx.findOneBy(User, { id: userId });
    if (to === undefined || !user) return { outcome: 'no-address' };
    const { mailId } = body;
    return { outcome: await this.letters.send({ to, mailId, ...localized(body, user.locale) }) };
  }
}
