import { Injectable } from '@nestjs/common';
import { Clock } from '@switchboard/service-kit';
import { type EntityManager, In, IsNull } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import { current, Grant, type RoleGrant } from './grant.entity';

/** Gives roles to members of staff and takes them, by staff or by what the company's provider says. */
@Injectable()
export class GrantsService {
  constructor(private readonly clock: Clock) {}

  /** What is given twice is given once. */
  async give(
    tx: EntityManager,
    staffId: string,
    grants: readonly RoleGrant[],
    by: Partial<Pick<Grant, 'grantedBy' | 'source'>> = {},
  ): Promise<void> {
    const given = { staffId, grantedBy: null, grantedAt: this.clock.now(), ...by };
    const rows = grants.map(({ role, botId, until }) => ({ id: uuidv7(), role, botId, until, ...given }));
    await tx.createQueryBuilder().insert().into(Grant).values(rows).orIgnore().execute();
  }

  /** In place of all that they have. What the provider has given, and is left to them, goes when the provider says so. */
  async replace(
    tx: EntityManager,
    staffId: string,
    grants: readonly RoleGrant[],
    grantedBy: string | null,
  ): Promise<void> {
    const kept = await tx.findBy(Grant, { staffId, source: 'sso' });
    await tx.delete(Grant, { staffId });
    await this.give(tx, staffId, grants, { grantedBy });
    for (const { role, botId } of kept)
      await tx.update(Grant, { staffId, role, botId: botId ?? IsNull() }, { source: 'sso' });
  }

  /** In place of what the provider gave before; what staff have given stays. */
  async replaceOfProvider(tx: EntityManager, staffId: string, grants: readonly RoleGrant[]): Promise<void> {
    const isSame = (one: RoleGrant) => (other: RoleGrant) => one.role === other.role && one.botId === other.botId;
    const had = await tx.findBy(Grant, { staffId, source: 'sso' });
    const gone = had.filter((grant) => !grants.some(isSame(grant)));
    if (gone.length > 0) await tx.delete(Grant, { id: In(gone.map(({ id }) => id)) });
    const added = grants.filter((grant) => !had.some(isSame(grant)));
    await this.give(tx, staffId, added, { source: 'sso' });
  }

  hasAny(tx: EntityManager, staffId: string): Promise<boolean> {
    return tx.existsBy(Grant, current({ staffId }, this.clock.now()));
  }
}
