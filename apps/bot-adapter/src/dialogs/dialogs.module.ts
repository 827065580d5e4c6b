import { Module } from '@nestjs/common';
import { ContactsModule } from '../contacts/contacts.module';
import { DeliveriesModule } from '../deliveries/deliveries.module';
import { BuiltInProduct } from './built-in.product';
import { ButtonsJobs } from './buttons.jobs';
import { ButtonsService } from './buttons.service';
import { DialogsService } from './dialogs.service';
import { ProductRouter } from './product-router.service';
import { ScreensService } from './screens.service';

@Module({
  imports: [ContactsModule, DeliveriesModule],
  providers: [ButtonsService, ButtonsJobs, DialogsService, ScreensService, ProductRouter, BuiltInProduct],
  exports: [ButtonsService, ProductRouter],
})
export class DialogsModule {}
