import { Module } from '@nestjs/common';
import { AccessModule } from '../access/access.module';
import { LimitsModule } from '../limits/limits.module';
import { PagesModule } from '../pages/pages.module';
import { EdgeService } from './edge.service';
import { Upstreams } from './upstreams';

@Module({ imports: [AccessModule, LimitsModule, PagesModule], providers: [EdgeService, Upstreams] })
export class EdgeModule {}
