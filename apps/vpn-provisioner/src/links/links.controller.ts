import { Controller } from '@nestjs/common';
import { RotateMyLink } from '@switchboard/contracts';
import { type AnswerOf, asActor, Implements, type RequestOf } from '@switchboard/service-kit';
import { EntityManager } from 'typeorm';
import { ownAccess } from '../devices/own-access';
import { LinksService } from './links.service';

@Controller()
export class LinksController {
  constructor(private readonly links: LinksService) {}

  @Implements(RotateMyLink)
  rotate(
    { actor, params, body }: RequestOf<typeof RotateMyLink>,
    tx: EntityManager,
  ): Promise<AnswerOf<typeof RotateMyLink>> {
    return asActor(tx, actor, async (own) => ({
      link: await this.links.rotate(own, await ownAccess(own, actor.id, params.accessId), body.overlapHours),
    }));
  }
}
