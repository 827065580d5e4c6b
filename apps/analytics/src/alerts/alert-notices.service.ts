import { Injectable } from '@nestjs/common';
import { Outbox } from '@switchboard/bus';
import { NoticeSendRequested } from '@switchboard/contracts';
import { Clock } from '@switchboard/service-kit';
import { DateTime } from 'luxon';
import { DataSource, type EntityManager, In } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import { Alert } from './alert.entity';
import type { AlertSettings } from './alert-settings.entity';
import { AlertSettingsService } from './alert-settings.service';
import { messageOf, type Told } from './alert-texts';

const MINUTE_MS = 60_000;
/** One message at most in so long a time, of each severity. */
const GROUPED_MS = 10 * MINUTE_MS;
/** Nobody has acknowledged it by then: others are asked. */
const ESCALATED_AFTER_MS = 15 * MINUTE_MS;

/** Tells staff of alerts: once each, several in one message, warnings not at night. */
@Injectable()
export class AlertNoticesService {
  constructor(
    private readonly db: DataSource,
    private readonly settings: AlertSettingsService,
    private readonly outbox: Outbox,
    private readonly clock: Clock,
  ) {}

  async send(): Promise<void> {
    await this.db.transaction(async (tx) => {
      const settings = await this.settings.read(tx);
      const now = this.clock.now();
      for (const severity of ['critical', 'warning'] as const) await this.sendOf(tx, severity, settings, now);
      await this.escalate(tx, settings, now);
    });
  }

  private async sendOf(
    tx: EntityManager,
    severity: Alert['severity'],
    settings: AlertSettings,
    now: Date,
  ): Promise<void> {
    if (severity === 'warning' && isQuiet(settings, now)) return;
    if (!(await this.mayBeSent(tx, severity, now))) return;
    const due = await tx
      .createQueryBuilder(Alert, 'alert')
      .where('alert.severity = :severity AND coalesce(alert.snoozedUntil, :now) <= :now', { severity, now })
      .andWhere(
        `(alert.state = 'firing' AND alert.notifiedAt IS NULL OR
          alert.state = 'resolved' AND alert.notifiedAt IS NOT NULL AND alert.resolutionNotifiedAt IS NULL)`,
      )
      .orderBy('alert.id')
      .setLock('pessimistic_write')
      .getMany();
    if (due.length === 0) return;
    const [firing, resolved] = [due.filter(isFiring), due.filter((alert) => !isFiring(alert))];
    await tx.update(Alert, { id: In(firing.map(({ id }) => id)) }, { notifiedAt: now });
    await tx.update(Alert, { id: In(resolved.map(({ id }) => id)) }, { resolutionNotifiedAt: now });
    await tx.query(
      `INSERT INTO alert_routes (route, sent_at) VALUES ($1, $2)
       ON CONFLICT (route) DO UPDATE SET sent_at = excluded.sent_at`,
      [severity, now],
    );
    await this.tell(tx, { firing, resolved }, 'staff', settings);
  }

  /** Others are asked only once; whoever was told first is still told of the end. */
  private async escalate(tx: EntityManager, settings: AlertSettings, now: Date): Promise<void> {
    const firing = await tx
      .createQueryBuilder(Alert, 'alert')
      .where(`alert.severity = 'critical' AND alert.state = 'firing'`)
      // A time that has not come yet is of a clock that was ahead.
      .andWhere('(alert.notifiedAt <= :before OR alert.notifiedAt > :now)', {
        before: new Date(now.getTime() - ESCALATED_AFTER_MS),
      })
      .andWhere('alert.acknowledgedAt IS NULL AND alert.escalatedAt IS NULL')
      .andWhere('coalesce(alert.snoozedUntil, :now) <= :now', { now })
      .orderBy('alert.id')
      .setLock('pessimistic_write')
      .getMany();
    if (firing.length === 0) return;
    await tx.update(Alert, { id: In(firing.map(({ id }) => id)) }, { escalatedAt: now });
    await this.tell(tx, { firing, resolved: [], isEscalation: true }, 'on-call', settings);
  }

  private async mayBeSent(tx: EntityManager, route: string, now: Date): Promise<boolean> {
    const [last] = await tx.query<{ sentAt: Date }[]>(
      'SELECT sent_at AS "sentAt" FROM alert_routes WHERE route = $1 FOR UPDATE',
      [route],
    );
    return !last || last.sentAt > now || now.getTime() - last.sentAt.getTime() >= GROUPED_MS;
  }

  private async tell(
    tx: EntityManager,
    told: Told,
    audience: 'staff' | 'on-call',
    { zone }: AlertSettings,
  ): Promise<void> {
    await this.outbox.add(tx, NoticeSendRequested({ noticeId: uuidv7(), audience, texts: messageOf(told, zone) }));
  }
}

const isFiring = ({ state }: Alert) => state === 'firing';

/** By the wall clock of the zone; over midnight where the hours end earlier than they begin. */
export function isQuiet({ quietHours, zone }: Pick<AlertSettings, 'quietHours' | 'zone'>, now: Date): boolean {
  if (!quietHours) return false;
  const time = DateTime.fromJSDate(now, { zone }).toFormat('HH:mm');
  const { from, to } = quietHours;
  return from <= to ? from <= time && time < to : from <= time || time < to;
}
