import { Controller } from '@nestjs/common';
import { FindCustomers } from '@switchboard/contracts';
import { type AnswerOf, Implements, type RequestOf } from '@switchboard/service-kit';
import { CustomersService } from './customers.service';

@Controller()
export class CustomersController {
  constructor(private readonly customers: CustomersService) {}

  @Implements(FindCustomers)
  find({ body }: RequestOf<typeof FindCustomers>): Promise<AnswerOf<typeof FindCustomers>> {
    return this.customers.find(body, body.after, body.limit);
  }
}
