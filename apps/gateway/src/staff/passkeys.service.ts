import { Inject, Injectable } from '@nestjs/common';
import {
  AddPasskey,
  type ListPasskeys,
  RemovePasskey,
  RenamePasskey,
  type SignInWithPasskey,
} from '@switchboard/contracts';
import { type AnswerOf, Clock, CONFIG, LOG, type Log, type RequestOf } from '@switchboard/service-kit';
import { Counter, Registry } from 'prom-client';
import { DataSource, type EntityManager, IsNull } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import { z } from 'zod';
import type { AuditEntry } from '../audit/audit-entry';
import { AuditLog } from '../audit/audit-log';
import type { SiteConfig } from '../sessions/site.config';
import { Passkey } from './passkey.entity';
import { StaffCipher } from './staff-cipher';
import { StaffNoticesJobs } from './staff-notices.jobs';
import { StaffTickets } from './staff-tickets';
import { Staff } from './staff.entity';
import { LastWayIn, PasskeyNotFound, PasskeyRefused, PasskeyUnusable, TooManyPasskeys } from './staff.errors';

type PasskeyShown = AnswerOf<typeof ListPasskeys>['data'][number];
export type PasskeyAnswer = RequestOf<typeof SignInWithPasskey>['body'];

export interface PasskeyChallenge {
  readonly ticket: string;
  readonly options: Record<string, unknown>;
}

/** Who has proven who they are with a passkey, and how. */
export interface ProvenByPasskey {
  readonly staff: Staff;
  /** `hwk` or `swk`, and `user`. Source: RFC 8176. */
  readonly amr: string[];
  /** It was asked for after a password. */
  readonly isSecondStep: boolean;
}

const Registration = z.object({ staffId: z.uuid(), challenge: z.string() });
const Assertion = z.object({ staffId: z.uuid().optional(), isSecondStep: z.boolean(), challenge: z.string() });
const REGISTRATION = 'passkey registration';
const ASSERTION = 'passkey assertion';

/** EdDSA, ES256, RS256: what every device has one of. */
const ALGORITHMS = [-8, -7, -257];
const ISSUER = 'Switchboard';
const MOST = 20;

/** Needed once in a while, and of some megabytes. */
const webAuthn = () => import('@simplewebauthn/server');

/**
 * Passkeys of staff. Each is locked on its device, by a PIN or by who its owner is, so it counts as two factors and signs in without a
 * password. Which devices there are is nobody's business: nothing is asked about their makers.
 */
@Injectable()
export class PasskeysService {
  private readonly origin: string;
  private readonly rpID: string;
  private readonly clones: Counter;

  constructor(
    private readonly db: DataSource,
    private readonly tickets: StaffTickets,
    private readonly cipher: StaffCipher,
    private readonly notices: StaffNoticesJobs,
    private readonly audit: AuditLog,
    private readonly clock: Clock,
    @Inject(CONFIG) { GATEWAY_PUBLIC_URL }: SiteConfig,
    registry: Registry,
    @Inject(LOG) private readonly log: Log,
  ) {
    const url = new URL(GATEWAY_PUBLIC_URL);
    [this.origin, this.rpID] = [url.origin, url.hostname];
    this.clones = new Counter({
      name: 'staff_passkey_clones_total',
      help: 'Passkeys that were used by a copy of themselves, and were shut out.',
      registers: [registry],
    });
  }

  has(staffId: string): Promise<boolean> {
    return this.db.manager.existsBy(Passkey, { staffId, clonedAt: IsNull() });
  }

  async list(staffId: string): Promise<PasskeyShown[]> {
    return (await this.db.manager.find(Passkey, { where: { staffId }, order: { id: 'ASC' } })).map(shown);
  }

  /** What has to be signed. @param staffId whose passkey it has to be; anybody's without it */
  async challenge(staffId?: string, { isSecondStep = false } = {}): Promise<PasskeyChallenge> {
    const own = staffId ? await this.db.manager.findBy(Passkey, { staffId, clonedAt: IsNull() }) : [];
    const options = await (
      await webAuthn()
    ).generateAuthenticationOptions({
      rpID: this.rpID,
      userVerification: 'required',
      allowCredentials: own.map(({ credentialId: id, transports }) => ({ id, transports })),
    });
    const { challenge } = options;
    return { ticket: this.tickets.issue(ASSERTION, { staffId, isSecondStep, challenge }), options: { ...options } };
  }

  /**
   * Who has signed what they were given to.
   * @param staffId who it has to be
   * @throws PasskeyRefused whatever does not fit, SignInExpired
   */
  async verify({ ticket, response }: PasskeyAnswer, staffId?: string): Promise<ProvenByPasskey> {
    const asked = await this.tickets.spend(ASSERTION, Assertion, ticket);
    if (staffId !== undefined && asked.staffId !== staffId) throw new PasskeyRefused();
    let known: Passkey | null = null;
    const proven = await this.db.transaction(async (tx) => {
      const passkey = await tx.findOne(Passkey, {
        where: { credentialId: response.id },
        lock: { mode: 'pessimistic_write' },
      });
      known = passkey;
      const staff = passkey && (await tx.findOneBy(Staff, { id: passkey.staffId, state: 'active' }));
      if (!passkey || !staff || passkey.clonedAt) return undefined;
      if (asked.staffId !== undefined && asked.staffId !== staff.id) return undefined;
      const { userHandle } = response.response;
      if (userHandle !== undefined && userHandle !== handleOf(staff.id).toString('base64url')) return undefined;
      const counter = await this.counterIn(passkey, response, asked.challenge);
      return counter !== undefined && (await this.count(tx, passkey, counter)) ? { staff, passkey } : undefined;
    });
    if (!proven) {
      if (known) await this.audit.append(this.db.manager, refusedUse(known));
      throw new PasskeyRefused();
    }
    const amr = [proven.passkey.isSynced ? 'swk' : 'hwk', 'user'];
    return { staff: proven.staff, amr, isSecondStep: asked.isSecondStep };
  }

  /** How a new one has to be made. */
  async beginRegistration(staffId: string): Promise<PasskeyChallenge> {
    const staff = await this.db.manager.findOneByOrFail(Staff, { id: staffId });
    const own = await this.db.manager.findBy(Passkey, { staffId });
    const { email, name } = this.cipher.read(staff);
    const options = await (
      await webAuthn()
    ).generateRegistrationOptions({
      rpName: ISSUER,
      rpID: this.rpID,
      userID: new Uint8Array(handleOf(staffId)),
      userName: email ?? '',
      userDisplayName: name,
      attestationType: 'none',
      authenticatorSelection: { residentKey: 'required', userVerification: 'required' },
      supportedAlgorithmIDs: ALGORITHMS,
      excludeCredentials: own.map(({ credentialId: id, transports }) => ({ id, transports })),
    });
    const { challenge } = options;
    return { ticket: this.tickets.issue(REGISTRATION, { staffId, challenge }), options: { ...options } };
  }

  /** @throws PasskeyUnusable, TooManyPasskeys, SignInExpired */
  async register(
    staffId: string,
    { ticket, name, response }: RequestOf<typeof AddPasskey>['body'],
  ): Promise<PasskeyShown> {
    const asked = await this.tickets.spend(REGISTRATION, Registration, ticket);
    if (asked.staffId !== staffId) throw new PasskeyUnusable();
    const { credential, credentialDeviceType } = await this.registrationIn(response, asked.challenge);
    const passkey: Passkey = {
      ...{ id: uuidv7(), staffId, name, createdAt: this.clock.now(), usedAt: null, clonedAt: null },
      ...{ credentialId: credential.id, publicKey: credential.publicKey, counter: credential.counter },
      transports: credential.transports ?? [],
      isSynced: credentialDeviceType === 'multiDevice',
    };
    return this.db.transaction(async (tx) => {
      await lockStaff(tx, staffId);
      if ((await tx.countBy(Passkey, { staffId })) >= MOST) throw new TooManyPasskeys(MOST);
      // One that somebody else has already, or that its device gave for new twice.
      if (await tx.existsBy(Passkey, { credentialId: credential.id })) throw new PasskeyUnusable();
      await tx.insert(Passkey, passkey);
      await tx.increment(Staff, { id: staffId }, 'revision', 1);
      const after = { name, isSynced: passkey.isSynced };
      await this.audit.done(tx, ownerOf(passkey), AddPasskey, { ...about(passkey), before: {}, after });
      await this.notices.tell(tx, staffId, 'passkey_added');
      return shown(passkey);
    });
  }

  /** @throws PasskeyNotFound */
  async rename(staffId: string, id: string, name: string): Promise<PasskeyShown> {
    return this.db.transaction(async (tx) => {
      await lockStaff(tx, staffId);
      const passkey = await tx.findOneBy(Passkey, { id, staffId });
      if (!passkey) throw new PasskeyNotFound();
      await tx.update(Passkey, { id }, { name });
      await this.audit.done(tx, ownerOf(passkey), RenamePasskey, {
        ...about(passkey),
        before: { name: passkey.name },
        after: { name },
      });
      return shown({ ...passkey, name });
    });
  }

  /** @throws PasskeyNotFound, LastWayIn */
  async remove(staffId: string, id: string): Promise<void> {
    await this.db.transaction(async (tx) => {
      const staff = await lockStaff(tx, staffId);
      const passkey = await tx.findOneBy(Passkey, { id, staffId });
      if (!passkey) throw new PasskeyNotFound();
      await tx.delete(Passkey, { id });
      const hasPassword = staff.passwordHash !== null && staff.totpSecret !== null;
      if (!hasPassword && !(await tx.existsBy(Passkey, { staffId, clonedAt: IsNull() }))) throw new LastWayIn();
      await tx.increment(Staff, { id: staffId }, 'revision', 1);
      const before = { name: passkey.name, isSynced: passkey.isSynced };
      await this.audit.done(tx, ownerOf(passkey), RemovePasskey, { ...about(passkey), before, after: {} });
    });
  }

  /** The counter of an assertion that is right; undefined of any other. */
  private async counterIn(
    passkey: Passkey,
    response: PasskeyAnswer['response'],
    expectedChallenge: string,
  ): Promise<number | undefined> {
    try {
      const { verified, authenticationInfo } = await (
        await webAuthn()
      ).verifyAuthenticationResponse({
        response: withoutAbsent(response),
        expectedChallenge,
        expectedOrigin: this.origin,
        expectedRPID: this.rpID,
        requireUserVerification: true,
        // The library would compare counters before it has verified the signature, and anybody could say that of a copy.
        credential: { id: passkey.credentialId, publicKey: passkey.publicKey, counter: -1 },
      });
      return verified ? authenticationInfo.newCounter : undefined;
    } catch (error) {
      this.log.warn({ passkey: passkey.id, why: (error as Error).message }, 'a passkey was refused');
      return undefined;
    }
  }

  /** Whether the counter has gone on. One that has not is that of a copy, and nobody knows which of the two is the owner's. */
  private async count(tx: EntityManager, { id, staffId, counter: before }: Passkey, counter: number): Promise<boolean> {
    const now = this.clock.now();
    if (counter > before || (counter === 0 && before === 0)) {
      await tx.update(Passkey, { id }, { counter, usedAt: now });
      return true;
    }
    await tx.update(Passkey, { id }, { clonedAt: now });
    this.clones.inc();
    this.log.error({ passkey: id, staffId, counter, before }, 'a passkey was used by a copy of itself and is shut out');
    const details = { because: 'used by a copy of itself', counter, before };
    const shutOut = { actor: ownerOf({ staffId }), action: 'gateway.passkeys.shut-out', result: 'denied' } as const;
    await this.audit.append(tx, { ...shutOut, ...about({ id }), details });
    return false;
  }

  private async registrationIn(response: RequestOf<typeof AddPasskey>['body']['response'], expectedChallenge: string) {
    try {
      const { verified, registrationInfo } = await (
        await webAuthn()
      ).verifyRegistrationResponse({
        response: withoutAbsent({ ...response, response: withoutAbsent(response.response) }),
        expectedChallenge,
        expectedOrigin: this.origin,
        expectedRPID: this.rpID,
        requireUserVerification: true,
        supportedAlgorithmIDs: ALGORITHMS,
      });
      if (verified) return registrationInfo;
    } catch (error) {
      this.log.warn({ why: (error as Error).message }, 'a new passkey was refused');
    }
    throw new PasskeyUnusable();
  }
}

/** In the audit log. */
const ownerOf = ({ staffId }: Pick<Passkey, 'staffId'>) => ({ kind: 'staff', id: staffId });
const about = ({ id }: Pick<Passkey, 'id'>) => ({ resource: { type: 'passkey', id } });
const refusedUse = (passkey: Passkey): AuditEntry => ({
  ...{ actor: ownerOf(passkey), action: 'gateway.passkeys.use', result: 'denied' },
  ...about(passkey),
});

/** By which a device tells whose a passkey is. */
const handleOf = (staffId: string) => Buffer.from(staffId.replaceAll('-', ''), 'hex');

/** As types have it that know no `undefined`. */
const withoutAbsent = <T extends object>(value: T) =>
  Object.fromEntries(Object.entries(value).filter(([, inner]) => inner !== undefined)) as {
    [Key in keyof T]: Exclude<T[Key], undefined>;
  };

function lockStaff(tx: EntityManager, id: string): Promise<Staff> {
  return tx.findOneOrFail(Staff, { where: { id }, lock: { mode: 'pessimistic_write' } });
}

const shown = ({ id, name, isSynced, clonedAt, createdAt, usedAt }: Passkey): PasskeyShown => ({
  ...{ id, name, isSynced, createdAt, usedAt },
  isCloned: clonedAt !== null,
});
