import { Controller } from '@nestjs/common';
import { ReadShopTerms, SetShopTerms } from '@switchboard/contracts';
import { type AnswerOf, Implements, type RequestOf } from '@switchboard/service-kit';
import { DataSource } from 'typeorm';
import { TermsService } from './terms.service';

@Controller()
export class TermsController {
  constructor(
    private readonly db: DataSource,
    private readonly terms: TermsService,
  ) {}

  @Implements(ReadShopTerms)
  read({ params }: RequestOf<typeof ReadShopTerms>): Promise<AnswerOf<typeof ReadShopTerms>> {
    return this.terms.of(this.db.manager, params.botId);
  }

  @Implements(SetShopTerms)
  set({ actor, params, body, ifMatch }: RequestOf<typeof SetShopTerms>): Promise<AnswerOf<typeof SetShopTerms>> {
    return this.db.transaction((tx) => this.terms.set(tx, actor, params.botId, body, ifMatch));
  }
}
