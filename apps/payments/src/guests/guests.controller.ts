import { Controller } from '@nestjs/common';
import {
  ClaimGuestOrder,
  PlaceGuestOrder,
  ReadGuestOrder,
  ReadGuestShop,
  RecordShopStep,
} from '@switchboard/contracts';
import { type AnswerOf, BotsRegistry, Implements, type RequestOf } from '@switchboard/service-kit';
import { DataSource, EntityManager } from 'typeorm';
import { NoShop } from '../catalogue/catalogue.service';
import { ClaimsService } from './claims.service';
import { GuestsService } from './guests.service';

@Controller()
export class GuestsController {
  constructor(
    private readonly db: DataSource,
    private readonly bots: BotsRegistry,
    private readonly guests: GuestsService,
    private readonly claims: ClaimsService,
  ) {}

  @Implements(ReadGuestShop)
  shop({ params }: RequestOf<typeof ReadGuestShop>): Promise<AnswerOf<typeof ReadGuestShop>> {
    return this.guests.shop(this.db.manager, params.botId);
  }

  @Implements(RecordShopStep)
  async step({ params: { botId }, headers, body }: RequestOf<typeof RecordShopStep>): Promise<void> {
    if (!this.bots.find(botId)) throw new NoShop(botId);
    if (headers.dnt === '1' || headers['sec-gpc'] === '1') return;
    const { visitId, step, campaign } = body;
    await this.db.transaction((tx) => this.guests.tellStep(tx, { visitId, botId }, step, campaign));
  }

  @Implements(PlaceGuestOrder)
  place(request: RequestOf<typeof PlaceGuestOrder>): Promise<AnswerOf<typeof PlaceGuestOrder>> {
    return this.db.transaction((tx) => this.guests.place(tx, request));
  }

  @Implements(ReadGuestOrder)
  read({ body }: RequestOf<typeof ReadGuestOrder>): Promise<AnswerOf<typeof ReadGuestOrder>> {
    return this.guests.read(this.db.manager, body.token);
  }

  /** In the service's name: until then it is nobody's whom the caller could be. */
  @Implements(ClaimGuestOrder)
  claim(
    { actor, body }: RequestOf<typeof ClaimGuestOrder>,
    tx: EntityManager,
  ): Promise<AnswerOf<typeof ClaimGuestOrder>> {
    return this.claims.claim(tx, actor.id, body.token);
  }
}
