import { Controller } from '@nestjs/common';
import { DecideCapacityProposal, ListCapacityProposals, ReadLoadForecast } from '@switchboard/contracts';
import { type AnswerOf, Implements, type RequestOf } from '@switchboard/service-kit';
import { EntityManager } from 'typeorm';
import { ForecastService } from './forecast.service';

@Controller()
export class ForecastController {
  constructor(private readonly forecasts: ForecastService) {}

  @Implements(ReadLoadForecast)
  read({ params }: RequestOf<typeof ReadLoadForecast>): Promise<AnswerOf<typeof ReadLoadForecast>> {
    return this.forecasts.read(params.region);
  }

  @Implements(ListCapacityProposals)
  list(request: RequestOf<typeof ListCapacityProposals>): Promise<AnswerOf<typeof ListCapacityProposals>> {
    return this.forecasts.list(request);
  }

  @Implements(DecideCapacityProposal)
  decide(
    { actor, params, body }: RequestOf<typeof DecideCapacityProposal>,
    tx: EntityManager,
  ): Promise<AnswerOf<typeof DecideCapacityProposal>> {
    return this.forecasts.decide(tx, actor, params.proposalId, body.accept);
  }
}
