import { Module } from '@nestjs/common';
import { ConsentsModule } from '../consents/consents.module';
import { EventsModule } from '../events/events.module';
import { ExperimentsModule } from '../experiments/experiments.module';
import { RollupsModule } from '../rollups/rollups.module';
import { DemoController } from './demo.controller';
import { DemoService } from './demo.service';

@Module({
  imports: [ConsentsModule, EventsModule, ExperimentsModule, RollupsModule],
  controllers: [DemoController],
  providers: [DemoService],
})
export class DemoModule {}
