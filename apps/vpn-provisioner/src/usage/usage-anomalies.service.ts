import { Injectable } from '@nestjs/common';
import { Outbox } from '@switchboard/bus';
import { GIGABYTE, type ListUsageAnomalies, UsageAnomalyDetected } from '@switchboard/contracts';
import { Clock, Cursors, type Page, type RequestOf } from '@switchboard/service-kit';
import { DataSource, type EntityManager, In } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import { Access } from '../accesses/access.entity';
import { aboutOf } from '../accesses/accesses.service';
import { UsageAnomaly } from './usage-anomaly.entity';

const DAY_MS = 24 * 60 * 60_000;
/** A phone on the way is in a dozen networks a day; an address that was passed on is in many more. */
const MOST_NETWORKS = 30;
const MOST_NEW_DEVICES = 10;
/** Less is nothing to anybody. */
const LEAST_STEP_BYTES = 20 * GIGABYTE;
const STEP_FACTOR = 8;
const HISTORY_DAYS = 14;
/** Before that there is nothing that would be usual. */
const LEAST_HISTORY_DAYS = 7;
const KEPT_DAYS = 90;

interface Finding {
  readonly accessId: string;
  readonly kind: (typeof UsageAnomaly.prototype)['kind'];
  readonly value: number;
  readonly usual: number;
}

/** Looks for accesses that are used by more than whoever pays for them. */
@Injectable()
export class UsageAnomalies {
  constructor(
    private readonly db: DataSource,
    private readonly outbox: Outbox,
    private readonly cursors: Cursors,
    private readonly clock: Clock,
  ) {}

  async list(request: RequestOf<typeof ListUsageAnomalies>): Promise<Page<UsageAnomaly>> {
    const { botId, kind, userId } = request.query;
    const query = this.db.manager.createQueryBuilder(UsageAnomaly, 'anomaly');
    if (request.actor.bots) query.andWhere('anomaly.botId = ANY(:bots)', { bots: request.actor.bots });
    if (botId) query.andWhere('anomaly.botId = :botId', { botId });
    if (kind) query.andWhere('anomaly.kind = :kind', { kind });
    if (userId) query.andWhere('anomaly.userId = :userId', { userId });
    return this.cursors.select(request, query, ['detectedAt', 'id']);
  }

  /** Of today, each kind of an access once. */
  async detect(): Promise<void> {
    const findings = [
      ...(await this.manyNetworks()),
      ...(await this.manyDevices()),
      ...(await this.steps()),
      ...(await this.unfair()),
    ];
    if (findings.length > 0) await this.db.transaction((tx) => this.report(tx, findings));
  }

  async forgetOld(): Promise<void> {
    await this.db.query('DELETE FROM usage_anomalies WHERE detected_at < $1', [this.daysAgo(KEPT_DAYS)]);
  }

  private async report(tx: EntityManager, findings: readonly Finding[]): Promise<void> {
    const accesses = await tx.findBy(Access, { id: In(findings.map(({ accessId }) => accessId)) });
    const now = this.clock.now();
    const day = now.toISOString().slice(0, 10);
    for (const { accessId, kind, value, usual } of findings) {
      const access = accesses.find(({ id }) => id === accessId);
      if (!access) continue;
      const id = uuidv7();
      const noted = await tx.query<unknown[]>(
        `INSERT INTO usage_anomalies (id, access_id, user_id, bot_id, kind, day, value, usual, detected_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (access_id, kind, day) DO NOTHING RETURNING 1`,
        [id, accessId, access.userId, access.botId, kind, day, value, usual, now],
      );
      if (noted.length === 0) continue;
      await this.outbox.add(tx, UsageAnomalyDetected({ ...aboutOf(access), anomalyId: id, kind, day, value, usual }));
    }
  }

  private async manyNetworks(): Promise<Finding[]> {
    const rows = await this.db.query<{ id: string; count: number }[]>(
      `SELECT access_id AS id, count(*)::int AS count FROM link_networks WHERE day = $1 GROUP BY 1 HAVING count(*) > $2`,
      [this.clock.now().toISOString().slice(0, 10), MOST_NETWORKS],
    );
    return rows.map(({ id, count }) => ({ accessId: id, kind: 'many_networks', value: count, usual: MOST_NETWORKS }));
  }

  private async manyDevices(): Promise<Finding[]> {
    const rows = await this.db.query<{ id: string; count: number }[]>(
      `SELECT access_id AS id, count(*)::int AS count FROM devices WHERE first_seen_at > $1 GROUP BY 1 HAVING count(*) > $2`,
      [this.daysAgo(1), MOST_NEW_DEVICES],
    );
    return rows.map(({ id, count }) => ({ accessId: id, kind: 'many_devices', value: count, usual: MOST_NEW_DEVICES }));
  }

  /** Against the median of the days before, of which those without traffic are some. */
  private async steps(): Promise<Finding[]> {
    const rows = await this.db.query<{ id: string; today: string; before: string[] | null; days: number }[]>(
      `WITH today AS (
         SELECT access_id, sum(bytes) AS bytes FROM traffic_hours WHERE hour > $1 GROUP BY 1 HAVING sum(bytes) > $3),
       days AS (
         SELECT access_id, floor(extract(epoch FROM $1::timestamptz - hour) / 86400)::int AS age, sum(bytes) AS bytes
         FROM traffic_hours WHERE hour <= $1 AND hour > $2 AND access_id IN (SELECT access_id FROM today) GROUP BY 1, 2)
       SELECT access_id AS id, today.bytes AS today, array_agg(days.bytes::text) AS before, max(days.age) + 1 AS days
       FROM today JOIN days USING (access_id) GROUP BY 1, 2`,
      [this.daysAgo(1), this.daysAgo(1 + HISTORY_DAYS), LEAST_STEP_BYTES],
    );
    return rows.flatMap(({ id, today, before, days }) => {
      if (days < LEAST_HISTORY_DAYS) return [];
      const usual = medianOf([...(before ?? []).map(Number), ...Array<number>(days).fill(0)].slice(0, days));
      const value = Number(today);
      return value > STEP_FACTOR * usual ? [{ accessId: id, kind: 'sudden_step', value, usual }] : [];
    });
  }

  private async unfair(): Promise<Finding[]> {
    const rows = await this.db.query<{ id: string; bytes: string; fair: string }[]>(
      `SELECT a.id, sum(h.bytes) AS bytes, b.fair_use_bytes AS fair
       FROM traffic_budgets b JOIN accesses a ON a.subscription_id = b.subscription_id JOIN traffic_hours h ON h.access_id = a.id
       WHERE b.fair_use_bytes IS NOT NULL AND h.hour > $1 GROUP BY a.id, b.fair_use_bytes HAVING sum(h.bytes) > b.fair_use_bytes`,
      [this.daysAgo(1)],
    );
    return rows.map(({ id, bytes, fair }) => ({
      ...{ accessId: id, kind: 'fair_use', value: Number(bytes), usual: Number(fair) },
    }));
  }

  private daysAgo(days: number): Date {
    return new Date(this.clock.now().getTime() - days * DAY_MS);
  }
}

function medianOf(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : Math.round((sorted[middle - 1]! + sorted[middle]!) / 2);
}
