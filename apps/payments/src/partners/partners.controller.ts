import { Controller } from '@nestjs/common';
import { EndPartner, ListPartners, SetPartner } from '@switchboard/contracts';
import { type AnswerOf, Implements, type RequestOf } from '@switchboard/service-kit';
import { DataSource, EntityManager } from 'typeorm';
import { PartnersService } from './partners.service';

@Controller()
export class PartnersController {
  constructor(
    private readonly db: DataSource,
    private readonly partners: PartnersService,
  ) {}

  @Implements(ListPartners)
  list(request: RequestOf<typeof ListPartners>): Promise<AnswerOf<typeof ListPartners>> {
    return this.partners.list(request);
  }

  @Implements(SetPartner)
  set(request: RequestOf<typeof SetPartner>, tx: EntityManager): Promise<AnswerOf<typeof SetPartner>> {
    return this.partners.set(tx, request.actor, request);
  }

  @Implements(EndPartner)
  end({ actor, params }: RequestOf<typeof EndPartner>): Promise<void> {
    return this.db.transaction((tx) => this.partners.end(tx, actor, params.botId, params.userId));
  }
}
