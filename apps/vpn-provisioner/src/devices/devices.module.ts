import { Module } from '@nestjs/common';
import { OwnAccessesModule } from '../own-accesses/own-accesses.module';
import { DeviceSightings } from './device-sightings.service';
import { DevicesController } from './devices.controller';
import { DevicesJobs } from './devices.jobs';
import { DevicesService } from './devices.service';

@Module({
  imports: [OwnAccessesModule],
  controllers: [DevicesController],
  providers: [DevicesService, DeviceSightings, DevicesJobs],
  exports: [DevicesService, DeviceSightings],
})
export class DevicesModule {}
