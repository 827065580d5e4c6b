import { Controller } from '@nestjs/common';
import { ListRates, PutRate } from '@switchboard/contracts';
import { type AnswerOf, Implements, type RequestOf } from '@switchboard/service-kit';
import { RatesService } from './rates.service';

@Controller()
export class RatesController {
  constructor(private readonly rates: RatesService) {}

  @Implements(ListRates)
  async list(): Promise<AnswerOf<typeof ListRates>> {
    return { rates: await this.rates.list() };
  }

  @Implements(PutRate)
  put({ params, body }: RequestOf<typeof PutRate>): Promise<AnswerOf<typeof PutRate>> {
    return this.rates.put({ ...params, ...body });
  }
}
