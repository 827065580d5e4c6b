import { Module } from '@nestjs/common';
import { AccessesModule } from '../accesses/accesses.module';
import { HealthModule } from '../health/health.module';
import { OwnAccessesController } from './own-accesses.controller';
import { OwnAccessesService } from './own-accesses.service';

@Module({
  imports: [AccessesModule, HealthModule],
  controllers: [OwnAccessesController],
  providers: [OwnAccessesService],
  exports: [OwnAccessesService],
})
export class OwnAccessesModule {}
