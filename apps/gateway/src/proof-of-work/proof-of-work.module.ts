import { Module } from '@nestjs/common';
import { LimitsModule } from '../limits/limits.module';
import { ProofOfWorkController } from './proof-of-work.controller';
import { ProofOfWorkService } from './proof-of-work.service';

@Module({
  imports: [LimitsModule],
  controllers: [ProofOfWorkController],
  providers: [ProofOfWorkService],
  exports: [ProofOfWorkService],
})
export class ProofOfWorkModule {}
