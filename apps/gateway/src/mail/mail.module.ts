import { Module } from '@nestjs/common';
import { MailController } from './mail.controller';
import { MailerService } from './mailer.service';

@Module({ controllers: [MailController], providers: [MailerService], exports: [MailerService] })
export class MailModule {}
