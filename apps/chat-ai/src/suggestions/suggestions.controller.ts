import { Controller } from '@nestjs/common';
import { SuggestAnswer } from '@switchboard/contracts';
import { type AnswerOf, Implements, type RequestOf } from '@switchboard/service-kit';
import { SuggestionsService } from './suggestions.service';

@Controller()
export class SuggestionsController {
  constructor(private readonly suggestions: SuggestionsService) {}

  @Implements(SuggestAnswer)
  suggest(request: RequestOf<typeof SuggestAnswer>): Promise<AnswerOf<typeof SuggestAnswer>> {
    return this.suggestions.begin(request.params.ticketId, request.body, request);
  }
}
