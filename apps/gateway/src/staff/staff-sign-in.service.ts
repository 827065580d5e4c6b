import { Injectable } from '@nestjs/common';
import { BlindIndex, Clock, type RequestOf } from '@switchboard/service-kit';
import { ChangePassword, type ProveAgain, RenewRecoveryCodes } from '@switchboard/contracts';
import { randomInt } from 'node:crypto';
import { generateSecret, generateURI, verify } from 'otplib';
import { DataSource, type EntityManager, Not } from 'typeorm';
import { z } from 'zod';
import { AuditLog } from '../audit/audit-log';
import { SessionsService } from '../sessions/sessions.service';
import { SignInExpired } from '../sessions/sign-in.errors';
import { type PasskeyAnswer, type PasskeyChallenge, PasskeysService } from './passkeys.service';
import { LocalSignIn } from './local-sign-in';
import { assertStrong, hashPassword, isPassword } from './passwords';
import { SignInAudit } from './sign-in-audit';
import { StaffCipher } from './staff-cipher';
import { Staff } from './staff.entity';
import { EmailNeeded, InvitationExpired, StaffExists, WrongCode, WrongCredentials } from './staff.errors';
import { StaffAttempts } from './staff-attempts';
import { StaffNoticesJobs } from './staff-notices.jobs';
import { StaffTickets } from './staff-tickets';
import { FIRST, StaffService } from './staff.service';

type Http = RequestOf<typeof ProveAgain>['http'];

export interface SignInStep {
  readonly ticket: string;
  readonly next: 'code' | 'enrol';
  readonly hasPasskey: boolean;
}

/** What somebody has chosen who was invited. It is written down together with their app: until then the link is good. */
const Account = z.object({ email: z.string(), name: z.string(), passwordHash: z.string() });
type Account = z.output<typeof Account>;

/** What the steps of a sign-in hand on. It is good for one member of staff, and only until their credentials change. */
const Ticket = z.object({
  staffId: z.uuid(),
  revision: z.int(),
  secret: z.string().optional(),
  account: Account.optional(),
});
const TICKET = 'sign-in';
/** Whoever has no app yet has to choose and install one. */
const ENROLMENT_MS = 30 * 60_000;

/** RFC 6238: SHA-1, six digits, 30 s; the step before and the one after count as well. */
const PERIOD = 30;
const TOLERANCE = 30;
const SECRET_BYTES = 20;
const ISSUER = 'Switchboard';

const RECOVERY_CODES = 10;
const RECOVERY_LENGTH = 10;
/** Base32 without what is mistaken for something else. */
const RECOVERY_LETTERS = 'ABCDEFGHJKMNPQRSTVWXYZ23456789';

/** How staff prove who they are: a password and a code that counts once, each step after the other. */
@Injectable()
export class StaffSignInService {
  constructor(
    private readonly db: DataSource,
    private readonly staff: StaffService,
    private readonly sessions: SessionsService,
    private readonly attempts: StaffAttempts,
    private readonly passkeys: PasskeysService,
    private readonly tickets: StaffTickets,
    private readonly local: LocalSignIn,
    private readonly signIns: SignInAudit,
    private readonly notices: StaffNoticesJobs,
    private readonly audit: AuditLog,
    private readonly cipher: StaffCipher,
    private readonly index: BlindIndex,
    private readonly clock: Clock,
  ) {}

  /**
   * @param proof of work, which is needed after two wrong passwords
   * @throws WrongCredentials, whatever is wrong; TooManyAttempts; ProofOfWorkNeeded; SsoRequired when all is right, and does not count here
   */
  async withPassword(http: Http, email: string, password: string, proof?: string): Promise<SignInStep> {
    const emailHash = this.staff.hashOfEmail(email);
    const attempt = await this.attempts.beginProven(emailHash, proof);
    const staff = await this.db.manager.findOneBy(Staff, { emailHash, state: 'active' });
    if (!(await isPassword(staff?.passwordHash ?? null, password))) {
      // Not waited for, or the time would tell who works here.
      if (staff) void this.signIns.denied(staff.id, 'wrong_credentials', http.request).catch(() => undefined);
      throw new WrongCredentials();
    }
    await attempt.succeeded();
    await this.local.assertAllowed(staff!);
    return this.nextStep(staff!);
  }

  async readInvitation(token: string): Promise<{ email: string | null; name: string | null }> {
    const { email, name } = this.cipher.read(await this.invited(this.db.manager, token));
    return { email, name: name || null };
  }

  /**
   * Changes nothing yet: whoever does not come to the end opens the link again.
   * @throws InvitationExpired, WeakPassword, EmailNeeded, StaffExists, SsoRequired
   */
  async acceptInvitation(chosen: {
    token: string;
    password: string;
    name?: string | undefined;
    email?: string | undefined;
  }): Promise<SignInStep> {
    const invited = await this.invited(this.db.manager, chosen.token);
    await this.local.assertAllowed(invited);
    const known = await this.readInvitation(chosen.token);
    const email = known.email ?? chosen.email;
    if (!email) throw new EmailNeeded();
    const name = chosen.name ?? known.name ?? email;
    await assertStrong(chosen.password, [email, name]);
    await this.assertFree(this.db.manager, invited.id, email);
    return this.nextStep(invited, { email, name, passwordHash: await hashPassword(chosen.password) });
  }

  /** A secret for an app, which counts when two of its codes have come back. */
  async beginTotp(ticket: string): Promise<{ ticket: string; secret: string; uri: string }> {
    const { staff, account } = await this.open(ticket);
    // Who has an app already proves it; a lost one is another member's to take away.
    if (staff.totpSecret) throw new SignInExpired();
    const secret = generateSecret({ length: SECRET_BYTES });
    const label = account?.email ?? this.cipher.read(staff).email ?? '';
    return {
      ticket: this.ticketFor(staff, { secret, account }),
      secret,
      uri: generateURI({ secret, label, issuer: ISSUER }),
    };
  }

  /** Ends an invitation as well. @returns the recovery codes. @throws WrongCode, SignInExpired, StaffExists */
  async confirmTotp(http: Http, ticket: string, first: string, second: string): Promise<string[]> {
    const { staff, secret, account } = await this.open(ticket);
    if (!secret || staff.totpSecret) throw new SignInExpired();
    const attempt = await this.attempts.begin(staff.id);
    const one = await this.stepOf(secret, first, 0);
    const two = one === undefined ? undefined : await this.stepOf(secret, second, one);
    if (two === undefined) throw new WrongCode();
    await attempt.succeeded();
    const codes = newRecoveryCodes();
    const enrolled = await this.db.transaction(async (tx) => {
      if (account) await this.assertFree(tx, staff.id, account.email);
      await this.change(tx, staff, {
        ...{ state: 'active', totpStep: two, recoveryHashes: this.hashesOf(staff.id, codes) },
        totpSecret: this.cipher.sealTotpSecret(staff.id, secret),
        ...(account && this.valuesOf(staff.id, account)),
      });
      if (account) {
        const accepted = { action: 'gateway.account.accept-invitation', result: 'done' } as const;
        await this.audit.append(tx, { actor: actorOf(staff.id), ...accepted, ...about(staff.id) });
      }
      return tx.findOneByOrFail(Staff, { id: staff.id });
    });
    await this.begin(http, enrolled, ['pwd', 'otp']);
    return codes;
  }

  /** @returns how many recovery codes are left. @throws WrongCode, SignInExpired, TooManyAttempts */
  async withCode(http: Http, ticket: string, code: string): Promise<number> {
    const { staff } = await this.open(ticket);
    const { amr, recoveryCodesLeft } = await this.takeCode(http, staff.id, code);
    await this.begin(http, staff, ['pwd', amr]);
    return recoveryCodesLeft;
  }

  /** What a passkey has to sign; of anybody's, or as the second step after a password. @throws SignInExpired */
  async beginPasskey(ticket: string | undefined): Promise<PasskeyChallenge> {
    if (ticket === undefined) return this.passkeys.challenge();
    const { staff } = await this.open(ticket);
    return this.passkeys.challenge(staff.id, { isSecondStep: true });
  }

  /** @throws PasskeyRefused, SignInExpired, SsoRequired */
  async withPasskey(http: Http, answer: PasskeyAnswer): Promise<void> {
    const { staff, amr, isSecondStep } = await this.passkeys.verify(answer);
    await this.local.assertAllowed(staff);
    await this.begin(http, staff, isSecondStep ? ['pwd', ...amr] : amr);
  }

  /** @throws PasskeyRefused, SignInExpired, WrongCredentials */
  async proveWithPasskey(http: Http, staffId: string, answer: PasskeyAnswer): Promise<void> {
    const session = await this.sessions.find(http.request, 'staff');
    if (session?.subjectId !== staffId) throw new WrongCredentials();
    const { amr } = await this.passkeys.verify(answer, staffId);
    await this.sessions.prove(session.id, amr);
  }

  /** @throws WrongCredentials, TooManyAttempts */
  async proveAgain(
    http: Http,
    staffId: string,
    { password, code }: { password?: string | undefined; code: string },
  ): Promise<void> {
    const session = await this.sessions.find(http.request, 'staff');
    if (session?.subjectId !== staffId) throw new WrongCredentials();
    if (password !== undefined) {
      const attempt = await this.attempts.begin(staffId);
      const { passwordHash } = await this.db.manager.findOneByOrFail(Staff, { id: staffId });
      if (!(await isPassword(passwordHash, password))) throw new WrongCredentials();
      await attempt.succeeded();
    }
    const { amr } = await this.takeCode(http, staffId, code).catch((error: unknown) => {
      throw error instanceof WrongCode ? new WrongCredentials() : error;
    });
    await this.sessions.prove(session.id, [amr]);
  }

  /** @throws WeakPassword */
  async changePassword(http: Http, staffId: string, password: string): Promise<void> {
    const { email, name } = await this.staff.read(staffId);
    await assertStrong(password, [email ?? '', name]);
    const passwordHash = await hashPassword(password);
    const present = await this.sessions.find(http.request, 'staff');
    await this.db.transaction(async (tx) => {
      await tx.update(Staff, { id: staffId }, { passwordHash });
      await tx.increment(Staff, { id: staffId }, 'revision', 1);
      await this.sessions.endAll(tx, 'staff', staffId, present?.id);
      await this.audit.done(tx, actorOf(staffId), ChangePassword, about(staffId));
      await this.notices.tell(tx, staffId, 'password_changed');
    });
    this.sessions.changed(staffId);
  }

  async renewRecoveryCodes(staffId: string): Promise<string[]> {
    const codes = newRecoveryCodes();
    await this.db.transaction(async (tx) => {
      await tx.update(Staff, { id: staffId }, { recoveryHashes: this.hashesOf(staffId, codes) });
      await this.audit.done(tx, actorOf(staffId), RenewRecoveryCodes, about(staffId));
      await this.notices.tell(tx, staffId, 'recovery_codes_renewed');
    });
    return codes;
  }

  async recoveryCodesLeft(staffId: string): Promise<number> {
    return (await this.db.manager.findOneByOrFail(Staff, { id: staffId })).recoveryHashes.length;
  }

  private async begin(http: Http, staff: Staff, amr: string[]): Promise<void> {
    const { id } = staff;
    const session = await this.sessions.begin(http, { kind: 'staff', id, amr });
    await this.db.manager.update(Staff, { id }, { signedInAt: this.clock.now() });
    await this.signIns.began(session, http.request, this.local.note(staff) ? { breakGlass: true } : {});
  }

  private async nextStep(staff: Staff, account?: Account): Promise<SignInStep> {
    const hasPasskey = await this.passkeys.has(staff.id);
    return { ticket: this.ticketFor(staff, { account }), next: staff.totpSecret ? 'code' : 'enrol', hasPasskey };
  }

  /** Takes a code of the app or a recovery code; the row is locked, so that none is taken twice. */
  private async takeCode(
    http: Http,
    staffId: string,
    given: string,
  ): Promise<{ amr: string; recoveryCodesLeft: number }> {
    const attempt = await this.attempts.begin(staffId);
    const taken = await this.db.transaction(async (tx) => {
      const staff = await tx.findOne(Staff, { where: { id: staffId }, lock: { mode: 'pessimistic_write' } });
      if (staff?.state !== 'active' || !staff.totpSecret) return undefined;
      const { recoveryHashes: hashes } = staff;
      if (/^\d{6}$/.test(given)) {
        const secret = this.cipher.readTotpSecret(staffId, staff.totpSecret);
        const step = await this.stepOf(secret, given, staff.totpStep);
        if (step === undefined) return undefined;
        await tx.update(Staff, { id: staffId }, { totpStep: step });
        return { amr: 'otp', recoveryCodesLeft: hashes.length };
      }
      const [used] = this.hashesOf(staffId, [given.toUpperCase().replaceAll(/[\s-]/g, '')]);
      if (!hashes.includes(used!)) return undefined;
      const left = hashes.filter((hash) => hash !== used);
      await tx.update(Staff, { id: staffId }, { recoveryHashes: left });
      await this.notices.tell(tx, staffId, 'recovery_code_used');
      return { amr: 'mfa', recoveryCodesLeft: left.length };
    });
    if (!taken) {
      await this.signIns.denied(staffId, 'wrong_code', http.request);
      throw new WrongCode();
    }
    await attempt.succeeded();
    return taken;
  }

  /** The time step of a code that is right and later than `after`. */
  private async stepOf(secret: string, token: string, after: number): Promise<number | undefined> {
    const epoch = Math.floor(this.clock.now().getTime() / 1000);
    const checked = await verify({
      secret,
      token,
      epoch,
      period: PERIOD,
      epochTolerance: TOLERANCE,
      afterTimeStep: after,
    });
    return checked.valid && 'timeStep' in checked ? checked.timeStep : undefined;
  }

  private valuesOf(id: string, { email, name, passwordHash }: Account): Partial<Staff> {
    return {
      ...{ passwordHash, emailHash: this.staff.hashOfEmail(email), invitationHash: null, invitationExpiresAt: null },
      ...this.cipher.seal(id, { email, name }),
    };
  }

  /** @throws StaffExists */
  private async assertFree(tx: EntityManager, id: string, email: string): Promise<void> {
    const emailHash = this.staff.hashOfEmail(email);
    if (await tx.existsBy(Staff, { emailHash, id: Not(id) })) throw new StaffExists();
  }

  private async change(tx: EntityManager, staff: Staff, values: Partial<Staff>): Promise<void> {
    const { affected } = await tx.update(
      Staff,
      { id: staff.id, revision: staff.revision },
      { ...values, revision: staff.revision + 1 },
    );
    if (affected !== 1) throw new SignInExpired();
  }

  private async invited(tx: EntityManager, token: string): Promise<Staff> {
    const staff = await tx.findOneBy(Staff, { invitationHash: this.staff.hashOfToken(token), state: 'invited' });
    const expiresAt = staff?.invitationExpiresAt;
    // That of the first owner is good until there is one.
    const isGood = staff && (expiresAt ? expiresAt > this.clock.now() : staff.emailHash === FIRST);
    if (!isGood) throw new InvitationExpired();
    return staff;
  }

  private ticketFor(
    { id: staffId, revision, totpSecret }: Staff,
    more: Pick<z.output<typeof Ticket>, 'secret' | 'account'>,
  ): string {
    const livesMs = totpSecret ? undefined : ENROLMENT_MS;
    return this.tickets.issue(TICKET, { staffId, revision, ...more }, livesMs);
  }

  /** @throws SignInExpired also for one whose credentials have changed since */
  private async open(text: string): Promise<{ staff: Staff } & Pick<z.output<typeof Ticket>, 'secret' | 'account'>> {
    const { staffId: id, revision, ...chosen } = this.tickets.open(TICKET, Ticket, text);
    const staff = await this.db.manager.findOneBy(Staff, { id, revision });
    if (!staff || staff.state === 'suspended') throw new SignInExpired();
    return { staff, ...chosen };
  }

  private hashesOf(staffId: string, codes: readonly string[]): string[] {
    return codes.map((code) => this.index.hash('recovery code', staffId, code.replaceAll('-', '')));
  }
}

/** In the audit log. */
const actorOf = (id: string) => ({ kind: 'staff', id });
const about = (id: string) => ({ resource: { type: 'staff', id } });

/** `ABCDE-FGHJK` */
function newRecoveryCodes(): string[] {
  const letter = () => RECOVERY_LETTERS[randomInt(RECOVERY_LETTERS.length)]!;
  const code = () => Array.from({ length: RECOVERY_LENGTH }, letter).join('');
  return Array.from({ length: RECOVERY_CODES }, () => code().replace(/^(.{5})/, '$1-'));
}
