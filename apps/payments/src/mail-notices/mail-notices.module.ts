import { Module } from '@nestjs/common';
import { MailNoticesController } from './mail-notices.controller';
import { MailNoticesHandlers } from './mail-notices.handlers';
import { MailNoticesJobs } from './mail-notices.jobs';

@Module({ controllers: [MailNoticesController, MailNoticesHandlers], providers: [MailNoticesJobs] })
export class MailNoticesModule {}
