import { Controller, Get, Query, UseGuards } from '@nestjs/common';
import { AllowServices, ServiceGuard } from '@switchboard/service-kit';
import { z } from 'zod';
import { UsageService } from './usage.service';

const Period = z
  .object({ from: z.coerce.date(), to: z.coerce.date() })
  .refine(({ from, to }) => from < to, { error: 'must be later than `from`', path: ['to'] });

@Controller('usage')
@UseGuards(ServiceGuard)
@AllowServices('gateway')
export class UsageController {
  constructor(private readonly usage: UsageService) {}

  @Get()
  async totals(@Query({ schema: Period }) { from, to }: z.output<typeof Period>) {
    return { from, to, totals: await this.usage.totals(from, to) };
  }
}
