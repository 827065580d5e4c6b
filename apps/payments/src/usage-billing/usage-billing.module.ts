import { Module } from '@nestjs/common';
import { UsageBillingHandlers } from './usage-billing.handlers';
import { UsageBillingService } from './usage-billing.service';

@Module({ controllers: [UsageBillingHandlers], providers: [UsageBillingService], exports: [UsageBillingService] })
export class UsageBillingModule {}
