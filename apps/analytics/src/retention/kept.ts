import { Inject, Injectable } from '@nestjs/common';
import { Clock, CONFIG } from '@switchboard/service-kit';
import { DateTime } from 'luxon';
import type { AnalyticsConfig } from '../analytics.config';

/** What goes by its age: what each person did, or who was active when together with counts of quarters of an hour. */
export type Aging = 'events' | 'activity';

/** How far back there is something. Counts of days of UTC stay for good. */
@Injectable()
export class Kept {
  constructor(
    private readonly clock: Clock,
    @Inject(CONFIG) private readonly config: AnalyticsConfig,
  ) {}

  /** The first moment of the oldest month that is kept. */
  since(what: Aging): Date {
    const { ANALYTICS_KEEP_EVENTS_MONTHS: events, ANALYTICS_KEEP_MEASURES_MONTHS: activity } = this.config;
    const now = this.clock.now();
    return new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() - { events, activity }[what], 1));
  }

  /**
   * Where a period that begins with a day of a zone, `2026-03-29`, is no longer kept from its beginning: its first day that is kept
   * whole. Null where all of it is kept.
   * @param daysBefore so many days before its first one are needed as well
   */
  keptFrom(what: Aging, zone: string, day: string, daysBefore = 0): string | null {
    const lastMomentGone = this.since(what).getTime() - 1;
    const first = DateTime.fromMillis(lastMomentGone, { zone })
      .plus({ days: 1 + daysBefore })
      .toISODate()!;
    return day < first ? first : null;
  }
}
