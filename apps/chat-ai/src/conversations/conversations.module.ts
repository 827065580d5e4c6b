import { Module } from '@nestjs/common';
import { Arrivals } from './arrivals';
import { ConversationsController } from './conversations.controller';
import { ConversationsHandlers } from './conversations.handlers';
import { ConversationsService } from './conversations.service';
import { MessageCipher } from './message-cipher';
import { TranscriptionsHandlers } from './transcriptions.handlers';
import { TranscriptsService } from './transcripts.service';

@Module({
  controllers: [ConversationsController, ConversationsHandlers, TranscriptionsHandlers],
  providers: [Arrivals, ConversationsService, MessageCipher, TranscriptsService],
  exports: [Arrivals, MessageCipher],
})
export class ConversationsModule {}
