import { Controller } from '@nestjs/common';
import { ReadEntitlements } from '@switchboard/contracts';
import { type AnswerOf, Implements, type RequestOf } from '@switchboard/service-kit';
import { EntitlementsService } from './entitlements.service';

@Controller()
export class EntitlementsController {
  constructor(private readonly entitlements: EntitlementsService) {}

  @Implements(ReadEntitlements)
  read({ params, query }: RequestOf<typeof ReadEntitlements>): Promise<AnswerOf<typeof ReadEntitlements>> {
    return this.entitlements.read(params.userId, query.botId);
  }
}
