import { Controller } from '@nestjs/common';
import { CreateOffer, EndOffer, ListMyOffers, ListOffers } from '@switchboard/contracts';
import { type AnswerOf, Implements, type RequestOf } from '@switchboard/service-kit';
import { DataSource, EntityManager } from 'typeorm';
import { OffersOfStaffService } from './offers-of-staff.service';
import { PersonalOffersService } from './personal-offers.service';

@Controller()
export class PersonalOffersController {
  constructor(
    private readonly db: DataSource,
    private readonly offers: OffersOfStaffService,
    private readonly personal: PersonalOffersService,
  ) {}

  @Implements(ListOffers)
  list(request: RequestOf<typeof ListOffers>): Promise<AnswerOf<typeof ListOffers>> {
    return this.offers.list(request);
  }

  @Implements(CreateOffer)
  create(request: RequestOf<typeof CreateOffer>, tx: EntityManager): Promise<AnswerOf<typeof CreateOffer>> {
    return this.offers.create(tx, request);
  }

  @Implements(EndOffer)
  end(request: RequestOf<typeof EndOffer>): Promise<AnswerOf<typeof EndOffer>> {
    return this.db.transaction((tx) => this.offers.end(tx, request));
  }

  /** In the service's name: who is shown it is decided by all who were, and noted of whoever is not as well. */
  @Implements(ListMyOffers)
  async mine({ actor, query }: RequestOf<typeof ListMyOffers>): Promise<AnswerOf<typeof ListMyOffers>> {
    return { data: await this.db.transaction((tx) => this.personal.mine(tx, query.botId, actor.id)) };
  }
}
