import { Module } from '@nestjs/common';
import { AccessModule } from '../access/access.module';
import { LimitsModule } from '../limits/limits.module';
import { EdgeService } from './edge.service';
import { Upstreams } from './upstreams';

@Module({ imports: [AccessModule, LimitsModule], providers: [EdgeService, Upstreams] })
export class EdgeModule {}
