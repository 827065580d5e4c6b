import { Module } from '@nestjs/common';
import { ContactsModule } from '../contacts/contacts.module';
import { DeliveriesModule } from '../deliveries/deliveries.module';
import { NoticesHandlers } from './notices.handlers';
import { NoticesService } from './notices.service';

@Module({
  imports: [ContactsModule, DeliveriesModule],
  controllers: [NoticesHandlers],
  providers: [NoticesService],
})
export class NoticesModule {}
