import { Module } from '@nestjs/common';
import { LimitsService } from './limits.service';
import { SpentOnce } from './spent-once';

@Module({ providers: [LimitsService, SpentOnce], exports: [LimitsService, SpentOnce] })
export class LimitsModule {}
