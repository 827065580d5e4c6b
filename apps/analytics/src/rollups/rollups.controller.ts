import { Controller } from '@nestjs/common';
import { RebuildMeasures } from '@switchboard/contracts';
import { type AnswerOf, Implements, type RequestOf } from '@switchboard/service-kit';
import { RollupsService } from './rollups.service';

@Controller()
export class RollupsController {
  constructor(private readonly rollups: RollupsService) {}

  @Implements(RebuildMeasures)
  async rebuild({ body, signal }: RequestOf<typeof RebuildMeasures>): Promise<AnswerOf<typeof RebuildMeasures>> {
    return { days: await this.rollups.rebuild(body.from, body.to, { signal }) };
  }
}
