import { Module } from '@nestjs/common';
import { BotsModule } from '../bots/bots.module';
import { ContactsModule } from '../contacts/contacts.module';
import { DeliveriesModule } from '../deliveries/deliveries.module';
import { PreviewsHandlers } from './previews.handlers';
import { PreviewsJobs } from './previews.jobs';
import { PreviewsRepository } from './previews.repository';
import { PreviewsService } from './previews.service';

@Module({
  imports: [BotsModule, ContactsModule, DeliveriesModule],
  controllers: [PreviewsHandlers],
  providers: [PreviewsService, PreviewsJobs, PreviewsRepository],
  exports: [PreviewsService],
})
export class PreviewsModule {}
