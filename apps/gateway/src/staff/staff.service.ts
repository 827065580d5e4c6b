import { Inject, Injectable } from '@nestjs/common';
import {
  type Actor,
  allows,
  EditStaff,
  GrantRoles,
  InviteStaff,
  ReinviteStaff,
  RemoveStaff,
  ResumeStaff,
  SuspendStaff,
} from '@switchboard/contracts';
import { BlindIndex, Clock, CONFIG, type IfMatch, type Position } from '@switchboard/service-kit';
import { randomBytes } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { DataSource, type EntityManager, In, IsNull, LessThan, MoreThan, Not } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import { Grant } from '../access/grant.entity';
import { PrincipalsService } from '../access/principals.service';
import { Role } from '../access/role.entity';
import { ApiKeysService } from '../api-keys/api-keys.service';
import type { AuditedRoute } from '../audit/audit-entry';
import { AuditLog } from '../audit/audit-log';
import type { SiteConfig } from '../sessions/site.config';
import type { Session } from '../sessions/session.entity';
import { SessionsService } from '../sessions/sessions.service';
import { Passkey } from './passkey.entity';
import { StaffCipher } from './staff-cipher';
import { Staff } from './staff.entity';
import { StaffKeysService } from './staff-keys.service';
import { LastOwner, NotForOneself, RoleBeyondOwn, StaffExists, StaffNotFound, UnknownRole } from './staff.errors';

export interface RoleGrant {
  readonly role: string;
  readonly botId: string | null;
  readonly until: Date | null;
}

/** Somebody with what they may do, in plain. */
export interface StaffMember {
  readonly id: string;
  readonly email: string | null;
  readonly name: string;
  readonly state: Staff['state'];
  readonly grants: readonly RoleGrant[];
  readonly factors: readonly ('password' | 'totp' | 'passkey' | 'sso')[];
  readonly signedInAt: Date | null;
  readonly createdAt: Date;
  readonly revision: number;
}

export interface Invitation {
  readonly staffId: string;
  readonly link: string;
  readonly expiresAt: Date;
}

const OWNER = 'owner';
/** Whoever gives or takes one of these could give it to themselves. */
const MIGHTY: readonly string[] = [OWNER, 'admin'];
const INVITED_FOR_MS = 3 * 86_400_000;
const TOKEN_BYTES = 32;

/** Who works here, and what they may do. */
@Injectable()
export class StaffService {
  constructor(
    private readonly db: DataSource,
    private readonly cipher: StaffCipher,
    private readonly index: BlindIndex,
    private readonly clock: Clock,
    private readonly sessions: SessionsService,
    private readonly principals: PrincipalsService,
    private readonly keys: ApiKeysService,
    private readonly staffKeys: StaffKeysService,
    private readonly audit: AuditLog,
    @Inject(CONFIG) private readonly config: SiteConfig,
  ) {}

  /** The newest first. */
  async list(limit: number, position: Position | undefined): Promise<StaffMember[]> {
    const backwards = position?.direction === 'prev';
    const id = position && (backwards ? MoreThan : LessThan)(String(position.key[0]));
    const order = { id: backwards ? 'ASC' : 'DESC' } as const;
    const rows = await this.db.manager.find(Staff, { ...(id && { where: { id } }), order, take: limit });
    return this.members(this.db.manager, rows);
  }

  async read(id: string, tx: EntityManager = this.db.manager): Promise<StaffMember> {
    const [member] = await this.members(tx, [await find(tx, id)]);
    return member!;
  }

  /** @throws StaffExists, UnknownRole, RoleBeyondOwn */
  async invite(
    tx: EntityManager,
    actor: Actor,
    { email, name, grants }: { email: string; name: string; grants: readonly RoleGrant[] },
  ): Promise<Invitation> {
    await this.assertGivable(tx, actor, grants);
    const id = await this.register(tx, { state: 'invited', email, name });
    await this.give(tx, id, grants, actor);
    const invitation = await this.newInvitation(tx, id);
    await this.done(tx, actor, InviteStaff, id);
    return invitation;
  }

  /** A row for somebody new, who may do nothing yet. @throws StaffExists */
  async register(
    tx: EntityManager,
    {
      email,
      name,
      ...row
    }: { state: Staff['state']; email: string; name: string; emailHash?: string; ssoHash?: string },
  ): Promise<string> {
    const { emailHash = this.hashOfEmail(email) } = row;
    if (await tx.existsBy(Staff, { emailHash })) throw new StaffExists();
    const id = uuidv7();
    const createdAt = this.clock.now();
    await tx.insert(Staff, { id, createdAt, ...row, emailHash, ...this.cipher.seal(id, { email, name }) });
    return id;
  }

  /** For somebody who has lost all ways of proving who they are: nothing of what they had counts any more. */
  async reinvite(tx: EntityManager, actor: Actor, id: string): Promise<Invitation> {
    const staff = await this.forChange(tx, actor, id);
    if (staff.state === 'suspended') throw new StaffNotFound();
    const before = await this.read(id, tx);
    await tx.update(
      Staff,
      { id },
      { state: 'invited', passwordHash: null, totpSecret: null, recoveryHashes: [], ssoHash: null },
    );
    await tx.delete(Passkey, { staffId: id });
    await this.sessions.endAll(tx, 'staff', id);
    const invitation = await this.newInvitation(tx, id);
    await this.done(tx, actor, ReinviteStaff, id, before);
    return invitation;
  }

  async grant(actor: Actor, id: string, grants: readonly RoleGrant[], ifMatch: IfMatch): Promise<StaffMember> {
    const member = await this.db.transaction(async (tx) => {
      const staff = await this.forChange(tx, actor, id);
      ifMatch.check(staff.revision);
      await this.assertGivable(tx, actor, grants);
      const before = await this.read(id, tx);
      const kept = await tx.findBy(Grant, { staffId: id, source: 'sso' });
      await tx.delete(Grant, { staffId: id });
      await this.give(tx, id, grants, actor);
      // What the provider has given, and is left to them, goes when the provider says so.
      for (const { role, botId } of kept) {
        const bot = botId === null ? IsNull() : botId;
        await tx.update(Grant, { staffId: id, role, botId: bot }, { source: 'sso' });
      }
      await this.assertOwned(tx);
      return this.done(tx, actor, GrantRoles, id, before);
    });
    this.principals.changed(id);
    return member;
  }

  /** @throws StaffExists */
  async edit(
    actor: Actor,
    id: string,
    { email, name }: { email: string; name: string },
    ifMatch: IfMatch,
  ): Promise<StaffMember> {
    return this.db.transaction(async (tx) => {
      const staff = await this.forChange(tx, actor, id);
      ifMatch.check(staff.revision);
      const before = await this.read(id, tx);
      const emailHash = this.hashOfEmail(email);
      if (await tx.existsBy(Staff, { emailHash, id: Not(id) })) throw new StaffExists();
      await tx.update(Staff, { id }, { emailHash, ...this.cipher.seal(id, { email, name }) });
      return this.done(tx, actor, EditStaff, id, before);
    });
  }

  /** The API keys that they have made end as well: they know them. */
  async suspend(actor: Actor, id: string): Promise<StaffMember> {
    const { member, keys } = await this.db.transaction(async (tx) => {
      await this.forChange(tx, actor, id);
      const before = await this.read(id, tx);
      await tx.update(Staff, { id }, { state: 'suspended', invitationHash: null });
      await this.sessions.endAll(tx, 'staff', id);
      const ended = await this.keys.endMadeBy(tx, actor, id);
      await this.assertOwned(tx);
      return { member: await this.done(tx, actor, SuspendStaff, id, before), keys: ended };
    });
    this.principals.changed(id);
    this.keys.changed(keys);
    return member;
  }

  /** What they did stays in the audit log, by their id. */
  async remove(actor: Actor, id: string, ifMatch: IfMatch): Promise<void> {
    const keys = await this.db.transaction(async (tx) => {
      const staff = await this.forChange(tx, actor, id);
      ifMatch.check(staff.revision);
      const before = await this.read(id, tx);
      await this.sessions.endAll(tx, 'staff', id);
      const ended = await this.keys.endMadeBy(tx, actor, id);
      await tx.delete(Staff, { id });
      await this.assertOwned(tx);
      await this.audit.done(tx, actor, RemoveStaff, { ...about(id), before: rightsOf(before), after: {} });
      return ended;
    });
    this.principals.changed(id);
    this.keys.changed(keys);
  }

  /** @param roles in place of those they have. @throws StaffNotFound */
  async listKeys(id: string, roles?: readonly RoleGrant[]): ReturnType<StaffKeysService['list']> {
    const { grants } = await this.read(id);
    return this.staffKeys.list(this.db.manager, id, roles ?? grants);
  }

  /** Where they are signed in, the one that was used last first. @throws StaffNotFound */
  async listSessions(id: string): Promise<Session[]> {
    await find(this.db.manager, id);
    return this.sessions.list('staff', id);
  }

  /** @param sessionId all of them without it. @throws StaffNotFound */
  async endSessions(id: string, sessionId?: string): Promise<void> {
    await find(this.db.manager, id);
    if (sessionId !== undefined) await this.sessions.end('staff', id, sessionId);
    else await this.sessions.endAllNow('staff', id);
  }

  async resume(actor: Actor, id: string): Promise<StaffMember> {
    const member = await this.db.transaction(async (tx) => {
      const staff = await this.forChange(tx, actor, id);
      const before = await this.read(id, tx);
      if (staff.state === 'suspended') {
        const canSignIn = (staff.passwordHash && staff.totpSecret) || staff.ssoHash;
        await tx.update(Staff, { id }, { state: canSignIn ? 'active' : 'invited' });
      }
      return this.done(tx, actor, ResumeStaff, id, before);
    });
    this.principals.changed(id);
    return member;
  }

  /**
   * The link by which the first owner comes in; undefined when there is one. It is the same whichever process says it, and until
   * somebody has taken it.
   */
  async linkForFirstOwner(): Promise<string | undefined> {
    return this.db.transaction(async (tx) => {
      await tx.query(`SELECT pg_advisory_xact_lock(hashtext('first owner'))`);
      if (await hasOwner(tx)) return undefined;
      let id = (await tx.findOneBy(Staff, { emailHash: FIRST }))?.id;
      if (id === undefined) {
        id = await this.register(tx, { state: 'invited', email: '', name: '', emailHash: FIRST });
        await this.give(tx, id, [{ role: OWNER, botId: null, until: null }]);
      }
      const token = this.index.hash('first owner', id);
      await tx.update(Staff, { id }, { invitationHash: this.hashOfToken(token), invitationExpiresAt: null });
      return this.linkWith(token);
    });
  }

  hashOfEmail(email: string): string {
    return this.index.hash('staff email', email.trim().toLowerCase());
  }

  hashOfToken(token: string): string {
    return this.index.hash('staff invitation', token);
  }

  /**
   * What the provider of the company has made of somebody goes into the audit log, and edits that were begun before are refused.
   * @param before as they were; undefined of somebody who has come just now
   */
  async noteProvider(tx: EntityManager, id: string, before: StaffMember | undefined): Promise<void> {
    const after = await this.read(id, tx);
    if (before && isDeepStrictEqual(rightsOf(before), rightsOf(after))) return;
    await tx.increment(Staff, { id }, 'revision', 1);
    const provider = { kind: 'service', id: 'staff-sso' };
    const change = { ...about(id), ...(await this.changeOf(tx, before, after)) };
    if (before && !(before.state === 'invited' && after.state === 'active'))
      return this.audit.done(tx, provider, GrantRoles, change);
    const action = before ? 'gateway.staff.activate' : 'gateway.staff.join';
    await this.audit.append(tx, { ...change, actor: provider, action, result: 'done' });
  }

  /** Writes what has become of somebody into the audit log, and returns it. */
  private async done(
    tx: EntityManager,
    actor: Actor,
    route: AuditedRoute,
    id: string,
    before?: StaffMember,
  ): Promise<StaffMember> {
    const after = await this.read(id, tx);
    await this.audit.done(tx, actor, route, { ...about(id), ...(await this.changeOf(tx, before, after)) });
    return after;
  }

  /** What the log tells of it; keys that may do less now are a part of it. */
  private async changeOf(tx: EntityManager, before: StaffMember | undefined, after: StaffMember) {
    const narrowedKeys = before ? await this.staffKeys.narrowed(tx, after.id, before.grants, after.grants) : [];
    return {
      ...{ before: before ? rightsOf(before) : {}, after: rightsOf(after) },
      ...(narrowedKeys.length > 0 && { details: { narrowedKeys } }),
    };
  }

  private async newInvitation(tx: EntityManager, staffId: string): Promise<Invitation> {
    const token = randomBytes(TOKEN_BYTES).toString('base64url');
    const expiresAt = new Date(this.clock.now().getTime() + INVITED_FOR_MS);
    await tx.update(
      Staff,
      { id: staffId },
      { invitationHash: this.hashOfToken(token), invitationExpiresAt: expiresAt },
    );
    return { staffId, link: this.linkWith(token), expiresAt };
  }

  /** Behind the `#`, which browsers send to nobody. */
  private linkWith(token: string): string {
    return new URL(`/console/welcome#${token}`, this.config.GATEWAY_PUBLIC_URL).href;
  }

  /** Locks the row. @throws StaffNotFound, NotForOneself, RoleBeyondOwn */
  private async forChange(tx: EntityManager, actor: Actor, id: string): Promise<Staff> {
    const staff = await find(tx, id, true);
    if (actor.kind === 'staff' && actor.id === id) throw new NotForOneself();
    const grants = await tx.findBy(Grant, { staffId: id });
    if (!mayMakeMighty(actor) && grants.some(({ role }) => MIGHTY.includes(role))) throw new RoleBeyondOwn();
    await tx.increment(Staff, { id }, 'revision', 1);
    return staff;
  }

  private async assertGivable(tx: EntityManager, actor: Actor, grants: readonly RoleGrant[]): Promise<void> {
    const names = [...new Set(grants.map(({ role }) => role))];
    const known = await tx.findBy(Role, { name: In(names) });
    const unknown = names.find((name) => !known.some((role) => role.name === name));
    if (unknown) throw new UnknownRole(unknown);
    if (!mayMakeMighty(actor) && names.some((name) => MIGHTY.includes(name))) throw new RoleBeyondOwn();
  }

  private async give(tx: EntityManager, staffId: string, grants: readonly RoleGrant[], actor?: Actor): Promise<void> {
    const grantedBy = actor?.kind === 'staff' ? actor.id : null;
    const rows = grants.map((grant) => ({ id: uuidv7(), staffId, grantedBy, grantedAt: this.clock.now(), ...grant }));
    // Given twice is given once.
    await tx.createQueryBuilder().insert().into(Grant).values(rows).orIgnore().execute();
  }

  private async assertOwned(tx: EntityManager): Promise<void> {
    if (!(await hasOwner(tx))) throw new LastOwner();
  }

  private async members(tx: EntityManager, rows: readonly Staff[]): Promise<StaffMember[]> {
    const of = { staffId: In(rows.map(({ id }) => id)) };
    const [grants, passkeys] = [await tx.findBy(Grant, of), await tx.findBy(Passkey, { ...of, clonedAt: IsNull() })];
    return rows.map((row) => ({
      id: row.id,
      ...this.cipher.read(row),
      state: row.state,
      grants: grants
        .filter(({ staffId }) => staffId === row.id)
        .map(({ role, botId, until }) => ({ role, botId, until })),
      factors: [
        ...(row.passwordHash ? (['password'] as const) : []),
        ...(row.totpSecret ? (['totp'] as const) : []),
        ...(passkeys.some(({ staffId }) => staffId === row.id) ? (['passkey'] as const) : []),
        ...(row.ssoHash ? (['sso'] as const) : []),
      ],
      signedInAt: row.signedInAt,
      createdAt: row.createdAt,
      revision: row.revision,
    }));
  }
}

/** Not by the name of a role: it may be that of one bot alone. */
const mayMakeMighty = ({ scopes }: Actor) => allows(scopes, 'owners:write');

/** In the audit log. */
const about = (id: string) => ({ resource: { type: 'staff', id } });

/** As the audit log has it: who it is, their id says. */
const rightsOf = ({ state, grants, factors }: StaffMember) => ({
  state,
  grants: grants.toSorted((a, b) => nameOf(a).localeCompare(nameOf(b))),
  factors,
});
const nameOf = ({ role, botId }: RoleGrant) => `${role}@${botId ?? ''}`;

/** In place of a hash: the first owner has no address before they give one. */
export const FIRST = 'first owner';

async function find(tx: EntityManager, id: string, forUpdate = false): Promise<Staff> {
  const staff = await tx.findOne(Staff, { where: { id }, ...(forUpdate && { lock: { mode: 'pessimistic_write' } }) });
  if (!staff) throw new StaffNotFound();
  return staff;
}

/** One for everything and for good, who can sign in. */
async function hasOwner(tx: EntityManager): Promise<boolean> {
  // Two who take the role from each other would both see the other's.
  await tx.query(`SELECT pg_advisory_xact_lock(hashtext('owners'))`);
  const owners = await tx.query<unknown[]>(
    `SELECT FROM grants g JOIN staff s ON s.id = g.staff_id
     WHERE g.role = $1 AND g.bot_id IS NULL AND g.until IS NULL AND s.state = 'active' LIMIT 1`,
    [OWNER],
  );
  return owners.length > 0;
}
