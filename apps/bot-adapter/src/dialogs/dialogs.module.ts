import { Module } from '@nestjs/common';
import { DeliveriesModule } from '../deliveries/deliveries.module';
import { ButtonsJobs } from './buttons.jobs';
import { ButtonsService } from './buttons.service';
import { DialogsService } from './dialogs.service';
import { ProductRouter } from './product-router.service';
import { ScreensService } from './screens.service';

@Module({
  imports: [DeliveriesModule],
  providers: [ButtonsService, ButtonsJobs, DialogsService, ScreensService, ProductRouter],
  exports: [ButtonsService, ProductRouter],
})
export class DialogsModule {}
