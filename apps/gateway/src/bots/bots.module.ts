import { Module } from '@nestjs/common';
import { AuditModule } from '../audit/audit.module';
import { BotChecksService } from './bot-checks.service';
import { BotDescriptionsService } from './bot-descriptions.service';
import { BotFilesService } from './bot-files.service';
import { BotSecretsService } from './bot-secrets.service';
import { BotTokensService } from './bot-tokens.service';
import { BotViewsService } from './bot-views.service';
import { BotsController } from './bots.controller';
import { BotsHandlers } from './bots.handlers';
import { BotsService } from './bots.service';

@Module({
  imports: [AuditModule],
  controllers: [BotsController, BotsHandlers],
  providers: [
    BotsService,
    BotViewsService,
    BotChecksService,
    BotDescriptionsService,
    BotFilesService,
    BotSecretsService,
    BotTokensService,
  ],
  exports: [BotTokensService],
})
export class BotsModule {}
