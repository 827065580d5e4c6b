import { Injectable } from '@nestjs/common';
import { Clock } from '@switchboard/service-kit';
import { type EntityManager, In } from 'typeorm';
import { Role } from '../access/role.entity';
import type { ApiKey } from '../api-keys/api-key.entity';
import { ApiKeysService } from '../api-keys/api-keys.service';
import { lostScopes } from '../api-keys/key-rights';
import type { RoleGrant } from './staff.service';

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
    const now = this.clock.now();
    const names = [...new Set(roles.map(({ role }) => role))];
    const known = new Map((await tx.findBy(Role, { name: In(names) })).map(({ name, scopes }) => [name, scopes]));
    const rights = roles
      .filter(({ until }) => until === null || until > now)
      .map(({ role, botId }) => ({ botId, scopes: known.get(role) ?? [] }));
    const made = await this.keys.madeBy(tx, staffId);
    return made.map((key) => ({ ...key, lost: lostScopes(key, rights) }));
  }

  /** The ids of those that lose something by a change of roles. */
  async narrowed(
    tx: EntityManager,
    staffId: string,
    before: readonly RoleGrant[],
    after: readonly RoleGrant[],
  ): Promise<string[]> {
    const had = new Map((await this.list(tx, staffId, before)).map(({ id, lost }) => [id, lost]));
    const has = await this.list(tx, staffId, after);
    return has.filter(({ id, lost }) => lost.some((scope) => !had.get(id)!.includes(scope))).map(({ id }) => id);
  }
}
