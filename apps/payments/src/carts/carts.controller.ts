import { Controller } from '@nestjs/common';
import { ClearCart, ReadCart, ReadStore, SetCartLine } from '@switchboard/contracts';
import { type AnswerOf, Implements, type RequestOf } from '@switchboard/service-kit';
import { CartsService } from './carts.service';
import { StorefrontService } from './storefront.service';

@Controller()
export class CartsController {
  constructor(
    private readonly storefront: StorefrontService,
    private readonly carts: CartsService,
  ) {}

  @Implements(ReadStore)
  store(request: RequestOf<typeof ReadStore>): Promise<AnswerOf<typeof ReadStore>> {
    return this.storefront.read(request);
  }

  @Implements(ReadCart)
  read(request: RequestOf<typeof ReadCart>): Promise<AnswerOf<typeof ReadCart>> {
    return this.carts.read(request);
  }

  @Implements(SetCartLine)
  setLine(request: RequestOf<typeof SetCartLine>): Promise<AnswerOf<typeof SetCartLine>> {
    return this.carts.setLine(request);
  }

  @Implements(ClearCart)
  clear(request: RequestOf<typeof ClearCart>): Promise<void> {
    return this.carts.clear(request);
  }
}
