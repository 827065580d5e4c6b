import { Module } from '@nestjs/common';
import { BotLeaderElection } from './bot-leader-election';

@Module({ providers: [BotLeaderElection], exports: [BotLeaderElection] })
export class BotsModule {}
