import { Injectable } from '@nestjs/common';
import { Outbox } from '@switchboard/bus';
import {
  type FindPeople,
  IdentityLinked,
  IdentityUnlinked,
  type LinkIdentity,
  type RevealPerson,
} from '@switchboard/contracts';
import {
  type AnswerOf,
  BlindIndex,
  Clock,
  DomainError,
  PersonalData,
  type PersonalRow,
  type RequestOf,
} from '@switchboard/service-kit';
import type { EntityManager } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import { Identity } from './identity.entity';

/** Somebody, as a channel or an account elsewhere knows them. */
export interface ExternalIdentity {
  readonly channel: string;
  readonly externalId: string;
  /** How they are called there. */
  readonly label?: string | undefined;
}

/** With its label as a value. */
type IdentityAnswer = AnswerOf<typeof LinkIdentity>;
type RevealedIdentity = AnswerOf<typeof RevealPerson>['identities'][number];

/** A label may be that of several. */
const OWNERS_AT_MOST = 100;

export class IdentityNotFound extends DomainError {
  constructor(identityId: string) {
    super('gateway.identity_not_found', { en: 'There is no such identity.', ru: 'Такой учётной записи нет.' }, 404, {
      identityId,
    });
  }
}
/** Two persons who are one are not merged: who is right would have to be asked, and what both have made put together. */
export class IdentityOfAnotherPerson extends DomainError {
  constructor(channel: string) {
    super(
      'gateway.identity_of_another_person',
      {
        en: 'This account belongs to another person here.',
        ru: 'Эта учётная запись уже принадлежит другому человеку.',
      },
      409,
      { channel },
    );
  }
}
export class ChannelAlreadyLinked extends DomainError {
  constructor(channel: string) {
    super(
      'gateway.channel_already_linked',
      {
        en: 'Another account of this kind is linked: take it away first.',
        ru: 'Другая учётная запись этого вида уже привязана: сначала отвяжите её.',
      },
      409,
      {
        channel,
      },
    );
  }
}
/** What is said in the bot belongs to this person, and would be somebody else's at their next message. */
export class IdentityInUse extends DomainError {
  constructor(channel: string) {
    super(
      'gateway.identity_in_use',
      {
        en: 'You talk to a bot by it. It goes when you delete your data there.',
        ru: 'По ней вы говорите с ботом. Она исчезнет, когда вы удалите там свои данные.',
      },
      409,
      {
        channel,
      },
    );
  }
}
export class LastIdentity extends DomainError {
  constructor() {
    super(
      'gateway.last_identity',
      { en: 'It is the only one by which you can sign in.', ru: 'По ней одной вы можете войти.' },
      409,
    );
  }
}

/** Whom external ids belong to: each to one person. They are found by a keyed hash and kept encrypted. */
@Injectable()
export class IdentitiesService {
  constructor(
    private readonly outbox: Outbox,
    private readonly personal: PersonalData,
    private readonly index: BlindIndex,
    private readonly clock: Clock,
  ) {}

  hash(channel: string, externalId: string): string {
    return this.index.hash('identity', channel, externalId);
  }

  /** Nobody else decides whose an external id is until `tx` ends. */
  async find(tx: EntityManager, { channel, externalId }: ExternalIdentity): Promise<Identity | null> {
    const externalHash = this.hash(channel, externalId);
    await tx.query('SELECT pg_advisory_xact_lock(hashtextextended($1, 0))', [`identity ${externalHash}`]);
    return tx.findOneBy(Identity, { channel, externalHash });
  }

  /** To be called when `find` found nobody. Throws PersonErased. */
  async add(
    tx: EntityManager,
    userId: string,
    { channel, externalId, label }: ExternalIdentity,
    { inBot = false } = {},
  ): Promise<Identity> {
    const id = uuidv7();
    const sealed = await this.personal.encrypt(tx, rowOf({ id, userId }), {
      external_id: externalId,
      label: label ?? null,
    });
    const now = this.clock.now();
    const identity: Identity = {
      id,
      userId,
      channel,
      externalHash: this.hash(channel, externalId),
      externalId: sealed.external_id,
      label: sealed.label,
      labelHash: this.hashOfLabel(label),
      inBot,
      linkedAt: now,
      usedAt: now,
    };
    await tx.insert(Identity, identity);
    await this.announce(tx, identity, externalId);
    return identity;
  }

  /** Says once more whose an external id is, to whoever knew it under another person. */
  async announce(tx: EntityManager, { id, userId, channel, linkedAt }: Identity, externalId: string): Promise<void> {
    const identity = { identityId: id, userId, channel, externalId, linkedAt: linkedAt.toISOString() };
    await this.outbox.add(tx, IdentityLinked(identity));
  }

  /** It was signed in with, or written from. */
  async note(
    tx: EntityManager,
    { id, userId }: Identity,
    label: string | undefined,
    { inBot = false } = {},
  ): Promise<void> {
    const labelled = label !== undefined && {
      ...(await this.personal.encrypt(tx, rowOf({ id, userId }), { label })),
      labelHash: this.hashOfLabel(label),
    };
    await tx.update(Identity, id, { usedAt: this.clock.now(), ...labelled, ...(inBot && { inBot }) });
  }

  /** Adds an external id to a person. One that is theirs already stays as it is. */
  async link(tx: EntityManager, userId: string, external: ExternalIdentity): Promise<IdentityAnswer> {
    const known = await this.find(tx, external);
    if (known && known.userId !== userId) throw new IdentityOfAnotherPerson(external.channel);
    if (known) return this.shown(tx, known);
    await this.hold(tx, userId);
    if (await tx.existsBy(Identity, { userId, channel: external.channel }))
      throw new ChannelAlreadyLinked(external.channel);
    return this.shown(tx, await this.add(tx, userId, external));
  }

  async unlink(tx: EntityManager, userId: string, identityId: string): Promise<void> {
    await this.hold(tx, userId);
    const all = await tx.findBy(Identity, { userId });
    const identity = all.find(({ id }) => id === identityId);
    if (!identity) throw new IdentityNotFound(identityId);
    if (identity.inBot) throw new IdentityInUse(identity.channel);
    if (all.length === 1) throw new LastIdentity();
    const { external_id: externalId } = await this.personal.decrypt(tx, rowOf(identity), {
      external_id: identity.externalId,
    });
    await tx.delete(Identity, { id: identityId });
    if (externalId === undefined) return;
    const { channel } = identity;
    const unlinkedAt = this.clock.now().toISOString();
    await this.outbox.add(tx, IdentityUnlinked({ identityId, userId, channel, externalId, unlinkedAt }));
  }

  async list(tx: EntityManager, userId: string): Promise<IdentityAnswer[]> {
    const all = await tx.find(Identity, { where: { userId }, order: { id: 'ASC' } });
    return Promise.all(all.map((identity) => this.shown(tx, identity)));
  }

  /** In full. What cannot be read any more is null. */
  async reveal(tx: EntityManager, userId: string): Promise<RevealedIdentity[]> {
    const all = await tx.find(Identity, { where: { userId }, order: { id: 'ASC' } });
    const read = await this.personal.decryptAll(
      tx,
      all.map((identity) => ({
        row: rowOf(identity),
        values: { external_id: identity.externalId, label: identity.label },
      })),
    );
    return all.map(({ id: identityId, channel }, i) => {
      const { external_id: externalId = null, label = null } = read[i]!;
      return { identityId, channel, externalId, label };
    });
  }

  /** The address by which a person signs in; undefined: they have linked none, or it cannot be read any more. */
  async emailOf(tx: EntityManager, userId: string): Promise<string | undefined> {
    const identity = await tx.findOneBy(Identity, { userId, channel: 'email' });
    if (!identity) return undefined;
    return (await this.personal.decrypt(tx, rowOf(identity), { external_id: identity.externalId })).external_id;
  }

  /** The ids of the persons who are known by something, which has to be the whole of it. */
  async ownersOf(
    tx: EntityManager,
    { identity, email, label }: Omit<RequestOf<typeof FindPeople>['body'], 'userId'>,
  ): Promise<string[]> {
    // Whoever signs in with an account elsewhere has their address as its label.
    const called = label ?? email;
    const known = identity ?? (email !== undefined ? { channel: 'email', externalId: email } : undefined);
    const rows = await tx.query<{ id: string }[]>(
      `SELECT DISTINCT user_id AS id FROM identities
       WHERE (channel = $1 AND external_hash = $2) OR label_hash = $3 ORDER BY 1 LIMIT ${OWNERS_AT_MOST}`,
      [known?.channel ?? null, known ? this.hashAsTyped(known) : null, this.hashOfLabel(called)],
    );
    return rows.map(({ id }) => id);
  }

  /** Before the rows of a person go: what is left of them says that a backup must not bring them back, and nothing else. */
  async leaveTombstones(tx: EntityManager, userId: string): Promise<void> {
    const all = await tx.findBy(Identity, { userId });
    for (const { channel, externalHash } of all) {
      const tombstone = this.index.hash('erased identity', channel, externalHash);
      await tx.query(
        `INSERT INTO erased_identities (tombstone, erased_at) VALUES ($1, $2)
         ON CONFLICT (tombstone) DO UPDATE SET erased_at = excluded.erased_at`,
        [tombstone, this.clock.now()],
      );
    }
  }

  private async shown(tx: EntityManager, identity: Identity): Promise<IdentityAnswer> {
    const { id: identityId, channel, inBot, linkedAt, usedAt } = identity;
    const { label = null } = await this.personal.decrypt(tx, rowOf(identity), { label: identity.label });
    return { identityId, channel, label, inBot, linkedAt, usedAt };
  }

  /** Addresses are kept in small letters. */
  private hashAsTyped({ channel, externalId }: ExternalIdentity): string {
    return this.hash(channel, channel === 'email' ? externalId.trim().toLowerCase() : externalId);
  }

  /** By which a person is found who tells what they are called elsewhere, as they may write it. */
  private hashOfLabel(label: string | undefined): string | null {
    if (label === undefined) return null;
    return this.index.hash('identity label', label.normalize('NFKC').trim().toLowerCase().replace(/^@/, ''));
  }

  /** Two changes of one person's identities wait for each other. */
  private async hold(tx: EntityManager, userId: string): Promise<void> {
    await tx.query('SELECT FROM users WHERE id = $1 FOR UPDATE', [userId]);
  }
}

const rowOf = ({ id, userId }: Pick<Identity, 'id' | 'userId'>): PersonalRow => ({ table: 'identities', id, userId });
