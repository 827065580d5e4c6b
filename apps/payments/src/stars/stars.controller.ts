import { Controller } from '@nestjs/common';
import { CheckChannelPayment } from '@switchboard/contracts';
import { type AnswerOf, Implements, type RequestOf } from '@switchboard/service-kit';
import { StarsService } from './stars.service';

@Controller()
export class StarsController {
  constructor(private readonly stars: StarsService) {}

  @Implements(CheckChannelPayment)
  check(request: RequestOf<typeof CheckChannelPayment>): Promise<AnswerOf<typeof CheckChannelPayment>> {
    return this.stars.check(request);
  }
}
