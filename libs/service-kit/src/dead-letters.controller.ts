import { Body, Controller, Get, HttpCode, Inject, Post, Query, UseGuards } from '@nestjs/common';
import { DeadLetters } from '@switchboard/bus';
import { z } from 'zod';
import { AllowServices, ServiceGuard } from './service-identity';

const CALLER = 'gateway';

const Id = z.string().regex(/^\d{1,18}$/);
const Filter = z.object({
  ids: z.array(Id).max(1000).optional(),
  consumer: z.string().optional(),
  type: z.string().optional(),
  reason: z.string().optional(),
  limit: z.coerce.number().int().min(1).max(1000).optional(),
});
const Page = Filter.omit({ ids: true }).extend({ after: Id.optional() });
const Replay = Filter.extend({ perSecond: z.number().min(0.1).max(1000).optional() });
const Discard = Filter.extend({
  why: z.string().min(3).max(500),
  /** The person who decided it, in the words of the caller. */
  by: z.string().min(1).max(200).default(CALLER),
});

/** Events this service gave up, for operators: seen, tried again, or given up for good. Asked for through the gateway. */
@Controller('bus/dead-letters')
@UseGuards(ServiceGuard)
@AllowServices(CALLER)
export class DeadLettersController {
  constructor(@Inject(DeadLetters) private readonly deadLetters: DeadLetters) {}

  @Get()
  list(@Query({ schema: Page }) page: z.output<typeof Page>) {
    return this.deadLetters.list(page);
  }

  @Get('summary')
  summary() {
    return this.deadLetters.summary();
  }

  @Post('replay')
  @HttpCode(200)
  async replay(@Body({ schema: Replay }) { perSecond, ...filter }: z.output<typeof Replay>) {
    return { replayed: await this.deadLetters.replay(filter, { perSecond }) };
  }

  @Post('discard')
  @HttpCode(200)
  async discard(@Body({ schema: Discard }) { by, why, ...filter }: z.output<typeof Discard>) {
    return { discarded: await this.deadLetters.discard(filter, { by, why }) };
  }
}
