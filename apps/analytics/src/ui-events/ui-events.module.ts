import { Module } from '@nestjs/common';
import { EventsModule } from '../events/events.module';
import { UiEventsController } from './ui-events.controller';
import { UiEventsService } from './ui-events.service';

@Module({ imports: [EventsModule], controllers: [UiEventsController], providers: [UiEventsService] })
export class UiEventsModule {}
