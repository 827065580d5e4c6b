import { Injectable } from '@nestjs/common';
import { Outbox } from '@switchboard/bus';
import {
  type Actor,
  AllowanceChangeRequested,
  AnomalyDetected,
  AnomalyResolved,
  type ListAlerts,
  type ReadAlert,
} from '@switchboard/contracts';
import {
  type AnswerOf,
  Clock,
  Cursors,
  DomainError,
  type Page,
  type RequestOf,
  seesBot,
} from '@switchboard/service-kit';
import { DataSource, type EntityManager, In, LessThan } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import { EventStore } from '../events/event-store.service';
import { Alert } from './alert.entity';
import { AlertSettingsService } from './alert-settings.service';
import { runbookOf, titleOf } from './alert-texts';
import { type Confirmation, observed } from './alert.states';
import type { Finding, Suspect } from './finding';

class AlertNotFound extends DomainError {
  constructor(id: string) {
    super('analytics.alert_not_found', 'There is no such alert', 404, { id });
  }
}

class AlertIsOver extends DomainError {
  constructor(id: string) {
    super('analytics.alert_is_over', 'The alert is over', 409, { id });
  }
}

class SnoozeTooLong extends DomainError {
  constructor() {
    super('analytics.snooze_too_long', 'An alert is snoozed for 14 days at most', 422);
  }
}

/** Of one person; so many days are longer than any holiday. */
const LONGEST_SNOOZE_MS = 14 * 86_400_000;
const HOUR_MS = 3_600_000;
/** Somebody who is limited may go on as on two usual days. */
const TIMES_USUAL = 2;

/** What one look at some rules has found. */
export interface Look {
  readonly rules: readonly Finding['rule'][];
  /** Where only this was looked at: others of the rules stay as they are. */
  readonly subject?: string;
  readonly findings: readonly Finding[];
  readonly confirmation: Confirmation;
}

export interface FiringAlerts extends Pick<Finding, 'rule' | 'severity'> {
  readonly acknowledged: 'true' | 'false';
  readonly count: number;
}

/** Alerts on usage: what is out of the ordinary, from the first look until it is over. */
@Injectable()
export class AlertsService {
  constructor(
    private readonly db: DataSource,
    private readonly cursors: Cursors,
    private readonly settings: AlertSettingsService,
    private readonly outbox: Outbox,
    private readonly clock: Clock,
    store: EventStore,
  ) {
    store.alsoForget(async (tx, userId) => {
      await this.endThoseOf(tx, userId);
      await tx.update(Alert, { userId }, { userId: null });
      await tx.update(Alert, { throttledUserId: userId }, { throttledUserId: null });
    });
  }

  /** Carries on the alerts of some rules by what was found now; what is not among the findings is as usual. */
  async observe(tx: EntityManager, { rules, subject, findings, confirmation }: Look): Promise<void> {
    const query = tx
      .createQueryBuilder(Alert, 'alert')
      .where(`alert.state IN ('pending', 'firing') AND alert.rule = ANY (:rules)`, { rules });
    if (subject !== undefined) query.andWhere('alert.subject = :subject', { subject });
    const open = await query.orderBy('alert.id').setLock('pessimistic_write').getMany();
    for (const finding of findings) {
      const known = open.find((alert) => keyOf(alert) === keyOf(finding));
      await this.carryOn(tx, known ?? begunBy(tx, finding), { finding, before: known, confirmation });
    }
    const found = new Set(findings.map(keyOf));
    for (const alert of open)
      if (!found.has(keyOf(alert))) await this.carryOn(tx, alert, { before: alert, confirmation });
  }

  list(request: RequestOf<typeof ListAlerts>): Promise<Page<Alert>> {
    const { state, botId } = request.query;
    const { bots } = request.actor;
    const query = this.db.manager.createQueryBuilder(Alert, 'alert');
    if (state) query.andWhere('alert.state = ANY(:state)', { state });
    if (botId) query.andWhere('alert.botId = :botId', { botId });
    if (bots) query.andWhere('alert.botId = ANY(:bots)', { bots });
    return this.cursors.select(request, query, ['id']);
  }

  /** How many fire. */
  firing(tx: EntityManager): Promise<FiringAlerts[]> {
    return tx.query(`
      SELECT rule, severity, (acknowledged_at IS NOT NULL)::text AS acknowledged, count(*)::integer AS count
      FROM alerts WHERE state = 'firing' GROUP BY 1, 2, 3`);
  }

  async read(tx: EntityManager, id: string, bots: Actor['bots']): Promise<Alert> {
    const alert = await tx.findOneBy(Alert, { id });
    if (!alert || !seesBot(bots, alert.botId)) throw new AlertNotFound(id);
    return alert;
  }

  /** Whoever acknowledges it first looks after it. */
  async acknowledge(tx: EntityManager, id: string, by: Actor): Promise<Alert> {
    const alert = await this.openAlert(tx, id, by.bots);
    if (alert.acknowledgedAt) return alert;
    return tx.save(Alert, { ...alert, acknowledgedAt: this.clock.now(), acknowledgedBy: `${by.kind}:${by.id}` });
  }

  async snooze(tx: EntityManager, id: string, until: Date, bots: Actor['bots']): Promise<Alert> {
    const alert = await this.openAlert(tx, id, bots);
    if (until.getTime() > this.clock.now().getTime() + LONGEST_SNOOZE_MS) throw new SnoozeTooLong();
    return tx.save(Alert, { ...alert, snoozedUntil: until });
  }

  async liftThrottle(tx: EntityManager, id: string, bots: Actor['bots']): Promise<Alert> {
    const alert = await this.locked(tx, id, bots);
    const { throttledUserId: userId, botId } = alert;
    if (!userId || !botId) return alert;
    await this.limit(tx, { userId, botId, microsPerDay: null, until: this.clock.now() });
    return tx.save(Alert, { ...alert, throttledUntil: null });
  }

  async forgetResolved(before: Date): Promise<void> {
    await this.db.manager.delete(Alert, { resolvedAt: LessThan(before) });
  }

  private async carryOn(
    tx: EntityManager,
    alert: Alert,
    { finding, before, confirmation }: { finding?: Finding; before: Alert | undefined; confirmation: Confirmation },
  ): Promise<void> {
    const now = this.clock.now();
    const next = observed(before, finding !== undefined, confirmation);
    if (!next) return void (await tx.delete(Alert, { id: alert.id }));
    const isNewlyFiring = next.state === 'firing' && before?.state !== 'firing';
    if (finding) {
      const { severity, measure, windowSeconds, expected, seen, score, contributors } = finding;
      // What has become worse is told again.
      if (alert.severity === 'warning' && severity === 'critical') alert.notifiedAt = null;
      if (alert.severity !== 'critical') alert.severity = severity;
      Object.assign(alert, { measure, windowSeconds, expected, seen, score, contributors, lastSeenAt: now });
    }
    Object.assign(alert, next);
    if (isNewlyFiring) alert.firedAt = now;
    // Once: whoever lifts it has looked.
    if (next.state === 'firing' && finding?.suspect && !alert.throttledUserId)
      await this.throttle(tx, alert, finding.suspect, now);
    if (next.state === 'resolved') return this.resolve(tx, alert);
    await tx.save(Alert, alert);
    if (isNewlyFiring) await this.outbox.add(tx, AnomalyDetected(detected(alert)));
  }

  /** Nobody looks at a person any more who has withdrawn, and without the person there would be two alerts of one thing. */
  private async endThoseOf(tx: EntityManager, userId: string): Promise<void> {
    const open = await tx.find(Alert, {
      where: { userId, state: In(['pending', 'firing']) },
      order: { id: 'ASC' },
      lock: { mode: 'pessimistic_write' },
    });
    for (const alert of open) {
      if (alert.state === 'pending') await tx.delete(Alert, { id: alert.id });
      else await this.resolve(tx, Object.assign(alert, { userId: null, state: 'resolved' }));
    }
  }

  private async resolve(tx: EntityManager, alert: Alert): Promise<void> {
    const resolvedAt = this.clock.now();
    await tx.save(Alert, Object.assign(alert, { resolvedAt }));
    await this.outbox.add(tx, AnomalyResolved({ ...series(alert), resolvedAt: resolvedAt.toISOString() }));
  }

  private async throttle(tx: EntityManager, alert: Alert, suspect: Suspect, now: Date): Promise<void> {
    const { throttle, throttleHours } = await this.settings.read(tx);
    if (!throttle) return;
    const { userId, botId, usualMicros } = suspect;
    const until = new Date(now.getTime() + throttleHours * HOUR_MS);
    await this.limit(tx, { userId, botId, microsPerDay: Math.round(TIMES_USUAL * usualMicros), until });
    Object.assign(alert, { throttledUserId: userId, throttledUntil: until });
  }

  private async limit(
    tx: EntityManager,
    { until, ...limit }: { userId: string; botId: string; microsPerDay: number | null; until: Date },
  ): Promise<void> {
    const change = { ...limit, until: until.toISOString(), reason: 'unusual_usage' } as const;
    await this.outbox.add(tx, AllowanceChangeRequested(change));
  }

  private async openAlert(tx: EntityManager, id: string, bots: Actor['bots']): Promise<Alert> {
    const alert = await this.locked(tx, id, bots);
    if (alert.state === 'resolved') throw new AlertIsOver(id);
    return alert;
  }

  private async locked(tx: EntityManager, id: string, bots: Actor['bots']): Promise<Alert> {
    const alert = await tx.findOne(Alert, { where: { id }, lock: { mode: 'pessimistic_write' } });
    if (!alert || !seesBot(bots, alert.botId)) throw new AlertNotFound(id);
    return alert;
  }
}

function begunBy(tx: EntityManager, { rule, subject, botId, userId, since }: Finding): Alert {
  return Object.assign(tx.create(Alert, { id: uuidv7(), rule, subject, since }), { botId, userId: userId ?? null });
}

/** What makes two findings be of the same thing. */
const keyOf = ({ rule, subject, userId }: { rule: string; subject: string; userId?: string | null }) =>
  [rule, subject, userId ?? ''].join('\n');

const series = ({ id, rule, severity, subject, botId, userId }: Alert) => ({
  alertId: id,
  rule,
  severity,
  subject,
  ...(botId !== null && { botId }),
  ...(userId !== null && { userId }),
});

const detected = (alert: Alert) => ({
  ...series(alert),
  since: alert.since.toISOString(),
  measure: alert.measure,
  windowSeconds: alert.windowSeconds,
  expected: alert.expected,
  seen: alert.seen,
  contributors: [...alert.contributors],
  runbook: runbookOf(alert.rule),
});

export const answerOf = ({
  recent: _,
  clean: __,
  resolutionNotifiedAt: ___,
  throttledUserId: ____,
  ...alert
}: Alert): AnswerOf<typeof ReadAlert> => ({
  ...alert,
  contributors: [...alert.contributors],
  title: titleOf(alert),
  runbook: runbookOf(alert.rule),
});
