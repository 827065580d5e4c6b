import { Module } from '@nestjs/common';
import { LettersService } from './letters.service';
import { MailController } from './mail.controller';
import { MailerService } from './mailer.service';

@Module({
  controllers: [MailController],
  providers: [MailerService, LettersService],
  exports: [MailerService, LettersService],
})
export class MailModule {}
