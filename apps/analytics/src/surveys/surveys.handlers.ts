import { Consumer, Handles } from '@switchboard/bus';
import { ConsentWithdrawn, type EventOf } from '@switchboard/contracts';
import { EntityManager } from 'typeorm';
import { SurveysService } from './surveys.service';

@Consumer('surveys')
export class SurveysHandlers {
  constructor(private readonly surveys: SurveysService) {}

  @Handles(ConsentWithdrawn, { when: ({ purpose }) => purpose === 'analytics' })
  withdrawn({ data }: EventOf<typeof ConsentWithdrawn>, tx: EntityManager): Promise<void> {
    return this.surveys.forget(tx, data.userId);
  }
}
