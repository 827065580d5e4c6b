import { Module } from '@nestjs/common';
import { DeliveriesModule } from '../../deliveries/deliveries.module';
import { DialogsModule } from '../../dialogs/dialogs.module';
import { defineProduct } from '../../dialogs/product';
import { SurveyHandlers } from './survey.handlers';
import { SurveyProduct } from './survey.product';

@Module({ imports: [DeliveriesModule, DialogsModule], providers: [SurveyProduct], controllers: [SurveyHandlers] })
export class SurveyModule {}

export const survey = defineProduct({ module: SurveyModule });
