import { Consumer, Handles, OnSignal } from '@switchboard/bus';
import { type EventOf, ExperimentDecided, PromptsChanged, type SignalOf } from '@switchboard/contracts';
import { EntityManager } from 'typeorm';
import { PromptReleasesService } from './prompt-releases.service';
import { promptPlace, PromptsService } from './prompts.service';

@Consumer('prompts')
export class PromptsHandlers {
  constructor(
    private readonly prompts: PromptsService,
    private readonly releases: PromptReleasesService,
  ) {}

  @Handles(ExperimentDecided, { when: ({ place }) => promptPlace(place) !== undefined })
  decided({ data }: EventOf<typeof ExperimentDecided>, tx: EntityManager): Promise<void> {
    return this.releases.decided(tx, data);
  }

  @OnSignal(PromptsChanged)
  changed(_: SignalOf<typeof PromptsChanged>): void {
    this.prompts.wake();
  }
}
