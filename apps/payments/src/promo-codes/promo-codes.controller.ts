import { Controller } from '@nestjs/common';
import { CreatePromoCode, EndPromoCode, ListPromoCodes } from '@switchboard/contracts';
import { type AnswerOf, Implements, type RequestOf } from '@switchboard/service-kit';
import { DataSource, EntityManager } from 'typeorm';
import { PromoCodeOffersService } from './promo-code-offers.service';

@Controller()
export class PromoCodesController {
  constructor(
    private readonly db: DataSource,
    private readonly offers: PromoCodeOffersService,
  ) {}

  @Implements(ListPromoCodes)
  list(request: RequestOf<typeof ListPromoCodes>): Promise<AnswerOf<typeof ListPromoCodes>> {
    return this.offers.list(this.db.manager, request);
  }

  @Implements(CreatePromoCode)
  create(request: RequestOf<typeof CreatePromoCode>, tx: EntityManager): Promise<AnswerOf<typeof CreatePromoCode>> {
    return this.offers.create(tx, request);
  }

  @Implements(EndPromoCode)
  end(request: RequestOf<typeof EndPromoCode>): Promise<AnswerOf<typeof EndPromoCode>> {
    return this.db.transaction((tx) => this.offers.end(tx, request));
  }
}
