import { Module } from '@nestjs/common';
import { ModelsModule } from '../models/models.module';
import { ModerationService } from './moderation.service';

/** What no model is asked, and what no answer may say. */
@Module({ imports: [ModelsModule], providers: [ModerationService], exports: [ModerationService] })
export class GuardsModule {}
