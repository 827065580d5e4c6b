import { Controller } from '@nestjs/common';
import {
  AskMyReturn,
  AskReturn,
  CancelStoreOrder,
  CorrectDelivery,
  DecideReturn,
  ListMyStoreOrders,
  ListStoreOrders,
  MoveStoreOrder,
  MoveStoreOrders,
  ReadMyStoreOrder,
  ReadStoreOrder,
  ReceiveReturn,
  RefundReturn,
  RevealStoreOrderAddress,
} from '@switchboard/contracts';
import { type AnswerOf, Implements, type RequestOf } from '@switchboard/service-kit';
import { DataSource, EntityManager } from 'typeorm';
import { FulfilmentService } from './fulfilment.service';
import { ReturnsService } from './returns.service';
import { StoreOrderViews } from './store-order-views.service';

@Controller()
export class StoreOrdersController {
  constructor(
    private readonly db: DataSource,
    private readonly views: StoreOrderViews,
    private readonly fulfilment: FulfilmentService,
    private readonly returns: ReturnsService,
  ) {}

  @Implements(ListStoreOrders)
  list(request: RequestOf<typeof ListStoreOrders>): Promise<AnswerOf<typeof ListStoreOrders>> {
    return this.views.list(request);
  }

  @Implements(ReadStoreOrder)
  read(request: RequestOf<typeof ReadStoreOrder>): Promise<AnswerOf<typeof ReadStoreOrder>> {
    return this.views.read(request);
  }

  @Implements(RevealStoreOrderAddress)
  reveal(request: RequestOf<typeof RevealStoreOrderAddress>): Promise<AnswerOf<typeof RevealStoreOrderAddress>> {
    return this.views.reveal(request);
  }

  @Implements(MoveStoreOrder)
  move(request: RequestOf<typeof MoveStoreOrder>): Promise<AnswerOf<typeof MoveStoreOrder>> {
    return this.db.transaction((tx) => this.fulfilment.move(tx, request));
  }

  @Implements(MoveStoreOrders)
  moveMany(request: RequestOf<typeof MoveStoreOrders>, tx: EntityManager): Promise<AnswerOf<typeof MoveStoreOrders>> {
    return this.fulfilment.moveMany(tx, request);
  }

  @Implements(CancelStoreOrder)
  cancel(request: RequestOf<typeof CancelStoreOrder>): Promise<AnswerOf<typeof CancelStoreOrder>> {
    return this.db.transaction((tx) => this.fulfilment.cancel(tx, request));
  }

  @Implements(CorrectDelivery)
  correct(request: RequestOf<typeof CorrectDelivery>): Promise<AnswerOf<typeof CorrectDelivery>> {
    return this.db.transaction((tx) => this.fulfilment.correct(tx, request));
  }

  @Implements(AskReturn)
  askReturn(request: RequestOf<typeof AskReturn>, tx: EntityManager): Promise<AnswerOf<typeof AskReturn>> {
    return this.returns.askByStaff(tx, request);
  }

  @Implements(DecideReturn)
  decide(request: RequestOf<typeof DecideReturn>): Promise<AnswerOf<typeof DecideReturn>> {
    return this.db.transaction((tx) => this.returns.decide(tx, request));
  }

  @Implements(ReceiveReturn)
  receive(request: RequestOf<typeof ReceiveReturn>): Promise<AnswerOf<typeof ReceiveReturn>> {
    return this.db.transaction((tx) => this.returns.receive(tx, request));
  }

  @Implements(RefundReturn)
  refund(request: RequestOf<typeof RefundReturn>): Promise<AnswerOf<typeof RefundReturn>> {
    return this.db.transaction((tx) => this.returns.refund(tx, request));
  }

  @Implements(ListMyStoreOrders)
  listMine(request: RequestOf<typeof ListMyStoreOrders>): Promise<AnswerOf<typeof ListMyStoreOrders>> {
    return this.views.listMine(request);
  }

  @Implements(ReadMyStoreOrder)
  readMine(request: RequestOf<typeof ReadMyStoreOrder>): Promise<AnswerOf<typeof ReadMyStoreOrder>> {
    return this.views.readMine(request);
  }

  @Implements(AskMyReturn)
  askMine(request: RequestOf<typeof AskMyReturn>, tx: EntityManager): Promise<AnswerOf<typeof AskMyReturn>> {
    return this.returns.askMine(tx, request);
  }
}
