import { Inject, Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { BlindIndex, LOG, type Log } from '@switchboard/service-kit';
import { DataSource } from 'typeorm';
import { GrantsService } from '../access/grants.service';
import { Staff } from './staff.entity';
import { hasOwner, OWNER, StaffService } from './staff.service';

/** In place of a hash: the first owner has no address before they give one. */
export const FIRST = 'first owner';

/** Says at each start how the first owner comes in, for as long as there is none: there is no password that anybody could know. */
@Injectable()
export class FirstOwner implements OnApplicationBootstrap {
  constructor(
    private readonly db: DataSource,
    private readonly staff: StaffService,
    private readonly grants: GrantsService,
    private readonly index: BlindIndex,
    @Inject(LOG) private readonly log: Log,
  ) {}

  async onApplicationBootstrap(): Promise<void> {
    const link = await this.link();
    if (link) this.log.warn({ link }, 'nobody owns this installation yet: whoever opens this link becomes the owner');
  }

  /** Undefined when there is an owner. It is the same whichever process says it, and until somebody has taken it. */
  async link(): Promise<string | undefined> {
    return this.db.transaction(async (tx) => {
      await tx.query(`SELECT pg_advisory_xact_lock(hashtext('first owner'))`);
      if (await hasOwner(tx)) return undefined;
      let id = (await tx.findOneBy(Staff, { emailHash: FIRST }))?.id;
      if (id === undefined) {
        id = await this.staff.register(tx, { state: 'invited', email: '', name: '', emailHash: FIRST });
        await this.grants.give(tx, id, [{ role: OWNER, botId: null, until: null }]);
      }
      return this.staff.inviteWith(tx, id, this.index.hash('first owner', id), null);
    });
  }
}
