import { Injectable } from '@nestjs/common';
import type { Actor } from '@switchboard/contracts';
import { Clock, DomainError } from '@switchboard/service-kit';
import { LRUCache } from 'lru-cache';
import { DateTime } from 'luxon';
import { DataSource, type EntityManager } from 'typeorm';
import { GrowthService } from '../metrics/growth.service';
import { addDays, type Scope } from '../metrics/scope';
import { type Aging, Kept } from '../retention/kept';
import { unlessSmallIn } from './small-groups';

/** What each report is asked with. */
export interface ReportQuery {
  readonly zone: string;
  /** First and last day, `2026-03-29`, in the zone. */
  readonly from: string;
  readonly to: string;
  readonly botId?: string | undefined;
}

/** Who looks, as far as it matters: by the bots they may see. */
export type Viewer = Pick<Actor, 'bots'>;

/** Of what a report speaks, and how fresh it is. */
export interface About {
  readonly zone: string;
  readonly from: string;
  readonly to: string;
  readonly computedAt: Date;
  readonly eventsUpTo: Date | null;
  readonly provisionalFrom: string | null;
  /** The first day that is still kept, where the report was asked to begin earlier. */
  readonly keptFrom: string | null;
  /** Null of a group that is too small to be told. */
  readonly people: number | null;
}

/** What a report is read from, of which old days go; and how many days before its first one it looks at. */
export interface Reads {
  readonly from: Aging;
  readonly daysBefore?: number;
}

export class DaysNotKept extends DomainError {
  constructor(readonly keptFrom: string) {
    super('analytics.days_not_kept', `Of days before ${keptFrom} this is no longer kept`, 422, { keptFrom });
  }
}

/** What takes longer has to be asked for in smaller parts. */
const LONGEST_MS = 30_000;
const REMEMBERED_MS = 60_000;
/** So long events may be late. */
const LATE_MS = 48 * 3_600_000;

/** Runs reports: with a scope, on one state of the tables, and with what each has to say about itself. */
@Injectable()
export class ReportsService {
  private readonly recent = new LRUCache<string, NonNullable<unknown>, () => Promise<NonNullable<unknown>>>({
    max: 500,
    ttl: REMEMBERED_MS,
    fetchMethod: (_key, _former, { context: compute }) => compute(),
    // Who waits for one gets it, also when others have taken its place meanwhile.
    ignoreFetchAbort: true,
  });

  constructor(
    private readonly db: DataSource,
    private readonly clock: Clock,
    private readonly growth: GrowthService,
    private readonly kept: Kept,
  ) {}

  /** What several people ask for again and again, takes long and hardly changes within a minute is computed once. */
  async remembered<T extends NonNullable<unknown>>(key: readonly unknown[], compute: () => Promise<T>): Promise<T> {
    return (await this.recent.fetch(JSON.stringify(key), { context: compute })) as T;
  }

  /** The day it is. */
  today(zone: string): string {
    return dayIn(zone, this.clock.now());
  }

  /**
   * A bot that the viewer may not see has no numbers, like one that does not exist. It begins with the first day that is kept.
   * @param reads undefined for counts of days of UTC, which stay for good
   * @throws DaysNotKept where that is after the last one
   */
  scopeOf({ zone, from, to, botId }: ReportQuery, { bots }: Viewer, reads: Reads | undefined): Scope {
    const isVisible = botId === undefined || !bots || bots.includes(botId);
    const wanted = botId === undefined ? bots : isVisible ? [botId] : [];
    const asked = { zone, from, to, bots: wanted, now: this.clock.now() };
    const scope = reads ? this.whereKept(asked, reads) : asked;
    if (scope.from > scope.to) throw new DaysNotKept(scope.from);
    return scope;
  }

  /** The first day that is kept, where a period begins earlier. */
  keptFrom({ zone, from }: Pick<Scope, 'zone' | 'from'>, reads: Reads | undefined): string | null {
    return reads ? this.kept.keptFrom(reads.from, zone, from, reads.daysBefore) : null;
  }

  /** The days of a scope that are kept: maybe none. */
  whereKept(scope: Scope, reads: Reads): Scope {
    return { ...scope, from: this.keptFrom(scope, reads) ?? scope.from };
  }

  /** @param work `people` counts those who were active on the days of the scope, once */
  async run<T extends object>(
    query: ReportQuery,
    viewer: Viewer,
    reads: Reads | undefined,
    work: (tx: EntityManager, scope: Scope, people: () => Promise<number>) => Promise<T>,
  ): Promise<T & { about: About }> {
    const scope = this.scopeOf(query, viewer, reads);
    const keptFrom = this.keptFrom(query, reads);
    return this.read(async (tx) => {
      let counted: Promise<number> | undefined;
      const people = () => (counted ??= this.growth.people(tx, scope));
      const report = await work(tx, scope, people);
      const known = this.keptFrom(scope, { from: 'activity' }) ? null : await people();
      return { ...report, about: { ...(await this.about(tx, scope, known)), keptFrom } };
    });
  }

  /**
   * Runs statements that only read, on one state of the tables. They are not compiled: that takes longer than most of them.
   * @param longestMs for each statement; 0 has no limit
   */
  read<T>(work: (tx: EntityManager) => Promise<T>, longestMs = LONGEST_MS): Promise<T> {
    return this.db.transaction('REPEATABLE READ', async (tx) => {
      await tx.query(
        `SELECT set_config('transaction_read_only', 'on', true), set_config('jit', 'off', true), set_config('work_mem', '64MB', true),
           set_config('statement_timeout', $1, true)`,
        [String(longestMs)],
      );
      return work(tx);
    });
  }

  /** @param people who were active on the days of the scope; null where that is no longer known */
  async about(tx: EntityManager, scope: Scope, people: number | null): Promise<About> {
    const { zone, from, now } = scope;
    const today = dayIn(zone, now);
    const to = scope.to < today ? scope.to : today;
    const late = dayIn(zone, new Date(now.getTime() - LATE_MS));
    const [newest] = await tx.query<{ at: Date }[]>(
      'SELECT at FROM measures WHERE minutes = 5 ORDER BY at DESC LIMIT 1',
    );
    return {
      ...{ zone, from, to },
      computedAt: now,
      eventsUpTo: newest?.at ?? null,
      provisionalFrom: late > to ? null : late < from ? from : late,
      keptFrom: null,
      people: people === null ? null : unlessSmallIn(scope, people, people),
    };
  }
}

/** Both ends included, today being the last day unless it is said otherwise. */
export const lastDays = (today: string, days: number, ago = 0): Pick<ReportQuery, 'from' | 'to'> => ({
  from: addDays(today, 1 - days - ago),
  to: addDays(today, -ago),
});

const dayIn = (zone: string, time: Date): string => DateTime.fromJSDate(time, { zone }).toISODate()!;
