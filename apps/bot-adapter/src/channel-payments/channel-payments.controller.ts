import { Controller } from '@nestjs/common';
import {
  ChangeChannelRenewal,
  CreatePaymentLink,
  ListChannelPayments,
  RefundChannelPayment,
} from '@switchboard/contracts';
import { type AnswerOf, Implements, type RequestOf } from '@switchboard/service-kit';
import { ChannelPaymentsService } from './channel-payments.service';

/** What payments asks of channels that take money. */
@Controller()
export class ChannelPaymentsController {
  constructor(private readonly payments: ChannelPaymentsService) {}

  @Implements(CreatePaymentLink)
  createLink(request: RequestOf<typeof CreatePaymentLink>): Promise<AnswerOf<typeof CreatePaymentLink>> {
    return this.payments.createLink(request);
  }

  @Implements(RefundChannelPayment)
  refund(request: RequestOf<typeof RefundChannelPayment>): Promise<void> {
    return this.payments.refund(request);
  }

  @Implements(ChangeChannelRenewal)
  changeRenewal(request: RequestOf<typeof ChangeChannelRenewal>): Promise<void> {
    return this.payments.changeRenewal(request);
  }

  @Implements(ListChannelPayments)
  list(request: RequestOf<typeof ListChannelPayments>): Promise<AnswerOf<typeof ListChannelPayments>> {
    return this.payments.list(request);
  }
}
