import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import { Outbox } from '@switchboard/bus';
import {
  type Actor,
  ApproveRequest,
  type ListApprovals,
  NoticeSendRequested,
  type Permission,
  type ReadApproval,
  RejectRequest,
  WithdrawRequest,
} from '@switchboard/contracts';
import {
  type AnswerOf,
  type ApprovalDemand,
  Approvals,
  type ApprovalVerdict,
  Clock,
  CONFIG,
  FieldCipher,
  LOG,
  type Log,
  type Position,
} from '@switchboard/service-kit';
import { Counter, Registry } from 'prom-client';
import {
  DataSource,
  type EntityManager,
  In,
  LessThan,
  LessThanOrEqual,
  MoreThan,
  type FindOptionsWhere,
} from 'typeorm';
import { v7 as uuidv7, validate as isUuid } from 'uuid';
import { PrincipalsService } from '../access/principals.service';
import { AuditLog } from '../audit/audit-log';
import { StaffCipher } from '../staff/staff-cipher';
import { Staff } from '../staff/staff.entity';
import { Approval } from './approval.entity';
import { ApprovalBeyondOwn, ApprovalDecided, ApprovalNotFound, ApprovalOfOneself } from './approvals.errors';

type ApprovalAnswer = AnswerOf<typeof ListApprovals>['data'][number];
type ApprovalDetails = AnswerOf<typeof ReadApproval>;
type State = Approval['state'] | 'expired';

const HOUR_MS = 3_600_000;
const LIVES_MS = 24 * HOUR_MS;
/** The answer of what was approved may be lost: the same request is let through again, and its route does it once. */
const REPEATED_FOR_MS = HOUR_MS;
const PLACE = 'approvals.body';

/** Four eyes: what one member of staff wants to do waits until another one, who could do it as well, agrees. */
@Injectable()
export class ApprovalsService implements OnModuleInit {
  private readonly outcomes: Counter<'outcome'>;

  constructor(
    private readonly db: DataSource,
    private readonly kit: Approvals,
    private readonly principals: PrincipalsService,
    private readonly cipher: FieldCipher,
    private readonly staff: StaffCipher,
    private readonly audit: AuditLog,
    private readonly outbox: Outbox,
    private readonly clock: Clock,
    @Inject(CONFIG) private readonly config: { GATEWAY_PUBLIC_URL?: string },
    registry: Registry,
    @Inject(LOG) private readonly log: Log,
  ) {
    this.outcomes = new Counter({
      name: 'approvals_total',
      help: 'What became of acts that need a second person: requested, approved, rejected, withdrawn, used, alone (nobody else could).',
      labelNames: ['outcome'],
      registers: [registry],
    });
  }

  onModuleInit(): void {
    this.kit.answerBy((demand) => this.demand(demand));
  }

  /** Whether a service may do what a member of staff asks it for. What is not approved yet is recorded, once. */
  async demand(demand: ApprovalDemand): Promise<ApprovalVerdict> {
    // Whoever comes with a key of the installation, as an operator does, is no member of staff of whom there are two.
    const isStaff = isUuid(demand.requester) && (await this.db.manager.existsBy(Staff, { id: demand.requester }));
    if (!isStaff) return this.passAlone(demand, false);
    if (demand.approvalId !== null) return this.use(demand, demand.approvalId);
    const { permission } = demand.route;
    if ((await this.othersWhoDecide(demand.requester, permission, demand.botId)).size === 0)
      return this.passAlone(demand, true);
    return this.db.transaction(async (tx) => {
      const { requester: requestedBy, hash } = demand;
      await tx.query('SELECT pg_advisory_xact_lock(hashtextextended($1, 0))', [`approval ${requestedBy} ${hash}`]);
      const [waiting] = await tx.findBy(Approval, {
        ...{ requestedBy, hash, state: In(['pending', 'approved']) },
        expiresAt: MoreThan(this.clock.now()),
      });
      return required(waiting ?? (await this.record(tx, demand)));
    });
  }

  /** The latest first. @param requestedBy of this member of staff alone */
  async list(
    actor: Actor,
    { state, requestedBy }: { state?: State | undefined; requestedBy?: string },
    position: Position | undefined,
    limit: number,
  ): Promise<ApprovalAnswer[]> {
    const backwards = position?.direction === 'prev';
    const where: FindOptionsWhere<Approval> = {
      ...(requestedBy !== undefined && { requestedBy }),
      ...(position && { id: (backwards ? MoreThan : LessThan)(String(position.key[0])) }),
      ...(state && this.inState(state)),
    };
    const order = { id: backwards ? 'ASC' : 'DESC' } as const;
    const rows = await this.db.manager.find(Approval, { where, order, take: limit });
    return this.shown(this.db.manager, actor, rows);
  }

  /** @throws ApprovalNotFound */
  async read(actor: Actor, id: string, tx: EntityManager = this.db.manager): Promise<ApprovalDetails> {
    const approval = await tx.findOneBy(Approval, { id });
    if (!approval) throw new ApprovalNotFound();
    const [shown] = await this.shown(tx, actor, [approval]);
    const { body } = JSON.parse(this.cipher.decrypt(approval.body, PLACE, id)) as { body?: unknown };
    return { ...shown!, body };
  }

  /** @throws ApprovalNotFound, ApprovalOfOneself, ApprovalBeyondOwn, ApprovalDecided */
  decide(
    actor: Actor,
    id: string,
    state: 'approved' | 'rejected',
    comment: string | undefined,
  ): Promise<ApprovalDetails> {
    return this.db.transaction(async (tx) => {
      const approval = await this.pending(tx, id);
      const { requestedBy, permission, botId } = approval;
      if (requestedBy === actor.id) throw new ApprovalOfOneself();
      const others = await this.othersWhoDecide(requestedBy, permission, botId);
      if (!others.has(actor.id)) throw new ApprovalBeyondOwn(permission);
      const decision = { state, decidedBy: actor.id, decidedAt: this.clock.now(), comment: comment ?? null };
      await tx.update(Approval, { id }, decision);
      this.outcomes.inc({ outcome: state });
      const details = await this.read(actor, id, tx);
      const route = state === 'approved' ? ApproveRequest : RejectRequest;
      await this.audit.done(tx, actor, route, { ...about({ ...approval, ...decision }), reason: comment });
      return details;
    });
  }

  /** Also of what was approved and not done. @throws ApprovalNotFound, ApprovalDecided */
  async withdraw(actor: Actor, id: string): Promise<void> {
    await this.db.transaction(async (tx) => {
      const approval = await this.pending(tx, id, ['pending', 'approved'], actor.id);
      await tx.update(Approval, { id: approval.id }, { state: 'withdrawn' });
      await this.audit.done(tx, actor, WithdrawRequest, about({ ...approval, state: 'withdrawn' }));
    });
    this.outcomes.inc({ outcome: 'withdrawn' });
  }

  /** What is in the audit log need not be kept here. */
  async forgetExpiredBefore(time: Date): Promise<void> {
    await this.db.manager.delete(Approval, { expiresAt: LessThan(time) });
  }

  private async passAlone(
    { requester, route, botId, userId }: ApprovalDemand,
    isStaff: boolean,
  ): Promise<ApprovalVerdict> {
    this.outcomes.inc({ outcome: 'alone' });
    this.log.warn({ requester, route: route.id }, 'done without a second person: nobody else could have agreed');
    if (isStaff) {
      await this.audit.append(this.db.manager, {
        ...{ actor: asked(requester), action: 'gateway.approvals.pass-alone', resource: { type: 'approval', id: '' } },
        ...{ botId: botId ?? undefined, userId: userId ?? undefined, details: { route: route.id } },
        result: 'done',
      });
    }
    return { verdict: 'passed' };
  }

  private async record(tx: EntityManager, demand: ApprovalDemand): Promise<Approval> {
    const { requester: requestedBy, route, method, path, body, hash, botId, userId } = demand;
    const id = uuidv7();
    const now = this.clock.now();
    const approval = tx.create(Approval, {
      ...{ id, requestedBy, method, path, hash, botId, userId, requestedAt: now, state: 'pending' },
      ...{ route: route.id, summary: route.summary, permission: route.permission },
      body: this.cipher.encrypt(JSON.stringify({ body }), PLACE, id),
      expiresAt: new Date(now.getTime() + LIVES_MS),
    });
    await tx.insert(Approval, approval);
    this.outcomes.inc({ outcome: 'requested' });
    const request = { actor: asked(requestedBy), action: 'gateway.approvals.request', result: 'done' } as const;
    await this.audit.append(tx, { ...request, ...about(approval) });
    // Nobody looks into the list all day, and a day later it is too late.
    const texts = textsOf(approval, this.config.GATEWAY_PUBLIC_URL);
    await this.outbox.add(tx, NoticeSendRequested({ noticeId: id, audience: 'staff', texts }));
    return approval;
  }

  private async use(demand: ApprovalDemand, id: string): Promise<ApprovalVerdict> {
    const { requester: requestedBy, hash, execution } = demand;
    const now = this.clock.now();
    const exactly = { id, requestedBy, hash };
    const isUsed = await this.db.transaction(async (tx) => {
      const { affected } = await tx.update(
        Approval,
        { ...exactly, state: 'approved', expiresAt: MoreThan(now) },
        { state: 'used', execution, usedAt: now },
      );
      if (affected !== 1) return false;
      const used = await tx.findOneByOrFail(Approval, exactly);
      const use = { actor: asked(requestedBy), action: 'gateway.approvals.use', result: 'done' } as const;
      await this.audit.append(tx, { ...use, ...about(used) });
      return true;
    });
    if (isUsed) {
      this.outcomes.inc({ outcome: 'used' });
      return { verdict: 'passed' };
    }
    const approval = await this.db.manager.findOneBy(Approval, exactly);
    if (!approval) return { verdict: 'unusable', state: 'unknown' };
    const state = this.stateOf(approval);
    if (state === 'pending') return required(approval);
    const isRepeated =
      approval.execution === execution && now.getTime() - (approval.usedAt?.getTime() ?? 0) < REPEATED_FOR_MS;
    return state === 'used' && isRepeated ? { verdict: 'passed' } : { verdict: 'unusable', state };
  }

  /** Locked. */
  private async pending(
    tx: EntityManager,
    id: string,
    states: readonly State[] = ['pending'],
    requestedBy?: string,
  ): Promise<Approval> {
    const approval = await tx.findOne(Approval, {
      where: { id, ...(requestedBy !== undefined && { requestedBy }) },
      lock: { mode: 'pessimistic_write' },
    });
    if (!approval) throw new ApprovalNotFound();
    const state = this.stateOf(approval);
    if (!states.includes(state)) throw new ApprovalDecided(state);
    return approval;
  }

  private async othersWhoDecide(requester: string, permission: string, botId: string | null): Promise<Set<string>> {
    const route = { permission: permission as Permission, ...(botId !== null && { bots: 'filtered' as const }) };
    const all = await this.principals.staffWhoMay([route, ApproveRequest], botId ?? undefined);
    all.delete(requester);
    return all;
  }

  private stateOf({ state, expiresAt }: Approval): State {
    const isOpen = state === 'pending' || state === 'approved';
    return isOpen && expiresAt <= this.clock.now() ? 'expired' : state;
  }

  private inState(state: State): FindOptionsWhere<Approval> {
    const now = this.clock.now();
    if (state === 'expired') return { state: In(['pending', 'approved']), expiresAt: LessThanOrEqual(now) };
    return { state, ...((state === 'pending' || state === 'approved') && { expiresAt: MoreThan(now) }) };
  }

  private async shown(tx: EntityManager, actor: Actor, rows: readonly Approval[]): Promise<ApprovalAnswer[]> {
    const ids = rows.flatMap(({ requestedBy, decidedBy }) => [requestedBy, ...(decidedBy ? [decidedBy] : [])]);
    const staff = await tx.findBy(Staff, { id: In([...new Set(ids)]) });
    const names = new Map(staff.map((row) => [row.id, this.staff.read(row).name]));
    const who = (id: string) => ({ id, name: names.get(id) ?? '' });
    return Promise.all(
      rows.map(async (approval) => {
        const { requestedBy, decidedBy, permission, botId } = approval;
        const { id, route, summary, method, path, requestedAt, expiresAt, decidedAt, comment, usedAt } = approval;
        const state = this.stateOf(approval);
        const isOpen = state === 'pending' && requestedBy !== actor.id;
        const mayDecide = isOpen && (await this.othersWhoDecide(requestedBy, permission, botId)).has(actor.id);
        return {
          ...{ id, route, summary, method, path, botId, requestedAt, expiresAt, state, decidedAt, comment, usedAt },
          ...{ requestedBy: who(requestedBy), decidedBy: decidedBy ? who(decidedBy) : null, mayDecide },
        };
      }),
    );
  }
}

/** What is asked for stands in the audit log by its hash: its words are encrypted, and forgotten. */
const about = ({ id, route, hash, state, requestedBy, botId, userId }: Approval) => ({
  ...{ resource: { type: 'approval', id }, approvalId: id },
  ...{ botId: botId ?? undefined, userId: userId ?? undefined },
  details: { route, hash, state, requestedBy },
});

/** Without names, and without what exactly is asked for. */
function textsOf({ route, botId }: Approval, site: string | undefined): Record<'en' | 'ru', string> {
  const act = `\`${route}\`${botId === null ? '' : ` (${botId})`}`;
  const where = site === undefined ? '' : `\n${new URL('/console/approvals', site).href}`;
  return {
    en: `An act waits for a second member of staff: ${act}. It can be approved within 24 hours.${where}`,
    ru: `Действие ждёт второго сотрудника: ${act}. Одобрить его можно в течение 24 часов.${where}`,
  };
}

const asked = (requester: string) => ({ kind: 'staff', id: requester });

const required = (approval: Approval): ApprovalVerdict => ({
  ...{ verdict: 'required', approvalId: approval.id, expiresAt: approval.expiresAt, state: approval.state },
});
