import { Module } from '@nestjs/common';
import { ConversationsModule } from '../conversations/conversations.module';
import { DemoController } from './demo.controller';
import { DemoService } from './demo.service';

@Module({ imports: [ConversationsModule], controllers: [DemoController], providers: [DemoService] })
export class DemoModule {}
