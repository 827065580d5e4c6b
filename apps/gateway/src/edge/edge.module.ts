import { Module } from '@nestjs/common';
import { AccessModule } from '../access/access.module';
import { LimitsModule } from '../limits/limits.module';
import { PagesModule } from '../pages/pages.module';
import { SessionsModule } from '../sessions/sessions.module';
import { EdgeService } from './edge.service';
import { Upstreams } from './upstreams';

@Module({ imports: [AccessModule, LimitsModule, PagesModule, SessionsModule], providers: [EdgeService, Upstreams] })
export class EdgeModule {}
