import { Controller } from '@nestjs/common';
import { OnSignal } from '@switchboard/bus';
import { PromptsChanged, type SignalOf } from '@switchboard/contracts';
import { PromptsService } from './prompts.service';

@Controller()
export class PromptsHandlers {
  constructor(private readonly prompts: PromptsService) {}

  @OnSignal(PromptsChanged)
  changed(_: SignalOf<typeof PromptsChanged>): void {
    this.prompts.wake();
  }
}
