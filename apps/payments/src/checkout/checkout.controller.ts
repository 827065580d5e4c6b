import { Controller } from '@nestjs/common';
import {
  CancelOrder,
  ForgetPaymentMethod,
  ListMyOrders,
  PayOrder,
  PlaceOrder,
  QuoteOrder,
  ReadMyBalance,
  ReadMyOrder,
  ReadShop,
} from '@switchboard/contracts';
import { type AnswerOf, Implements, type RequestOf } from '@switchboard/service-kit';
import { EntityManager } from 'typeorm';
import { CheckoutService } from './checkout.service';

@Controller()
export class CheckoutController {
  constructor(private readonly checkout: CheckoutService) {}

  @Implements(ReadShop)
  shop(request: RequestOf<typeof ReadShop>): Promise<AnswerOf<typeof ReadShop>> {
    return this.checkout.shop(request);
  }

  @Implements(QuoteOrder)
  quote(request: RequestOf<typeof QuoteOrder>): Promise<AnswerOf<typeof QuoteOrder>> {
    return this.checkout.quote(request);
  }

  @Implements(PlaceOrder)
  place(request: RequestOf<typeof PlaceOrder>, tx: EntityManager): Promise<AnswerOf<typeof PlaceOrder>> {
    return this.checkout.place(tx, request);
  }

  @Implements(PayOrder)
  pay(request: RequestOf<typeof PayOrder>, tx: EntityManager): Promise<AnswerOf<typeof PayOrder>> {
    return this.checkout.payAnew(tx, request);
  }

  @Implements(CancelOrder)
  cancel(request: RequestOf<typeof CancelOrder>, tx: EntityManager): Promise<AnswerOf<typeof CancelOrder>> {
    return this.checkout.cancel(tx, request);
  }

  @Implements(ReadMyOrder)
  read(request: RequestOf<typeof ReadMyOrder>): Promise<AnswerOf<typeof ReadMyOrder>> {
    return this.checkout.read(request);
  }

  @Implements(ListMyOrders)
  list(request: RequestOf<typeof ListMyOrders>): Promise<AnswerOf<typeof ListMyOrders>> {
    return this.checkout.list(request);
  }

  @Implements(ReadMyBalance)
  balance(request: RequestOf<typeof ReadMyBalance>): Promise<AnswerOf<typeof ReadMyBalance>> {
    return this.checkout.balance(request);
  }

  @Implements(ForgetPaymentMethod)
  forgetMethod(request: RequestOf<typeof ForgetPaymentMethod>): Promise<void> {
    return this.checkout.forgetMethod(request);
  }
}
