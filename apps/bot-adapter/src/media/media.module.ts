import { Module } from '@nestjs/common';
import { MediaController } from './media.controller';
import { MediaJobs } from './media.jobs';
import { MediaService } from './media.service';

@Module({ controllers: [MediaController], providers: [MediaService, MediaJobs], exports: [MediaService, MediaJobs] })
export class MediaModule {}
