import { Controller, Get, Inject } from '@nestjs/common';
import { Public } from './route.decorators';

/** Injection token of the service's OpenAPI document. */
export const OPEN_API = Symbol('OpenAPI document');

@Controller()
@Public()
export class OpenApiController {
  constructor(@Inject(OPEN_API) private readonly document: () => object) {}

  /** What this service answers; the gateway joins these documents. */
  @Get('openapi.json')
  read(): object {
    return this.document();
  }
}
