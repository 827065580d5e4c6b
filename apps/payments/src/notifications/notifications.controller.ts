import { Controller } from '@nestjs/common';
import { TakeNotification } from '@switchboard/contracts';
import { type AnswerOf, Implements, type RequestOf } from '@switchboard/service-kit';
import { NotificationsService } from './notifications.service';

@Controller()
export class NotificationsController {
  constructor(private readonly notifications: NotificationsService) {}

  /** Answers only after the commit: until then the provider keeps what it has to tell. */
  @Implements(TakeNotification)
  take(request: RequestOf<typeof TakeNotification>): Promise<AnswerOf<typeof TakeNotification>> {
    return this.notifications.take(request);
  }
}
