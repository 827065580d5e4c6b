import { Controller } from '@nestjs/common';
import {
  ChangeProduct,
  ChangeVariant,
  CreateProduct,
  CreateVariant,
  FollowGoods,
  ListProducts,
  ReadProduct,
} from '@switchboard/contracts';
import { type AnswerOf, Implements, type RequestOf } from '@switchboard/service-kit';
import { DataSource, EntityManager } from 'typeorm';
import { GoodsService } from './goods.service';
import { ProductChangesService } from './product-changes.service';

@Controller()
export class GoodsController {
  constructor(
    private readonly db: DataSource,
    private readonly goods: GoodsService,
    private readonly changes: ProductChangesService,
  ) {}

  @Implements(ListProducts)
  list(request: RequestOf<typeof ListProducts>): Promise<AnswerOf<typeof ListProducts>> {
    return this.goods.list(request);
  }

  @Implements(ReadProduct)
  read(request: RequestOf<typeof ReadProduct>): Promise<AnswerOf<typeof ReadProduct>> {
    return this.goods.read(request);
  }

  @Implements(CreateProduct)
  create(request: RequestOf<typeof CreateProduct>, tx: EntityManager): Promise<AnswerOf<typeof CreateProduct>> {
    return this.goods.create(tx, request);
  }

  @Implements(ChangeProduct)
  change(request: RequestOf<typeof ChangeProduct>): Promise<AnswerOf<typeof ChangeProduct>> {
    return this.db.transaction((tx) => this.goods.change(tx, request));
  }

  @Implements(CreateVariant)
  createVariant(request: RequestOf<typeof CreateVariant>, tx: EntityManager): Promise<AnswerOf<typeof CreateVariant>> {
    return this.goods.createVariant(tx, request);
  }

  @Implements(ChangeVariant)
  changeVariant(request: RequestOf<typeof ChangeVariant>): Promise<AnswerOf<typeof ChangeVariant>> {
    return this.db.transaction((tx) => this.goods.changeVariant(tx, request));
  }

  @Implements(FollowGoods)
  follow(request: RequestOf<typeof FollowGoods>): Promise<AnswerOf<typeof FollowGoods>> {
    return this.changes.follow(this.db.manager, request);
  }
}
