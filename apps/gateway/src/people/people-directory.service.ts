import { Injectable } from '@nestjs/common';
import { type Actor, type FindPeople, type ListPeople, type ReadPerson, RevealPerson } from '@switchboard/contracts';
import { type AnswerOf, Clock, PersonalData, type Position, type RequestOf } from '@switchboard/service-kit';
import { DataSource } from 'typeorm';
import { AuditLog } from '../audit/audit-log';
import { ConsentsService } from './consents.service';
import { IdentitiesService } from './identities.service';
import { UserNotFound } from './people.service';
import { RestrictionsService } from './restrictions.service';

type Person = AnswerOf<typeof ListPeople>['data'][number];
type Filter = Omit<RequestOf<typeof ListPeople>['query'], 'after' | 'limit'>;
type Wanted = RequestOf<typeof FindPeople>['body'];

interface Row extends Person {
  readonly timeZone: string;
}

/**
 * People as staff see them: masked, and in full for those who have a reason. Staff of some bots see those who have written to one of
 * them, and nobody else.
 */
@Injectable()
export class PeopleDirectoryService {
  constructor(
    private readonly db: DataSource,
    private readonly personal: PersonalData,
    private readonly identities: IdentitiesService,
    private readonly consents: ConsentsService,
    private readonly restrictions: RestrictionsService,
    private readonly audit: AuditLog,
    private readonly clock: Clock,
  ) {}

  /** Whoever became known last first. */
  async list(actor: Actor, filter: Filter, position: Position | undefined, limit: number): Promise<Person[]> {
    const { botId, channel, consent, state } = filter;
    const [from, order] = position?.direction === 'prev' ? ['>', 'ASC'] : ['<', 'DESC'];
    const rows = await this.select(
      actor,
      `($3::text IS NULL OR EXISTS (SELECT FROM person_bots b WHERE b.user_id = u.id AND b.bot_id = $3))
       AND ($4::text IS NULL OR EXISTS (SELECT FROM identities i WHERE i.user_id = u.id AND i.channel = $4))
       AND ($5::text IS NULL OR EXISTS (
         SELECT FROM consents c WHERE c.user_id = u.id AND c.purpose = $5 AND c.withdrawn_at IS NULL))
       AND (NOT $6 OR ${RESTRICTED})
       AND ($7::timestamptz IS NULL OR (u.registered_at, u.id) ${from} ($7, $8::uuid))
       ORDER BY u.registered_at ${order}, u.id ${order} LIMIT $9`,
      [botId, channel, consent, state === 'restricted', position?.key[0], position?.key[1], limit],
    );
    return rows.map(({ timeZone: _, ...person }) => person);
  }

  /** By the whole of what they are known by, because only hashes of it are compared. */
  async find(actor: Actor, wanted: Wanted): Promise<Person[]> {
    const ids = wanted.userId ? [wanted.userId] : await this.identities.ownersOf(this.db.manager, wanted);
    const rows = await this.select(actor, 'u.id = ANY($3::uuid[]) ORDER BY u.id', [ids]);
    return rows.map(({ timeZone: _, ...person }) => person);
  }

  /** @throws UserNotFound */
  async read(actor: Actor, userId: string): Promise<AnswerOf<typeof ReadPerson>> {
    const person = await this.one(actor, userId);
    const [identities, consents, restrictions] = await Promise.all([
      this.identities.list(this.db.manager, userId),
      this.consents.list(this.db.manager, userId),
      this.restrictions.list(actor, userId),
    ]);
    return {
      ...person,
      identities: identities.map(({ label, ...identity }) => ({ ...identity, label: label && masked(label) })),
      consents,
      restrictions,
    };
  }

  /** @throws UserNotFound */
  async reveal(actor: Actor, userId: string, reason: string | undefined): Promise<AnswerOf<typeof RevealPerson>> {
    await this.one(actor, userId);
    // Before anything is shown.
    const resource = { type: 'person', id: userId };
    await this.audit.done(this.db.manager, actor, RevealPerson, { resource, userId, reason });
    const [row] = await this.db.query<{ name: string | null }[]>('SELECT name FROM users WHERE id = $1', [userId]);
    const sealed = { name: row?.name ?? null };
    const { name = null } = await this.personal.decrypt(this.db.manager, nameOf(userId), sealed);
    return { name, identities: await this.identities.reveal(this.db.manager, userId) };
  }

  /** @throws UserNotFound also for one who is not a person of the bots that the actor may see */
  async assertSeen(actor: Actor, userId: string, botId?: string | null): Promise<void> {
    await this.one({ ...actor, ...(typeof botId === 'string' && actor.bots && { bots: [botId] }) }, userId);
  }

  private async one(actor: Actor, userId: string): Promise<Row> {
    const [person] = await this.select(actor, 'u.id = $3', [userId]);
    if (!person) throw new UserNotFound(userId);
    return person;
  }

  /** @param condition whose parameters begin with $3 */
  private async select({ bots }: Actor, condition: string, parameters: readonly unknown[]): Promise<Row[]> {
    const rows = await this.db.query<Row[]>(
      `SELECT u.id AS "userId", u.name, u.locale, u.time_zone AS "timeZone", u.registered_at AS "registeredAt",
         ARRAY(SELECT DISTINCT i.channel FROM identities i WHERE i.user_id = u.id ORDER BY 1) AS channels,
         ARRAY(SELECT b.bot_id FROM person_bots b
               WHERE b.user_id = u.id AND ($1::text[] IS NULL OR b.bot_id = ANY($1)) ORDER BY 1) AS bots,
         ${RESTRICTED} AS "isRestricted"
       FROM users u
       WHERE ($1::text[] IS NULL OR EXISTS (SELECT FROM person_bots b WHERE b.user_id = u.id AND b.bot_id = ANY($1)))
         AND ${condition}`,
      [bots ?? null, this.clock.now(), ...parameters.map((value) => value ?? null)],
    );
    const names = await this.personal.decryptAll(
      this.db.manager,
      rows.map(({ userId, name }) => ({ row: nameOf(userId), values: { name } })),
    );
    return rows.map((row, i) => ({ ...row, name: names[i]?.name ? masked(names[i].name) : null }));
  }
}

/** $1: the bots that staff may see, $2: now. */
const RESTRICTED = `EXISTS (
  SELECT FROM restrictions r WHERE r.user_id = u.id AND r.lifted_at IS NULL AND (r.until IS NULL OR r.until > $2)
    AND (r.bot_id IS NULL OR $1::text[] IS NULL OR r.bot_id = ANY($1)))`;

const nameOf = (userId: string) => ({ table: 'users', id: userId, userId });

/** `Anna Petrova` → `A••• P•••`, `anna@mail.example` → `a•••@m•••.e•••`: enough to tell two people of a list apart. */
const masked = (text: string): string => text.replaceAll(/[\p{L}\p{M}\p{N}_-]+/gu, (word) => `${[...word][0]}•••`);
