import { Module } from '@nestjs/common';
import { ContactsModule } from '../contacts/contacts.module';
import { DeliveriesModule } from '../deliveries/deliveries.module';
import { AccountLinksJobs } from './account-links.jobs';
import { AccountHandlers } from './account.handlers';
import { BuiltInProduct } from './built-in.product';
import { ButtonsJobs } from './buttons.jobs';
import { ButtonsService } from './buttons.service';
import { DialogsService } from './dialogs.service';
import { ProductRouter } from './product-router.service';
import { ScreensService } from './screens.service';

@Module({
  imports: [ContactsModule, DeliveriesModule],
  controllers: [AccountHandlers],
  providers: [
    ...[ButtonsService, ButtonsJobs, DialogsService, ScreensService, ProductRouter],
    ...[BuiltInProduct, AccountLinksJobs],
  ],
  exports: [ButtonsService, DialogsService, ProductRouter, ScreensService],
})
export class DialogsModule {}
