import { Inject, Injectable } from '@nestjs/common';
import { Signals } from '@switchboard/bus';
import {
  AccessChanged,
  type Actor,
  allows,
  CreateApiKey,
  type FieldError,
  isKnownScope,
  ReportApiKey,
  RevokeApiKey,
  RotateApiKey,
} from '@switchboard/contracts';
import { BlindIndex, Clock, CONFIG, DomainError, InvalidFields, type Position } from '@switchboard/service-kit';
import { LRUCache } from 'lru-cache';
import { timingSafeEqual } from 'node:crypto';
import { BlockList, isIPv6 } from 'node:net';
import { DataSource, type EntityManager, LessThan, MoreThan } from 'typeorm';
import type { AuditParty } from '../audit/audit-entry';
import { AuditLog } from '../audit/audit-log';
import { ApiKey } from './api-key.entity';
import { newKey, parseKey } from './key-format';
import { mayGive } from './key-rights';

const DAY_MS = 86_400_000;
/** A key that was revoked elsewhere is believed for so long at most. */
const BELIEVED_MS = 3000;
const USED_EVERY_MS = 60_000;
const MOST_OF_TEAM = 20;
const NOBODY = '00000000-0000-0000-0000-000000000000';

export interface NewApiKey {
  readonly name: string;
  readonly team: string;
  readonly scopes: readonly string[];
  readonly bots: readonly string[] | null;
  readonly networks: readonly string[];
  readonly rate: ApiKey['rate'];
  readonly lifetimeDays: number;
}

export class KeyNotFound extends DomainError {
  constructor() {
    super('gateway.key_not_found', { en: 'There is no such key.', ru: 'Такого ключа нет.' }, 404);
  }
}

export class KeyReplaced extends DomainError {
  constructor() {
    super(
      'gateway.key_replaced',
      { en: 'This key has been replaced, and ends soon.', ru: 'Этот ключ уже заменён и скоро перестанет действовать.' },
      409,
    );
  }
}

export class ScopeBeyondOwn extends DomainError {
  constructor(scope: string) {
    const texts = {
      en: `You may not do "${scope}" yourself, so no key of yours may.`,
      ru: `У вас самих нет права «${scope}», поэтому ключ его не получит.`,
    };
    super('gateway.scope_beyond_own', texts, 403, { scope });
  }
}

export class TooManyKeys extends DomainError {
  constructor() {
    const texts = {
      en: `A team has ${MOST_OF_TEAM} keys at most. Revoke one that nobody uses.`,
      ru: `У команды не больше ${MOST_OF_TEAM} ключей. Отзовите тот, которым не пользуются.`,
    };
    super('gateway.too_many_keys', texts, 409, { most: MOST_OF_TEAM });
  }
}

/** Keys of programs. Of the secret part a hash is kept, which is enough for a text that nobody could guess. */
@Injectable()
export class ApiKeysService {
  private readonly known = new LRUCache<string, { key: ApiKey | null }>({ max: 20_000, ttl: BELIEVED_MS });

  constructor(
    private readonly db: DataSource,
    private readonly index: BlindIndex,
    private readonly clock: Clock,
    private readonly signals: Signals,
    private readonly audit: AuditLog,
    @Inject(CONFIG) private readonly config: { NODE_ENV: string },
  ) {}

  /** @param address from which it is used. @returns undefined for what is no key, or one that counts no more or not there */
  async find(text: string, address: string): Promise<ApiKey | undefined> {
    const parts = parseKey(text);
    if (!parts) return undefined;
    const key = await this.read(parts.id);
    const isRight = timingSafeEqual(Buffer.from(this.hashOf(parts)), Buffer.from(key?.secretHash ?? '0'.repeat(64)));
    if (!key || !isRight || !this.isAlive(key) || !isFrom(key.networks, address)) return undefined;
    this.noteUsed(key);
    return key;
  }

  /** Undefined when it counts no more. */
  async living(id: string): Promise<ApiKey | undefined> {
    const key = await this.read(id);
    return key && this.isAlive(key) ? key : undefined;
  }

  /** Those of the actor's hands, the newest first. */
  async list(actor: Actor, limit: number, position: Position | undefined): Promise<ApiKey[]> {
    const backwards = position?.direction === 'prev';
    const seq = position && (backwards ? MoreThan : LessThan)(String(position.key[0]));
    const order = { seq: backwards ? 'ASC' : 'DESC' } as const;
    const where = { ...(seq && { seq }), ...(await this.inHandsOf(actor)) };
    return this.db.manager.find(ApiKey, { where, order, take: limit });
  }

  /** Those that count and that a member of staff has made, the newest first. */
  async madeBy(tx: EntityManager, staffId: string): Promise<ApiKey[]> {
    const where = { createdBy: staffId, expiresAt: MoreThan(this.clock.now()) };
    const made = await tx.find(ApiKey, { where, order: { seq: 'DESC' } });
    return made.filter((key) => this.isAlive(key));
  }

  /** Keys are of whoever has made them, and of who may handle those of others. A key looks after those of its own maker. */
  private async inHandsOf({ kind, id, scopes }: Actor): Promise<{ createdBy?: string }> {
    if (allows(scopes, 'keys:any-team')) return {};
    return { createdBy: kind === 'key' ? ((await this.read(id))?.createdBy ?? NOBODY) : id };
  }

  /** @throws InvalidFields for scopes of nothing that there is, ScopeBeyondOwn, TooManyKeys */
  async create(tx: EntityManager, actor: Actor, wanted: NewApiKey): Promise<{ key: string; details: ApiKey }> {
    const unknown = wanted.scopes.flatMap((scope, i) => (isKnownScope(scope) ? [] : [aboutNothing(scope, i)]));
    if (unknown.length > 0) throw new InvalidFields(unknown);
    const made = await this.make(tx, actor, wanted);
    const { details } = made;
    await this.audit.done(tx, actor, CreateApiKey, { ...about(details.id), before: {}, after: settingsOf(details) });
    return made;
  }

  private async make(tx: EntityManager, actor: Actor, wanted: NewApiKey): Promise<{ key: string; details: ApiKey }> {
    this.assertOwn(actor, wanted);
    await tx.query(`SELECT pg_advisory_xact_lock(hashtext('api keys'), hashtext($1))`, [wanted.team]);
    const now = this.clock.now();
    const living = await tx.findBy(ApiKey, { team: wanted.team, expiresAt: MoreThan(now) });
    if (living.filter((key) => this.isAlive(key)).length >= MOST_OF_TEAM) throw new TooManyKeys();
    const { lifetimeDays, ...rest } = wanted;
    const { key, ...parts } = newKey(this.config.NODE_ENV === 'production' ? 'live' : 'test');
    await tx.insert(ApiKey, {
      ...rest,
      ...{ scopes: [...rest.scopes], bots: rest.bots && [...rest.bots], networks: [...rest.networks] },
      ...{ id: parts.id, secretHash: this.hashOf(parts), createdBy: actor.id, createdAt: now },
      expiresAt: new Date(now.getTime() + lifetimeDays * DAY_MS),
    });
    return { key, details: await tx.findOneByOrFail(ApiKey, { id: parts.id }) };
  }

  /** The old one goes on for `overlapDays`. @throws KeyNotFound, KeyReplaced, ScopeBeyondOwn, TooManyKeys */
  async rotate(
    tx: EntityManager,
    actor: Actor,
    id: string,
    overlapDays: number,
  ): Promise<{ key: string; details: ApiKey }> {
    const where = { ...(await this.inHandsOf(actor)), id };
    const old = await tx.findOne(ApiKey, { where, lock: { mode: 'pessimistic_write' } });
    if (!old || !this.isAlive(old)) throw new KeyNotFound();
    // Otherwise it would go on for ever, each time for as long as the overlap.
    if (old.endsAt !== null) throw new KeyReplaced();
    const lifetimeDays = Math.ceil((old.expiresAt.getTime() - old.createdAt.getTime()) / DAY_MS);
    const endsAt = new Date(this.clock.now().getTime() + overlapDays * DAY_MS);
    await tx.update(ApiKey, { id }, { endsAt, endedBecause: 'replaced' });
    const made = await this.make(tx, actor, { ...old, lifetimeDays });
    const [before, after] = [settingsOf(old), settingsOf({ ...old, endsAt })];
    const details = { replacedBy: made.details.id, overlapDays };
    await this.audit.done(tx, actor, RotateApiKey, { ...about(id), before, after, details });
    return made;
  }

  /** @throws KeyNotFound */
  async revoke(actor: Actor, id: string): Promise<void> {
    await this.end({ ...(await this.inHandsOf(actor)), id }, 'revoked', actor);
  }

  /**
   * Whoever may come in no longer knows the keys that they have made. `changed` is to be called when `tx` is committed.
   * @returns their ids
   */
  async endMadeBy(tx: EntityManager, by: AuditParty, staffId: string): Promise<string[]> {
    const now = this.clock.now();
    const made = await tx.find(ApiKey, {
      where: { createdBy: staffId, expiresAt: MoreThan(now) },
      order: { id: 'ASC' },
      lock: { mode: 'pessimistic_write' },
    });
    const living = made.filter((key) => this.isAlive(key));
    for (const key of living) {
      const ended = { endsAt: now, endedBecause: 'maker_left' };
      await tx.update(ApiKey, { id: key.id }, ended);
      const change = { before: settingsOf(key), after: settingsOf({ ...key, ...ended }) };
      await this.audit.done(tx, by, RevokeApiKey, { ...about(key.id), ...change });
    }
    return living.map(({ id }) => id);
  }

  /** This process and the others look them up anew. */
  changed(ids: readonly string[]): void {
    for (const id of ids) {
      this.forget(id);
      this.signals.send(AccessChanged, { subjectId: id });
    }
  }

  private async end(
    which: { id: string; createdBy?: string },
    because: 'revoked' | 'reported',
    by: AuditParty,
  ): Promise<void> {
    const { id } = which;
    await this.db.transaction(async (tx) => {
      const key = await tx.findOne(ApiKey, { where: which, lock: { mode: 'pessimistic_write' } });
      if (!key) throw new KeyNotFound();
      const ended = { endsAt: this.clock.now(), endedBecause: because };
      await tx.update(ApiKey, { id }, ended);
      const change = { before: settingsOf(key), after: settingsOf({ ...key, ...ended }) };
      const route = because === 'revoked' ? RevokeApiKey : ReportApiKey;
      await this.audit.done(tx, by, route, { ...about(id), ...change });
    });
    this.forget(id);
    this.signals.send(AccessChanged, { subjectId: id });
  }

  /** Ends the key that somebody has found, if it is one. */
  async report(text: string): Promise<void> {
    const parts = parseKey(text);
    if (!parts) return;
    const key = await this.read(parts.id);
    if (key?.secretHash === this.hashOf(parts) && this.isAlive(key))
      await this.end({ id: key.id }, 'reported', { kind: 'anonymous', id: '' });
  }

  forget(id: string): void {
    this.known.delete(id);
  }

  private async read(id: string): Promise<ApiKey | null> {
    const known = this.known.get(id) ?? { key: await this.db.manager.findOneBy(ApiKey, { id }) };
    this.known.set(id, known);
    return known.key;
  }

  private isAlive({ expiresAt, endsAt }: ApiKey): boolean {
    const now = this.clock.now();
    return expiresAt > now && (endsAt === null || endsAt > now);
  }

  private assertOwn(actor: Actor, { scopes, bots }: Pick<NewApiKey, 'scopes' | 'bots'>): void {
    const beyond = scopes.find((scope) => !scope.startsWith('!') && !mayGive(actor.scopes, scope));
    if (beyond !== undefined) throw new ScopeBeyondOwn(beyond);
    const foreign = actor.bots && (bots ?? ['*']).find((bot) => !actor.bots!.includes(bot));
    if (foreign !== undefined) throw new ScopeBeyondOwn(foreign);
  }

  private hashOf({ id, secret }: { id: string; secret: string }): string {
    return this.index.hash('api key', id, secret);
  }

  /** Not waited for, and to the minute. */
  private noteUsed(key: ApiKey): void {
    const now = this.clock.now();
    if (key.usedAt && Math.abs(now.getTime() - key.usedAt.getTime()) < USED_EVERY_MS) return;
    key.usedAt = now;
    this.db.manager.update(ApiKey, { id: key.id }, { usedAt: now }).catch(() => undefined);
  }
}

/** In the audit log. */
const about = (id: string) => ({ resource: { type: 'api-key', id } });

/** As the audit log has it. */
const settingsOf = ({ name, team, scopes, bots, networks, rate, expiresAt, endsAt }: ApiKey) => {
  return { name, team, scopes, bots, networks, rate, expiresAt, endsAt };
};

const aboutNothing = (scope: string, index: number): FieldError => ({
  pointer: `/scopes/${index}`,
  code: 'unknown_scope',
  params: { scope },
  detail: { en: `there is no right "${scope}"`, ru: `нет такого права: «${scope}»` },
});

function isFrom(networks: readonly string[], address: string): boolean {
  if (networks.length === 0) return true;
  const list = new BlockList();
  for (const network of networks) {
    const [base = '', bits] = network.split('/');
    const family = isIPv6(base) ? 'ipv6' : 'ipv4';
    if (bits === undefined) list.addAddress(base, family);
    else list.addSubnet(base, Number(bits), family);
  }
  const plain = address.replace(/^::ffff:(?=\d+\.)/, '');
  return list.check(plain, isIPv6(plain) ? 'ipv6' : 'ipv4');
}
