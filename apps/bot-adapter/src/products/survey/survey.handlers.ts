import { Consumer, Handles } from '@switchboard/bus';
import { type EventOf, SurveyAskRequested } from '@switchboard/contracts';
import { EntityManager } from 'typeorm';
import { SurveyProduct } from './survey.product';

@Consumer('surveys')
export class SurveyHandlers {
  constructor(private readonly survey: SurveyProduct) {}

  @Handles(SurveyAskRequested)
  ask({ data }: EventOf<typeof SurveyAskRequested>, tx: EntityManager): Promise<void> {
    return this.survey.ask(tx, data);
  }
}
