import { Body, Controller, HttpCode, Param, Post, UseGuards } from '@nestjs/common';
import { BotId } from '@switchboard/contracts';
import { AllowServices, ServiceGuard } from '@switchboard/service-kit';
import { z } from 'zod';
import { KnowledgeService } from './knowledge.service';

const Search = z.object({ query: z.string().trim().min(1).max(1000) });

/** For operators who try out what their knowledge base finds. */
@Controller('knowledge')
@UseGuards(ServiceGuard)
@AllowServices('gateway')
export class KnowledgeController {
  constructor(private readonly knowledge: KnowledgeService) {}

  @Post(':botId/search')
  @HttpCode(200)
  async search(
    @Param('botId', { schema: BotId }) botId: string,
    @Body({ schema: Search }) { query }: z.output<typeof Search>,
  ) {
    return { passages: await this.knowledge.find(botId, query) };
  }
}
