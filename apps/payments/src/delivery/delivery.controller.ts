import { Controller } from '@nestjs/common';
import {
  ChangeDeliveryMethod,
  CreateDeliveryMethod,
  ListDeliveryMethods,
  ReadDeliveryMethod,
} from '@switchboard/contracts';
import { type AnswerOf, Implements, type RequestOf } from '@switchboard/service-kit';
import { DataSource, EntityManager } from 'typeorm';
import { DeliveryService } from './delivery.service';

@Controller()
export class DeliveryController {
  constructor(
    private readonly db: DataSource,
    private readonly delivery: DeliveryService,
  ) {}

  @Implements(ListDeliveryMethods)
  async list(request: RequestOf<typeof ListDeliveryMethods>): Promise<AnswerOf<typeof ListDeliveryMethods>> {
    return { data: await this.delivery.list(this.db.manager, request) };
  }

  @Implements(ReadDeliveryMethod)
  read(request: RequestOf<typeof ReadDeliveryMethod>): Promise<AnswerOf<typeof ReadDeliveryMethod>> {
    return this.delivery.read(this.db.manager, request);
  }

  @Implements(CreateDeliveryMethod)
  create(
    request: RequestOf<typeof CreateDeliveryMethod>,
    tx: EntityManager,
  ): Promise<AnswerOf<typeof CreateDeliveryMethod>> {
    return this.delivery.create(tx, request);
  }

  @Implements(ChangeDeliveryMethod)
  change(request: RequestOf<typeof ChangeDeliveryMethod>): Promise<AnswerOf<typeof ChangeDeliveryMethod>> {
    return this.db.transaction((tx) => this.delivery.change(tx, request));
  }
}
