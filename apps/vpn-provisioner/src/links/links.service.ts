import { Inject, Injectable } from '@nestjs/common';
import { Clock, CONFIG, DomainError, PersonalData } from '@switchboard/service-kit';
import { type EntityManager, In, IsNull } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import { OwnAccessesService } from '../own-accesses/own-accesses.service';
import { Link } from './link.entity';
import { LinkTokens } from './link-tokens';
import type { LinksConfig } from './links.config';

const DAY_MS = 24 * 60 * 60_000;
const HOUR_MS = 60 * 60_000;
/** More within a day are no carefulness any more. */
export const ROTATIONS_PER_DAY = 5;

class TooManyRotations extends DomainError {
  constructor() {
    const texts = {
      en: 'The address was changed as often as is possible within a day.',
      ru: 'Сегодня адрес больше нельзя сменить.',
    };
    super('vpn-provisioner.too_many_rotations', texts, 409, { perDay: ROTATIONS_PER_DAY });
  }
}

interface Owner {
  /** Of the access. */
  readonly id: string;
  readonly userId: string;
}

/** The addresses that people give to their apps. */
@Injectable()
export class LinksService {
  constructor(
    private readonly tokens: LinkTokens,
    private readonly personal: PersonalData,
    private readonly clock: Clock,
    @Inject(CONFIG) private readonly config: LinksConfig,
    own: OwnAccessesService,
  ) {
    own.addPart(async (tx, accesses) => {
      const granted = accesses.filter(({ grantedAt }) => grantedAt !== null);
      const addresses = await this.addressesOf(tx, granted);
      return new Map(granted.map(({ id }) => [id, { link: addresses.get(id) ?? null }]));
    });
  }

  async addressOf(tx: EntityManager, access: Owner): Promise<string> {
    return (await this.addressesOf(tx, [access])).get(access.id)!;
  }

  /** The addresses that count, by access; those that there are none of yet are made. */
  async addressesOf(tx: EntityManager, accesses: readonly Owner[]): Promise<Map<string, string>> {
    const present = await this.present(tx, accesses);
    const missing = accesses.filter(({ id }) => !present.has(id));
    if (missing.length === 0) return present;
    for (const access of missing) await this.make(tx, access);
    return this.present(tx, accesses);
  }

  /**
   * A new address in place of all that there are.
   * @param overlapHours how long the last one goes on
   */
  async rotate(tx: EntityManager, access: Owner, overlapHours: number): Promise<string> {
    // Two at the same time would make two that count.
    await tx.query(`SELECT pg_advisory_xact_lock(hashtext('links'), hashtext($1))`, [access.id]);
    const now = this.clock.now();
    const [row] = await tx.query<[{ made: number }]>(
      'SELECT count(*)::int AS made FROM links WHERE access_id = $1 AND created_at > $2 AND replaces',
      [access.id, new Date(now.getTime() - DAY_MS)],
    );
    if (row.made >= ROTATIONS_PER_DAY) throw new TooManyRotations();
    await tx.query(
      `UPDATE links SET valid_until = least(valid_until, $2) WHERE access_id = $1 AND (valid_until IS NULL OR valid_until > $2)`,
      [access.id, new Date(now.getTime() + overlapHours * HOUR_MS)],
    );
    await this.make(tx, access, true);
    return this.addressOf(tx, access);
  }

  private async present(tx: EntityManager, accesses: readonly Owner[]): Promise<Map<string, string>> {
    const links = await tx.findBy(Link, { accessId: In(accesses.map(({ id }) => id)), validUntil: IsNull() });
    const values = await this.personal.decryptAll(
      tx,
      links.map(({ id, userId, token }) => ({ row: { table: 'links', id, userId }, values: { token } })),
    );
    return new Map(
      links.flatMap(({ accessId }, i) => (values[i]?.token ? [[accessId, this.url(values[i].token)]] : [])),
    );
  }

  private async make(tx: EntityManager, { id: accessId, userId }: Owner, replaces = false): Promise<void> {
    const id = uuidv7();
    const token = this.tokens.create();
    const encrypted = await this.personal.encrypt(tx, { table: 'links', id, userId }, { token });
    // Of two that ask for the first one at the same time, one makes it.
    await tx
      .createQueryBuilder()
      .insert()
      .into(Link)
      .values({
        ...{ id, accessId, userId, tokenHash: this.tokens.hash(token), ...encrypted },
        ...{ replaces, createdAt: this.clock.now(), validUntil: null },
      })
      .orIgnore()
      .execute();
  }

  private url(token: string): string {
    return `${this.config.VPN_PROVISIONER_PUBLIC_URL.replace(/\/$/, '')}/s/${token}`;
  }
}
