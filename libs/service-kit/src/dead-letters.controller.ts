import { Body, Controller, Get, HttpCode, Inject, Post, Query, UseGuards } from '@nestjs/common';
import { DeadLetters } from '@switchboard/bus';
import { z } from 'zod';
import { AllowServices, ServiceGuard } from './service-identity';

const Filter = z.object({
  ids: z.array(z.string().regex(/^\d+$/)).max(1000).optional(),
  consumer: z.string().optional(),
  type: z.string().optional(),
  reason: z.string().optional(),
  limit: z.coerce.number().int().min(1).max(1000).optional(),
});
const Discard = Filter.extend({ why: z.string().min(3).max(500) });

/** Events this service gave up, for operators: seen, tried again, or given up for good. Asked for through the gateway. */
@Controller('bus/dead-letters')
@UseGuards(ServiceGuard)
@AllowServices('gateway')
export class DeadLettersController {
  constructor(@Inject(DeadLetters) private readonly deadLetters: DeadLetters) {}

  @Get()
  list(@Query({ schema: Filter }) filter: z.output<typeof Filter>) {
    return this.deadLetters.list(filter);
  }

  @Get('summary')
  summary() {
    return this.deadLetters.summary();
  }

  @Post('replay')
  @HttpCode(200)
  async replay(@Body({ schema: Filter }) filter: z.output<typeof Filter>) {
    return { replayed: await this.deadLetters.replay(filter) };
  }

  @Post('discard')
  @HttpCode(200)
  async discard(@Body({ schema: Discard }) { why, ...filter }: z.output<typeof Discard>) {
    return { discarded: await this.deadLetters.discard(filter, why) };
  }
}
