import { Inject, Injectable } from '@nestjs/common';
import { BlindIndex, Clock, CONFIG, LOG, type Log } from '@switchboard/service-kit';
import { DataSource, type EntityManager, In } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import { current, Grant } from '../access/grant.entity';
import { PrincipalsService } from '../access/principals.service';
import { Role } from '../access/role.entity';
import { SessionsService } from '../sessions/sessions.service';
import { domainOf, type SsoConfig } from '../staff/sso.config';
import { Staff } from '../staff/staff.entity';
import { StaffService } from '../staff/staff.service';

/** What the provider says of somebody, verified. */
export interface SsoClaims {
  readonly sub: string;
  readonly [claim: string]: unknown;
}

type RoleGiven = Pick<Grant, 'role' | 'botId'>;

/** Which members of staff those are whom the company's provider names, and what it lets them do. */
@Injectable()
export class SsoMembersService {
  constructor(
    private readonly db: DataSource,
    private readonly staff: StaffService,
    private readonly principals: PrincipalsService,
    private readonly sessions: SessionsService,
    private readonly index: BlindIndex,
    private readonly clock: Clock,
    @Inject(CONFIG) private readonly config: SsoConfig,
    @Inject(LOG) private readonly log: Log,
  ) {}

  /**
   * Who it is, with the roles that the claim gives now in place of those it gave before. Of a member of staff who has no access any more
   * all sessions have ended.
   */
  async admit(claims: SsoClaims): Promise<{ member: Staff | undefined; mayEnter: boolean }> {
    const ssoHash = this.hashOf(claims.sub);
    const given = this.rolesOf(claims);
    const { member, mayEnter } = await this.db.transaction(async (tx) => {
      // Two tabs of somebody who comes for the first time make them once.
      await tx.query('SELECT pg_advisory_xact_lock(hashtextextended($1, 0))', [`sso ${ssoHash}`]);
      const known = await this.find(tx, claims, ssoHash);
      const before = known && (await this.staff.read(known.id, tx));
      const member = known ?? (await this.join(tx, claims, ssoHash, given));
      if (!member || member.state === 'suspended') return { member, mayEnter: false };
      await this.give(tx, member.id, given);
      const mayEnter = await this.hasAnyRole(tx, member.id);
      if (mayEnter) await this.activate(tx, member, ssoHash);
      else await this.sessions.endAll(tx, 'staff', member.id);
      await this.staff.noteProvider(tx, member.id, before);
      return { member, mayEnter };
    });
    if (member) this.principals.changed(member.id);
    return { member, mayEnter };
  }

  /**
   * Whether the claim that gives roles is not there because it would have grown too long: Entra ID sends the address of the groups in its
   * place to whoever is in more than two hundred. Source: OpenID Connect Core 1.0 §5.6.2; Microsoft, "Groups overage claim".
   */
  areGroupsLeftOut(claims: SsoClaims): boolean {
    const claim = this.config.GATEWAY_STAFF_SSO_ROLES_CLAIM;
    if (claims[claim] !== undefined) return false;
    const elsewhere = claims['_claim_names'];
    if (typeof elsewhere === 'object' && elsewhere !== null && claim in elsewhere) return true;
    return claim === 'groups' && (claims['hasgroups'] === true || claims['hasgroups'] === 'true');
  }

  /** The member of staff whom the provider calls so. */
  async idOf(sub: string): Promise<string | undefined> {
    return (await this.db.manager.findOneBy(Staff, { ssoHash: this.hashOf(sub) }))?.id;
  }

  /** By who they are at the provider; the first time by the address to which they were invited. */
  private async find(tx: EntityManager, claims: SsoClaims, ssoHash: string): Promise<Staff | undefined> {
    const lock = { mode: 'pessimistic_write' } as const;
    const known = await tx.findOne(Staff, { where: { ssoHash }, lock });
    if (known) return known;
    const email = this.believedEmail(claims);
    if (email === undefined) return undefined;
    const addressed = await tx.findOne(Staff, { where: { emailHash: this.staff.hashOfEmail(email) }, lock });
    if (!addressed) return undefined;
    if (addressed.state === 'invited' && !addressed.ssoHash) return addressed;
    // The address may have been given to somebody new, who has not inherited the rights with it, nor a password and an app.
    this.log.warn(
      { staffId: addressed.id },
      'single sign-on: an account has come with the address of a member of staff who signs in otherwise; invite them anew if it is theirs',
    );
    return undefined;
  }

  private async join(
    tx: EntityManager,
    claims: SsoClaims,
    ssoHash: string,
    given: readonly RoleGiven[],
  ): Promise<Staff | undefined> {
    const email = this.believedEmail(claims);
    if (this.config.GATEWAY_STAFF_SSO_JOIN !== 'anybody' || email === undefined || given.length === 0) return undefined;
    if (await tx.existsBy(Staff, { emailHash: this.staff.hashOfEmail(email) })) return undefined;
    const name = typeof claims['name'] === 'string' ? claims['name'].slice(0, 120) : '';
    const id = await this.staff.register(tx, { state: 'active', email, name: name || email, ssoHash });
    return tx.findOneByOrFail(Staff, { id });
  }

  /** What staff have given stays; what the claim gave before and gives no more goes. */
  private async give(tx: EntityManager, staffId: string, given: readonly RoleGiven[]): Promise<void> {
    const known = await tx.findBy(Role, { name: In(given.map(({ role }) => role)) });
    const grants = given.filter(({ role }) => known.some(({ name }) => name === role));
    const unknown = given.filter((grant) => !grants.includes(grant)).map(({ role }) => role);
    if (unknown.length > 0)
      this.log.warn({ roles: unknown }, 'single sign-on: GATEWAY_STAFF_SSO_ROLES names roles that there are not');
    const isSame = (one: RoleGiven) => (other: RoleGiven) => one.role === other.role && one.botId === other.botId;
    const had = await tx.findBy(Grant, { staffId, source: 'sso' });
    const gone = had.filter((grant) => !grants.some(isSame(grant)));
    if (gone.length > 0) await tx.delete(Grant, { id: In(gone.map(({ id }) => id)) });
    const added = grants.filter((grant) => !had.some(isSame(grant)));
    const rows = added.map(({ role, botId }) => ({
      ...{ id: uuidv7(), staffId, role, botId, until: null, grantedBy: null },
      ...{ grantedAt: this.clock.now(), source: 'sso' as const },
    }));
    await tx.createQueryBuilder().insert().into(Grant).values(rows).orIgnore().execute();
  }

  private hasAnyRole(tx: EntityManager, staffId: string): Promise<boolean> {
    return tx.existsBy(Grant, current({ staffId }, this.clock.now()));
  }

  private async activate(tx: EntityManager, { id, state }: Staff, ssoHash: string): Promise<void> {
    const joined = state === 'invited' && { invitationHash: null, invitationExpiresAt: null };
    await tx.update(Staff, { id }, { ssoHash, state: 'active', signedInAt: this.clock.now(), ...joined });
  }

  /** Anybody can write any address into an account of their own at some providers, so it counts when it is verified and of the company. */
  private believedEmail({ email, email_verified: isVerified }: SsoClaims): string | undefined {
    const { GATEWAY_STAFF_SSO_DOMAINS: domains, GATEWAY_STAFF_SSO_UNVERIFIED_EMAIL: unverified } = this.config;
    if (typeof email !== 'string' || !domains.includes(domainOf(email))) return undefined;
    return isVerified === true || (unverified && isVerified === undefined) ? email : undefined;
  }

  private rolesOf(claims: SsoClaims): RoleGiven[] {
    const values = [claims[this.config.GATEWAY_STAFF_SSO_ROLES_CLAIM] ?? []].flat();
    const all = values.flatMap((value) => this.config.GATEWAY_STAFF_SSO_ROLES?.get(String(value)) ?? []);
    return [...new Map(all.map((grant) => [`${grant.role}@${grant.botId ?? ''}`, grant])).values()];
  }

  private hashOf(sub: string): string {
    return this.index.hash('staff sso', this.config.GATEWAY_STAFF_SSO_ISSUER!, sub);
  }
}
