import { Controller } from '@nestjs/common';
import { ReportBrowserError } from '@switchboard/contracts';
import { type AnswerOf, Implements, type RequestOf } from '@switchboard/service-kit';
import { BrowserErrorsService } from './browser-errors.service';

@Controller()
export class BrowserErrorsController {
  constructor(private readonly errors: BrowserErrorsService) {}

  @Implements(ReportBrowserError)
  report({ body, http }: RequestOf<typeof ReportBrowserError>): AnswerOf<typeof ReportBrowserError> {
    this.errors.report(body, http.request.headers['user-agent']);
  }
}
