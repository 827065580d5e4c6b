import { Module } from '@nestjs/common';
import { DeliveriesModule } from '../deliveries/deliveries.module';
import { SpeechHandlers } from './speech.handlers';
import { SpeechService } from './speech.service';

@Module({
  imports: [DeliveriesModule],
  controllers: [SpeechHandlers],
  providers: [SpeechService],
  exports: [SpeechService],
})
export class SpeechModule {}
