import { Injectable } from '@nestjs/common';
import { Clock } from '@switchboard/service-kit';
import { type EntityManager, In } from 'typeorm';
import type { RoleGrant } from '../access/grant.entity';
import { Role } from '../access/role.entity';
import type { ApiKey } from '../api-keys/api-key.entity';
import { ApiKeysService } from '../api-keys/api-keys.service';
import { lostScopes } from '../api-keys/key-rights';

/** What becomes of the API keys of a member of staff when their roles change: they may do no more than whoever has made them. */
@Injectable()
export class StaffKeysService {
  constructor(
    private readonly keys: ApiKeysService,
    private readonly clock: Clock,
  ) {}

  /** Those that count, each with the scopes that it has not with these roles of its maker. */
  async list(
    tx: EntityManager,
    staffId: string,
    roles: readonly RoleGrant[],
  ): Promise<(ApiKey & { lost: string[] })[]> {
    const made = await this.keys.madeBy(tx, staffId);
    const rights = await this.rightsOf(tx, roles);
    return made.map((key) => ({ ...key, lost: lostScopes(key, rights) }));
  }

  /** The ids of those that lose something by a change of roles. */
  async narrowed(
    tx: EntityManager,
    staffId: string,
    before: readonly RoleGrant[],
    after: readonly RoleGrant[],
  ): Promise<string[]> {
    const made = await this.keys.madeBy(tx, staffId);
    if (made.length === 0) return [];
    const [had, has] = [await this.rightsOf(tx, before), await this.rightsOf(tx, after)];
    const isNarrowed = (key: ApiKey) => {
      const lostBefore = new Set(lostScopes(key, had));
      return lostScopes(key, has).some((scope) => !lostBefore.has(scope));
    };
    return made.filter(isNarrowed).map(({ id }) => id);
  }

  private async rightsOf(tx: EntityManager, roles: readonly RoleGrant[]) {
    const now = this.clock.now();
    const names = [...new Set(roles.map(({ role }) => role))];
    const known = new Map((await tx.findBy(Role, { name: In(names) })).map(({ name, scopes }) => [name, scopes]));
    return roles
      .filter(({ until }) => until === null || until > now)
      .map(({ role, botId }) => ({ botId, scopes: known.get(role) ?? [] }));
  }
}
