import { Inject, Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { LOG, type Log } from '@switchboard/service-kit';
import { StaffService } from './staff.service';

/** Says at each start how the first owner comes in, for as long as there is none: there is no password that anybody could know. */
@Injectable()
export class FirstOwner implements OnApplicationBootstrap {
  constructor(
    private readonly staff: StaffService,
    @Inject(LOG) private readonly log: Log,
  ) {}

  async onApplicationBootstrap(): Promise<void> {
    const link = await this.staff.linkForFirstOwner();
    if (link) this.log.warn({ link }, 'nobody owns this installation yet: whoever opens this link becomes the owner');
  }
}
