import { Module } from '@nestjs/common';
import { SessionsJobs } from './sessions.jobs';
import { SessionsService } from './sessions.service';

@Module({ providers: [SessionsService, SessionsJobs], exports: [SessionsService] })
export class SessionsModule {}
