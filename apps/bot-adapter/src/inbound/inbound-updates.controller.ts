import { Controller, Get, HttpCode, Post, Query, UseGuards } from '@nestjs/common';
import { BotId } from '@switchboard/contracts';
import { AllowServices, ServiceGuard } from '@switchboard/service-kit';
import { InboundUpdatesService, type Replayed } from './inbound-updates.service';

/** Updates that could not be processed, for the operator. */
@Controller('inbound-updates/quarantined')
@UseGuards(ServiceGuard)
@AllowServices('gateway')
export class InboundUpdatesController {
  constructor(private readonly updates: InboundUpdatesService) {}

  /** How many there are of each bot, and why. */
  @Get()
  list() {
    return this.updates.quarantined();
  }

  /** Tries them again, in the order in which they came; those of one bot, or all. */
  @Post('replay')
  @HttpCode(200)
  replay(@Query('bot', { schema: BotId.optional() }) botId: string | undefined): Promise<Replayed> {
    return this.updates.replay({ botId });
  }
}
