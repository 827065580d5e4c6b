import { Injectable } from '@nestjs/common';
import { Outbox } from '@switchboard/bus';
import { VpnUsageRecorded } from '@switchboard/contracts';
import { Clock } from '@switchboard/service-kit';
import { DateTime } from 'luxon';
import { DataSource, type EntityManager } from 'typeorm';
import { TrafficService } from '../traffic/traffic.service';

const HOUR_MS = 60 * 60_000;
const AT_ONCE = 500;

/** What was used, for whoever has used it and for other services. */
@Injectable()
export class UsageService {
  constructor(
    private readonly db: DataSource,
    private readonly traffic: TrafficService,
    private readonly outbox: Outbox,
    private readonly clock: Clock,
  ) {}

  /** The last days up to today, as they begin in a zone; an hour is of the day in which it begins. */
  async days(
    tx: EntityManager,
    accessId: string,
    { days, zone }: { days: number; zone: string },
  ): Promise<{ day: string; bytes: number }[]> {
    const today = DateTime.fromJSDate(this.clock.now(), { zone }).startOf('day');
    const first = today.minus({ days: days - 1 });
    const from = new Date(Math.ceil(first.toMillis() / HOUR_MS) * HOUR_MS);
    const bytes = new Map(Array.from({ length: days }, (_, i) => [first.plus({ days: i }).toISODate()!, 0]));
    for (const hour of await this.traffic.hours(tx, accessId, from)) {
      const day = DateTime.fromJSDate(hour.hour, { zone }).toISODate()!;
      bytes.set(day, (bytes.get(day) ?? 0) + hour.bytes);
    }
    return [...bytes].map(([day, sum]) => ({ day, bytes: sum }));
  }

  /** Says of the hours that are over how much was used. Nothing is added to them any more. */
  async tell(signal: AbortSignal): Promise<void> {
    const hour = new Date(Math.floor(this.clock.now().getTime() / HOUR_MS) * HOUR_MS);
    for (let told = AT_ONCE; told === AT_ONCE && !signal.aborted;) {
      told = await this.db.transaction(async (tx) => {
        const [rows] = await tx.query<
          [{ accessId: string; userId: string; botId: string; hour: Date; bytes: string }[], number]
        >(
          `UPDATE traffic_hours SET told = true WHERE (access_id, hour) IN (
             SELECT access_id, hour FROM traffic_hours WHERE NOT told AND hour < $1 ORDER BY hour LIMIT ${AT_ONCE} FOR UPDATE SKIP LOCKED)
           RETURNING access_id AS "accessId", user_id AS "userId", bot_id AS "botId", hour, bytes`,
          [hour],
        );
        const said = rows.map(({ hour: at, bytes, ...of }) =>
          VpnUsageRecorded({ ...of, hour: at.toISOString(), bytes: Number(bytes) }),
        );
        await this.outbox.add(tx, ...said);
        return rows.length;
      });
    }
  }
}
