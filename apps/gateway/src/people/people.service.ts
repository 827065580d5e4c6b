import { Injectable } from '@nestjs/common';
import { Outbox } from '@switchboard/bus';
import {
  type Actor,
  type ChangeMe,
  type ContactStarted,
  type EventOf,
  type Locale,
  type ReadMe,
  UserRegistered,
} from '@switchboard/contracts';
import {
  type AnswerOf,
  Clock,
  DomainError,
  type IfMatch,
  PersonalData,
  type PersonalRow,
  type RequestOf,
} from '@switchboard/service-kit';
import type { EntityManager } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import { type ExternalIdentity, IdentitiesService } from './identities.service';
import { User } from './user.entity';

export class UserNotFound extends DomainError {
  constructor(userId: string) {
    super('gateway.user_not_found', { en: 'There is no such person.', ru: 'Такого человека нет.' }, 404, { userId });
  }
}
export class PersonsOnly extends DomainError {
  constructor() {
    super(
      'gateway.persons_only',
      {
        en: 'This is the area of a person: staff and keys have none.',
        ru: 'Это личный кабинет человека: у сотрудников и ключей его нет.',
      },
      403,
    );
  }
}

/** Whose area it is. Throws PersonsOnly. */
export function personOf({ kind, id }: Actor): string {
  if (kind !== 'person') throw new PersonsOnly();
  return id;
}

/** What is known of somebody who is met for the first time. */
export interface Acquaintance {
  readonly name?: string | undefined;
  readonly locale: Locale;
}

type Profile = AnswerOf<typeof ReadMe>;

const DEFAULT_TIME_ZONE = 'UTC';

/** People, one id each wherever they come from. */
@Injectable()
export class PeopleService {
  constructor(
    private readonly outbox: Outbox,
    private readonly personal: PersonalData,
    private readonly identities: IdentitiesService,
    private readonly clock: Clock,
  ) {}

  /** Who it is that has proven an external id; somebody new when nobody has it yet. A bot tells no name: the first sign-in does. */
  async signIn(
    tx: EntityManager,
    external: ExternalIdentity,
    about: Acquaintance,
  ): Promise<{ userId: string; isNew: boolean }> {
    const known = await this.identities.find(tx, external);
    if (known) {
      await this.identities.note(tx, known, external.label);
      if (about.name !== undefined) await this.nameFirst(tx, known.userId, about.name);
      return { userId: known.userId, isNew: false };
    }
    const userId = uuidv7();
    await this.register(tx, userId, external.channel, about);
    await this.identities.add(tx, userId, external);
    return { userId, isNew: true };
  }

  /**
   * Somebody wrote to a bot for the first time, and the bot has given them an id. It is theirs, unless they had signed in here
   * before the bot could know of it: then the bot takes over the one from here. Throws PersonErased.
   */
  async meet(
    tx: EntityManager,
    { userId, channel, externalId, locale, botId }: EventOf<typeof ContactStarted>['data'],
  ): Promise<void> {
    const external = { channel, externalId };
    const known = await this.identities.find(tx, external);
    if (!known) {
      await this.register(tx, userId, channel, { locale });
      await this.identities.add(tx, userId, external, { inBot: true });
    } else {
      await this.identities.note(tx, known, undefined, { inBot: true });
    }
    await tx.query('INSERT INTO person_bots (user_id, bot_id) VALUES ($1, $2) ON CONFLICT DO NOTHING', [
      known?.userId ?? userId,
      botId,
    ]);
    if (known && known.userId !== userId) await this.identities.announce(tx, known, externalId);
  }

  async exists(tx: EntityManager, userId: string): Promise<boolean> {
    return tx.existsBy(User, { id: userId });
  }

  async read(tx: EntityManager, userId: string): Promise<Profile> {
    const user = await tx.findOneBy(User, { id: userId });
    if (!user) throw new UserNotFound(userId);
    return this.shown(tx, user);
  }

  /** @param seen the revisions that the person knows: checked while the row is locked */
  async change(
    tx: EntityManager,
    userId: string,
    change: RequestOf<typeof ChangeMe>['body'],
    seen: IfMatch,
  ): Promise<Profile> {
    const user = await this.lock(tx, userId);
    seen.check(user.revision);
    const { name, locale, timeZone } = change;
    const changed: User = {
      ...user,
      ...(name !== undefined && (await this.personal.encrypt(tx, rowOf(userId), { name }))),
      ...(locale !== undefined && { locale }),
      ...(timeZone !== undefined && { timeZone }),
      revision: user.revision + 1,
    };
    await tx.update(User, userId, changed);
    return this.shown(tx, changed);
  }

  /** Holds the row until `tx` ends. */
  async lock(tx: EntityManager, userId: string): Promise<User> {
    const user = await tx.findOne(User, { where: { id: userId }, lock: { mode: 'pessimistic_write' } });
    if (!user) throw new UserNotFound(userId);
    return user;
  }

  /** A person who is known already stays as they are: another bot of theirs may have been first. */
  private async register(
    tx: EntityManager,
    userId: string,
    channel: string,
    { name, locale }: Acquaintance,
  ): Promise<void> {
    const sealed = await this.personal.encrypt(tx, rowOf(userId), { name: name ?? null });
    const registeredAt = this.clock.now();
    const { raw } = await tx
      .createQueryBuilder()
      .insert()
      .into(User)
      .values({ id: userId, ...sealed, locale, timeZone: DEFAULT_TIME_ZONE, registeredAt, revision: 1 })
      .orIgnore()
      .returning('id')
      .execute();
    if ((raw as unknown[]).length === 0) return;
    const registered = { userId, channel, locale, registeredAt: registeredAt.toISOString() };
    await this.outbox.add(tx, UserRegistered(registered));
  }

  /** Whoever has changed anything of theirs has seen that there is no name, and may want none. */
  private async nameFirst(tx: EntityManager, userId: string, name: string): Promise<void> {
    const user = await this.lock(tx, userId);
    if (user.name !== null || user.revision > 1) return;
    await tx.update(User, userId, { ...(await this.personal.encrypt(tx, rowOf(userId), { name })), revision: 2 });
  }

  private async shown(tx: EntityManager, user: User): Promise<Profile> {
    const { id: userId, locale, timeZone, registeredAt, revision } = user;
    const { name = null } = await this.personal.decrypt(tx, rowOf(userId), { name: user.name });
    return { userId, name, locale, timeZone, registeredAt, revision };
  }
}

const rowOf = (userId: string): PersonalRow => ({ table: 'users', id: userId, userId });
