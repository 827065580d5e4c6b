import { Module } from '@nestjs/common';
import { TrafficPartitions } from './traffic-partitions';
import { TrafficService } from './traffic.service';

@Module({ providers: [TrafficPartitions, TrafficService], exports: [TrafficPartitions, TrafficService] })
export class TrafficModule {}
