import { Injectable } from '@nestjs/common';
import { Clock } from '@switchboard/service-kit';
import { DataSource } from 'typeorm';
import { forecastWeek, HOURS_PER_WEEK } from './load-forecast';

const HOUR_MS = 60 * 60_000;
const WEEKS_KEPT = 10;

export interface Load {
  readonly at: Date;
  readonly load: number;
}

/** How busy regions were: the people they serve, or those who are online where that is more. */
@Injectable()
export class RegionLoads {
  constructor(
    private readonly db: DataSource,
    private readonly clock: Clock,
  ) {}

  /** Of the hour that is over. */
  async record(): Promise<void> {
    const hour = this.hour();
    await this.db.query(
      `INSERT INTO region_loads (region, hour, people, online)
       SELECT s.region, $1::timestamptz - interval '1 hour', sum(coalesce(k.people, 0)), sum(coalesce(h.online, 0))
       FROM servers s
         LEFT JOIN (SELECT server_id, count(*) AS people FROM access_keys WHERE occupies GROUP BY 1) k ON k.server_id = s.id
         LEFT JOIN (SELECT server_id, max(online_users) AS online FROM health_samples
                    WHERE at >= $1::timestamptz - interval '1 hour' AND at < $1 GROUP BY 1) h ON h.server_id = s.id
       WHERE s.state <> 'retired' GROUP BY s.region ON CONFLICT DO NOTHING`,
      [hour],
    );
    await this.db.query('DELETE FROM region_loads WHERE hour < $1', [this.weeksAgo(WEEKS_KEPT)]);
  }

  /** Hour by hour, without gaps: while nobody counted, it was as before. */
  async history(region: string): Promise<Load[]> {
    const rows = await this.db.query<{ hour: Date; load: number }[]>(
      'SELECT hour, greatest(people, online) AS load FROM region_loads WHERE region = $1 AND hour >= $2 ORDER BY hour',
      [region, this.weeksAgo(WEEKS_KEPT)],
    );
    const known = new Map(rows.map(({ hour, load }) => [hour.getTime(), load]));
    const hours: Load[] = [];
    const [first] = known.keys();
    for (let at = first ?? Infinity; at < this.hour().getTime(); at += HOUR_MS)
      hours.push({ at: new Date(at), load: known.get(at) ?? hours.at(-1)!.load });
    return hours;
  }

  /** Empty while too little is known. */
  forecast(history: readonly Load[]): Load[] {
    const expected = forecastWeek(history.map(({ load }) => load)) ?? [];
    const from = this.hour().getTime();
    return expected.map((load, i) => ({ at: new Date(from + i * HOUR_MS), load: Math.round(load) }));
  }

  /** The highest of the coming week; of a region that is new, of the last one. */
  async expected(region: string): Promise<number> {
    const history = await this.history(region);
    const forecast = this.forecast(history);
    const looked = forecast.length > 0 ? forecast : history.slice(-HOURS_PER_WEEK);
    return Math.max(0, ...looked.map(({ load }) => load));
  }

  private hour(): Date {
    return new Date(Math.floor(this.clock.now().getTime() / HOUR_MS) * HOUR_MS);
  }

  private weeksAgo(weeks: number): Date {
    return new Date(this.hour().getTime() - weeks * HOURS_PER_WEEK * HOUR_MS);
  }
}
