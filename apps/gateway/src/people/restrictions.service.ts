import { Injectable } from '@nestjs/common';
import { Outbox } from '@switchboard/bus';
import {
  type Actor,
  allows,
  LiftRestriction,
  type Permission,
  PersonReleased,
  PersonRestricted,
  RestrictPerson,
} from '@switchboard/contracts';
import {
  type AnswerOf,
  Clock,
  DomainError,
  HttpProblem,
  PersonalData,
  type PersonalRow,
  type RequestOf,
  seesBot,
} from '@switchboard/service-kit';
import { DataSource, type EntityManager, IsNull } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import { AuditLog } from '../audit/audit-log';
import { PeopleService } from './people.service';
import { Restriction } from './restriction.entity';

type RestrictionAnswer = AnswerOf<typeof RestrictPerson>;

const DAY_MS = 86_400_000;

/** For how many days somebody may restrict a person: the first that is allowed to them. */
const LONGEST: readonly [Permission, days: number][] = [
  ['people:ban', Infinity],
  ['people:restrict-month', 30],
  ['people:restrict', 7],
];

export class RestrictionNotFound extends DomainError {
  constructor() {
    super('gateway.restriction_not_found', { en: 'There is no such restriction.', ru: 'Такого ограничения нет.' }, 404);
  }
}

export class RestrictionBeyondOwn extends DomainError {
  constructor(days: number) {
    const texts = {
      en: `You may restrict people for ${days} days at most, and lift nothing longer. Ask somebody who may.`,
      ru: `Вы можете ограничивать не больше чем на ${days} дней и снимать только такие ограничения. Обратитесь к тому, кто может.`,
    };
    super('gateway.restriction_beyond_own', texts, 403, { days });
  }
}

export class RestrictionOver extends DomainError {
  constructor() {
    super('gateway.restriction_over', { en: 'It would be over already.', ru: 'Этот срок уже прошёл.' }, 422);
  }
}

/** Staff decide that a person is not listened to for a time, and that they are again. */
@Injectable()
export class RestrictionsService {
  constructor(
    private readonly db: DataSource,
    private readonly people: PeopleService,
    private readonly personal: PersonalData,
    private readonly outbox: Outbox,
    private readonly audit: AuditLog,
    private readonly clock: Clock,
  ) {}

  /** In the place of one that there is already. @throws UserNotFound, RestrictionBeyondOwn, RestrictionOver */
  async impose(
    tx: EntityManager,
    actor: Actor,
    userId: string,
    { botId, until, reason }: RequestOf<typeof RestrictPerson>['body'],
  ): Promise<RestrictionAnswer> {
    const now = this.clock.now();
    if (until && until <= now) throw new RestrictionOver();
    this.assertOwn(actor, until);
    await this.people.lock(tx, userId);
    const former = await tx.findBy(Restriction, { userId, botId: botId ?? IsNull(), liftedAt: IsNull() });
    for (const each of former.filter((restriction) => this.isActive(restriction))) {
      this.assertOwn(actor, each.until);
      await tx.update(Restriction, each.id, liftedBy(actor, now));
    }
    const id = uuidv7();
    const restriction: Restriction = {
      ...{ id, userId, botId, until, since: now, byKind: actor.kind, byId: actor.id },
      ...(await this.personal.encrypt(tx, rowOf({ id, userId }), { reason })),
      ...{ liftedAt: null, liftedByKind: null, liftedById: null, liftedBecause: null },
    };
    await tx.insert(Restriction, restriction);
    await this.outbox.add(
      tx,
      PersonRestricted({
        ...wordsOf(restriction),
        restrictedAt: now.toISOString(),
        ...(until && { until: until.toISOString() }),
      }),
    );
    const shown = await this.shown(tx, restriction);
    const before = former.filter((each) => this.isActive(each)).map(boundsOf);
    await this.audit.done(tx, actor, RestrictPerson, {
      ...about(restriction),
      before: { restrictions: before },
      after: { restrictions: [boundsOf(restriction)] },
    });
    return shown;
  }

  /** @throws UserNotFound, RestrictionNotFound, RestrictionBeyondOwn */
  lift(
    actor: Actor,
    { userId, restrictionId: id }: { userId: string; restrictionId: string },
    reason: string,
  ): Promise<RestrictionAnswer> {
    return this.db.transaction(async (tx) => {
      await this.people.lock(tx, userId);
      const restriction = await tx.findOneBy(Restriction, { id, userId });
      if (!restriction || !isFor(actor, restriction)) throw new RestrictionNotFound();
      // Staff of some bots see it, and have no say in the others.
      if (!seesBot(actor.bots, restriction.botId)) throw new HttpProblem('forbidden');
      if (!this.isActive(restriction)) return this.shown(tx, restriction);
      this.assertOwn(actor, restriction.until);
      const now = this.clock.now();
      const { lifted_because: liftedBecause } = await this.personal.encrypt(tx, rowOf(restriction), {
        lifted_because: reason,
      });
      const lifted = { ...liftedBy(actor, now), liftedBecause };
      await tx.update(Restriction, id, lifted);
      await this.outbox.add(tx, PersonReleased({ ...wordsOf(restriction), releasedAt: now.toISOString() }));
      const shown = await this.shown(tx, { ...restriction, ...lifted });
      await this.audit.done(tx, actor, LiftRestriction, {
        ...about(restriction),
        before: { restrictions: [boundsOf(restriction)] },
        after: { restrictions: [] },
      });
      return shown;
    });
  }

  /** Of a person, the latest first. */
  async list(actor: Actor, userId: string): Promise<RestrictionAnswer[]> {
    const all = await this.db.manager.find(Restriction, { where: { userId }, order: { id: 'DESC' } });
    const seen = all.filter((restriction) => isFor(actor, restriction));
    return Promise.all(seen.map((restriction) => this.shown(this.db.manager, restriction)));
  }

  private isActive({ until, liftedAt }: Restriction): boolean {
    return liftedAt === null && (until === null || until > this.clock.now());
  }

  private assertOwn({ scopes }: Actor, until: Date | null): void {
    const [, days] = LONGEST.find(([permission]) => allows(scopes, permission)) ?? ['', 0];
    const left = until ? until.getTime() - this.clock.now().getTime() : Infinity;
    if (left > days * DAY_MS) throw new RestrictionBeyondOwn(days);
  }

  private async shown(tx: EntityManager, restriction: Restriction): Promise<RestrictionAnswer> {
    const { id, botId, since, until, byKind, byId, liftedAt, liftedByKind, liftedById } = restriction;
    const read = await this.personal.decrypt(tx, rowOf(restriction), {
      reason: restriction.reason,
      lifted_because: restriction.liftedBecause,
    });
    return {
      ...{ restrictionId: id, botId, since, until, liftedAt, isActive: this.isActive(restriction) },
      reason: read.reason ?? null,
      by: { kind: byKind, id: byId },
      liftedBy: liftedByKind !== null && liftedById !== null ? { kind: liftedByKind, id: liftedById } : null,
      liftedBecause: read.lifted_because ?? null,
    };
  }
}

const rowOf = ({ id, userId }: Pick<Restriction, 'id' | 'userId'>): PersonalRow => ({
  table: 'restrictions',
  id,
  userId,
});

const wordsOf = ({ id: restrictionId, userId, botId }: Restriction) => ({
  restrictionId,
  userId,
  ...(botId !== null && { botId }),
});

/** Not the words in which it was explained: they go with the person. */
const about = ({ id, userId, botId }: Restriction) => ({
  resource: { type: 'restriction', id },
  userId,
  botId: botId ?? undefined,
});

const boundsOf = ({ botId, since, until }: Restriction) => ({ botId, since, until });

const liftedBy = ({ kind, id }: Actor, now: Date) => ({ liftedAt: now, liftedByKind: kind, liftedById: id });

/** Those of other bots do not exist for staff who may see some only. */
const isFor = ({ bots }: Actor, { botId }: Restriction) => !bots || botId === null || bots.includes(botId);
