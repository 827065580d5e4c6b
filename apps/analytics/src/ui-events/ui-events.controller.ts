import { Controller } from '@nestjs/common';
import { RecordUiEvents } from '@switchboard/contracts';
import { type AnswerOf, Implements, type RequestOf } from '@switchboard/service-kit';
import { UiEventsService } from './ui-events.service';

@Controller()
export class UiEventsController {
  constructor(private readonly uiEvents: UiEventsService) {}

  @Implements(RecordUiEvents)
  record(request: RequestOf<typeof RecordUiEvents>): Promise<AnswerOf<typeof RecordUiEvents>> {
    return this.uiEvents.record(request);
  }
}
