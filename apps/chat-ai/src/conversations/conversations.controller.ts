import { Controller, Get, Param, UseGuards } from '@nestjs/common';
import { AllowServices, ServiceGuard } from '@switchboard/service-kit';
import { z } from 'zod';
import { TranscriptsService } from './transcripts.service';

@Controller('conversations')
@UseGuards(ServiceGuard)
@AllowServices('gateway')
export class ConversationsController {
  constructor(private readonly transcripts: TranscriptsService) {}

  @Get(':chatId')
  async ofChat(@Param('chatId', { schema: z.uuid() }) chatId: string) {
    return { conversations: await this.transcripts.ofChat(chatId) };
  }
}
