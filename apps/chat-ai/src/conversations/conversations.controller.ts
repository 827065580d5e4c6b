import { Controller } from '@nestjs/common';
import { ListConversations } from '@switchboard/contracts';
import { type AnswerOf, Implements, type RequestOf } from '@switchboard/service-kit';
import { TranscriptsService } from './transcripts.service';

@Controller()
export class ConversationsController {
  constructor(private readonly transcripts: TranscriptsService) {}

  @Implements(ListConversations)
  async list({ params }: RequestOf<typeof ListConversations>): Promise<AnswerOf<typeof ListConversations>> {
    return { conversations: await this.transcripts.ofChat(params.chatId) };
  }
}
