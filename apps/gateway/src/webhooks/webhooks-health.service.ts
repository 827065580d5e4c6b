import { Inject, Injectable } from '@nestjs/common';
import { Outbox } from '@switchboard/bus';
import { NoticeSendRequested, WebhookEndpointDisabled, WebhookEndpointFailing } from '@switchboard/contracts';
import { Clock, LOG, type Log } from '@switchboard/service-kit';
import { DataSource, type EntityManager } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import { AuditLog } from '../audit/audit-log';
import { type DisabledReason, WebhookEndpoint } from './webhook-endpoint.entity';

const HOUR_MS = 60 * 60_000;
/** The owner is told after so many hours without a success. */
const TOLD_AFTER_HOURS = [24, 72];
const DISABLED_AFTER_HOURS = 5 * 24;
/** Two failures at least so far apart: one bad night disables nobody. */
const APART_HOURS = 12;

interface Failing {
  readonly endpointId: string;
  readonly failingSince: Date;
  readonly toldHours: number;
  readonly lastsHours: number;
  readonly isApart: boolean;
}

/** Whether endpoints answer, what their owners are told about it, and when nothing is sent to them any more. */
@Injectable()
export class WebhooksHealthService {
  constructor(
    private readonly db: DataSource,
    private readonly outbox: Outbox,
    private readonly audit: AuditLog,
    private readonly clock: Clock,
    @Inject(LOG) private readonly log: Log,
  ) {}

  /**
   * Whoever changes endpoints or their deliveries holds their rows here, taken before any other and always in the same order: so two
   * of them cannot wait for each other, and each sees what the one before has done.
   */
  async lock(tx: EntityManager, ...endpointIds: readonly string[]): Promise<void> {
    const sql = 'SELECT FROM webhook_health WHERE endpoint_id = ANY($1) ORDER BY endpoint_id FOR UPDATE';
    await tx.query(sql, [endpointIds]);
  }

  /** The endpoint has taken a delivery: whatever it failed before is over. */
  async succeeded(tx: EntityManager, endpointId: string): Promise<void> {
    await tx.query(
      `UPDATE webhook_health SET failures = 0, failing_since = NULL, told_hours = 0, not_before = NULL, last_success_at = $2
       WHERE endpoint_id = $1`,
      [endpointId, this.clock.now()],
    );
  }

  /** @param pauseMs for how long it is left alone altogether; 0: not at all */
  async failed(tx: EntityManager, endpointId: string, pauseMs: number): Promise<void> {
    await tx.query(
      `UPDATE webhook_health SET failures = failures + 1, failing_since = coalesce(failing_since, $2), last_failure_at = $2,
         not_before = CASE WHEN $3::float8 > 0 THEN now() + $3 * interval '1 millisecond' ELSE not_before END
       WHERE endpoint_id = $1`,
      [endpointId, this.clock.now(), pauseMs],
    );
  }

  async endPause(tx: EntityManager, endpointId: string): Promise<void> {
    await tx.query('UPDATE webhook_health SET not_before = NULL WHERE endpoint_id = $1', [endpointId]);
  }

  /** Tells owners of endpoints that have not answered for long, and disables those that have not for longest. */
  async look(): Promise<void> {
    const now = this.clock.now();
    const failing = await this.db.query<Failing[]>(
      `SELECT endpoint_id AS "endpointId", failing_since AS "failingSince", told_hours AS "toldHours",
         extract(epoch FROM $1 - failing_since) / 3600 AS "lastsHours",
         last_failure_at - failing_since >= make_interval(hours => ${APART_HOURS}) AS "isApart"
       FROM webhook_health JOIN webhook_endpoints ON id = endpoint_id
       WHERE state = 'enabled' AND failing_since <= $2 ORDER BY endpoint_id`,
      [now, new Date(now.getTime() - TOLD_AFTER_HOURS[0]! * HOUR_MS)],
    );
    for (const endpoint of failing) await this.db.transaction((tx) => this.decide(tx, endpoint));
  }

  /**
   * Sends nothing more; what has not ended is given up. Events are not kept meanwhile.
   * @param reason `by_hand` is noted by whoever did it
   */
  async disable(tx: EntityManager, endpointId: string, reason: DisabledReason): Promise<void> {
    await this.lock(tx, endpointId);
    const now = this.clock.now();
    const { affected } = await tx.update(
      WebhookEndpoint,
      { id: endpointId, state: 'enabled' },
      { state: 'disabled', disabledReason: reason, disabledAt: now },
    );
    if (!affected) return;
    await tx.query(
      `UPDATE webhook_deliveries SET state = 'ended', outcome = 'cancelled', reason = 'endpoint_disabled', is_behind = false,
         due_at = NULL, ended_at = $2
       WHERE endpoint_id = $1 AND state IN ('waiting', 'scheduled') AND NOT is_test AND NOT is_replay`,
      [endpointId, now],
    );
    const [{ failingSince, url, ownerKind, ownerId }] = (await tx.query(
      `SELECT failing_since AS "failingSince", url, owner_kind AS "ownerKind", owner_id AS "ownerId"
       FROM webhook_health JOIN webhook_endpoints ON id = endpoint_id WHERE endpoint_id = $1`,
      [endpointId],
    )) as [{ failingSince: Date | null; url: string; ownerKind: string; ownerId: string }];
    const since = failingSince && { failingSince: failingSince.toISOString() };
    await this.outbox.add(tx, WebhookEndpointDisabled({ endpointId, reason, ownerKind, ownerId, ...since }));
    if (reason === 'by_hand') return;
    await this.tellStaff(tx, DISABLED_TEXTS[reason](new URL(url).host));
    this.log.warn({ endpoint: endpointId, reason }, 'a webhook endpoint was disabled');
    await this.audit.append(tx, {
      actor: { kind: 'service', id: 'gateway' },
      action: 'gateway.webhook-endpoints.disable',
      resource: { type: 'webhook-endpoint', id: endpointId },
      details: { reason, ...since },
      result: 'done',
    });
  }

  async enable(tx: EntityManager, endpointId: string): Promise<void> {
    await tx.update(WebhookEndpoint, { id: endpointId }, { state: 'enabled', disabledReason: null, disabledAt: null });
    await tx.query(
      'UPDATE webhook_health SET failures = 0, failing_since = NULL, told_hours = 0, not_before = NULL WHERE endpoint_id = $1',
      [endpointId],
    );
  }

  private async decide(tx: EntityManager, { endpointId, failingSince, toldHours, ...seen }: Failing): Promise<void> {
    if (seen.lastsHours >= DISABLED_AFTER_HOURS && seen.isApart) return this.disable(tx, endpointId, 'failing');
    const hours = TOLD_AFTER_HOURS.findLast((each) => each <= seen.lastsHours)!;
    if (hours <= toldHours) return;
    const [[told]] = await tx.query<[{ url: string; ownerKind: string; ownerId: string }[], number]>(
      `UPDATE webhook_health SET told_hours = $2 FROM webhook_endpoints
       WHERE endpoint_id = $1 AND id = $1 AND failing_since = $3 AND told_hours < $2
       RETURNING url, owner_kind AS "ownerKind", owner_id AS "ownerId"`,
      [endpointId, hours, failingSince],
    );
    // It has answered meanwhile, or another process has told.
    if (!told) return;
    const { url, ...owner } = told;
    await this.tellStaff(tx, failingTexts(new URL(url).host, hours));
    this.log.warn({ endpoint: endpointId, hours }, 'a webhook endpoint does not answer');
    await this.outbox.add(
      tx,
      WebhookEndpointFailing({ endpointId, hours, failingSince: failingSince.toISOString(), ...owner }),
    );
  }

  private async tellStaff(tx: EntityManager, texts: Texts): Promise<void> {
    await this.outbox.add(tx, NoticeSendRequested({ noticeId: uuidv7(), audience: 'staff', texts }));
  }
}

type Texts = Record<'en' | 'ru', string>;

/** Only the host: what follows in an address may be a secret. */
const failingTexts = (host: string, hours: number): Texts => ({
  en: `Webhooks to **${host}** have not been taken for ${hours} hours. After five days nothing more is sent there.`,
  ru: `Вебхуки на **${host}** не принимаются уже ${hours} ч. Через пять суток отправка туда прекратится.`,
});

const DISABLED_TEXTS: Record<Exclude<DisabledReason, 'by_hand'>, (host: string) => Texts> = {
  failing: (host) => ({
    en: `Webhooks to **${host}** were not taken for five days: nothing more is sent there until somebody enables the endpoint again.`,
    ru: `Вебхуки на **${host}** не принимались пять суток: отправка туда прекращена, пока адрес не включат снова.`,
  }),
  gone: (host) => ({
    en: `**${host}** has answered that its webhook endpoint is gone (410): nothing more is sent there until somebody enables it again.`,
    ru: `**${host}** ответил, что адреса для вебхуков больше нет (410): отправка туда прекращена, пока адрес не включат снова.`,
  }),
};
