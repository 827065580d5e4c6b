import { Inject, Injectable } from '@nestjs/common';
import type { TakeDemoPeople } from '@switchboard/contracts';
import { CONFIG, isDemo, PersonalData, refuseDemoInProduction, type RequestOf } from '@switchboard/service-kit';
import { DataSource, type EntityManager } from 'typeorm';
import { Identity } from '../people/identity.entity';
import { IdentitiesService } from '../people/identities.service';
import { User } from '../people/user.entity';

type DemoPerson = RequestOf<typeof TakeDemoPeople>['body']['people'][number];

const CHANNEL = 'telegram';
const PERSONAL_TABLES = { users: 'id', identities: 'user_id', person_bots: 'user_id', restrictions: 'user_id' };

/** People of the demo company. They do not exist: the version of their ids says so (`DemoId`). */
@Injectable()
export class DemoService {
  constructor(
    private readonly db: DataSource,
    private readonly personal: PersonalData,
    private readonly identities: IdentitiesService,
    @Inject(CONFIG) private readonly config: { NODE_ENV: string },
  ) {}

  /** In production there are none, so that nobody looks for them. */
  async isThere(): Promise<boolean> {
    if (this.config.NODE_ENV === 'production') return false;
    const found = await this.db.query<unknown[]>(`SELECT FROM users WHERE ${isDemo('id')} LIMIT 1`);
    return found.length > 0;
  }

  /** Those who are there stay as they are, and who was erased does not come back. @returns how many were not there */
  async take(people: readonly DemoPerson[]): Promise<number> {
    refuseDemoInProduction('gateway', this.config);
    return this.db.transaction(async (tx) => {
      const known = await tx.query<{ id: string }[]>(
        `SELECT id FROM users WHERE id = ANY($1::uuid[])
         UNION SELECT user_id FROM person_keys WHERE user_id = ANY($1::uuid[]) AND wrapped_key IS NULL`,
        [people.map(({ userId }) => userId)],
      );
      const ids = new Set(known.map(({ id }) => id));
      const fresh = people.filter(({ userId }) => !ids.has(userId));
      const rows = [];
      for (const person of fresh) rows.push(await this.rowsOf(tx, person));
      await tx.insert(
        User,
        rows.map(({ user }) => user),
      );
      await tx.insert(
        Identity,
        rows.map(({ identity }) => identity),
      );
      await tx.query(
        `INSERT INTO person_bots (user_id, bot_id) SELECT * FROM unnest($1::uuid[], $2::text[]) ON CONFLICT DO NOTHING`,
        [fresh.flatMap(({ userId, bots }) => bots.map(() => userId)), fresh.flatMap(({ bots }) => bots)],
      );
      return fresh.length;
    });
  }

  remove(): Promise<number> {
    refuseDemoInProduction('gateway', this.config);
    return this.db.transaction(async (tx) => {
      const deleted = [];
      for (const [table, column] of Object.entries(PERSONAL_TABLES))
        deleted.push(await tx.query<[unknown, number]>(`DELETE FROM ${table} WHERE ${isDemo(column)}`));
      return deleted[0]![1];
    });
  }

  private async rowsOf(tx: EntityManager, { userId, name, locale, timeZone, ...person }: DemoPerson) {
    const { registeredAt, seenAt, externalId } = person;
    const sealed = await this.personal.encrypt(tx, { table: 'users', id: userId, userId }, { name });
    const of = { table: 'identities', id: userId, userId };
    const { external_id } = await this.personal.encrypt(tx, of, { external_id: externalId });
    const user: User = { id: userId, ...sealed, locale, timeZone, registeredAt, revision: 1 };
    const identity: Identity = {
      id: userId,
      userId,
      channel: CHANNEL,
      externalHash: this.identities.hash(CHANNEL, externalId),
      externalId: external_id,
      label: null,
      labelHash: null,
      inBot: true,
      linkedAt: registeredAt,
      usedAt: seenAt,
    };
    return { user, identity };
  }
}
