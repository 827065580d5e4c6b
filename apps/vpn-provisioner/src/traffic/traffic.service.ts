import { Injectable } from '@nestjs/common';
import { Clock } from '@switchboard/service-kit';
import type { EntityManager } from 'typeorm';
import { TrafficPartitions } from './traffic-partitions';

const HOUR_MS = 60 * 60_000;

export interface UsedTraffic {
  readonly accessId: string;
  readonly userId: string;
  readonly botId: string;
  readonly bytes: number;
}

/** What accesses have used, by the hour in which it was counted. */
@Injectable()
export class TrafficService {
  constructor(
    private readonly partitions: TrafficPartitions,
    private readonly clock: Clock,
  ) {}

  async add(tx: EntityManager, used: readonly UsedTraffic[]): Promise<void> {
    const some = used.filter(({ bytes }) => bytes > 0);
    if (some.length === 0) return;
    const hour = this.hour();
    await this.partitions.ensure([hour], tx);
    const column = (name: keyof UsedTraffic) => some.map((one) => one[name]);
    await tx.query(
      `INSERT INTO traffic_hours (access_id, user_id, bot_id, bytes, hour)
       SELECT one.*, $5 FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::bigint[]) AS one
       ON CONFLICT (access_id, hour) DO UPDATE SET bytes = traffic_hours.bytes + excluded.bytes`,
      [column('accessId'), column('userId'), column('botId'), column('bytes'), hour],
    );
  }

  /** @param from the beginning of an hour */
  async hours(tx: EntityManager, accessId: string, from: Date): Promise<{ hour: Date; bytes: number }[]> {
    const rows = await tx.query<{ hour: Date; bytes: string }[]>(
      'SELECT hour, bytes FROM traffic_hours WHERE access_id = $1 AND hour >= $2 ORDER BY hour',
      [accessId, from],
    );
    return rows.map(({ hour, bytes }) => ({ hour, bytes: Number(bytes) }));
  }

  private hour(): Date {
    return new Date(Math.floor(this.clock.now().getTime() / HOUR_MS) * HOUR_MS);
  }
}
