import { Injectable } from '@nestjs/common';
import type { ReadFunnel, ReadGrowth, ReadRetention, ReadSurvival } from '@switchboard/contracts';
import type { AnswerOf, RequestOf } from '@switchboard/service-kit';
import { FunnelsService } from '../metrics/funnels.service';
import { type GrowthDay, GrowthService } from '../metrics/growth.service';
import { averageOf, type Cohort, RetentionService } from '../metrics/retention.service';
import { addDays } from '../metrics/scope';
import { mean } from '../stats/samples';
import { wilsonInterval } from '../stats/proportions';
import { kaplanMeier, type Observation } from '../stats/survival';
import { type ReportQuery, ReportsService, type Viewer } from './reports.service';
import { countIn, endsOf, isFew, nested, partsOf, shareIn, unlessFew, unlessSmall } from './small-groups';

const STICKY_DAYS = 28;
/** The month of the first day begins so many days before it. */
const GROWTH = { from: 'activity', daysBefore: 29 } as const;
const MINUTE_MS = 60_000;

/** Who comes, who comes back, who stays, and who goes how far. */
@Injectable()
export class PeopleBoardsService {
  constructor(
    private readonly reports: ReportsService,
    private readonly growths: GrowthService,
    private readonly retentions: RetentionService,
    private readonly funnels: FunnelsService,
  ) {}

  growth(query: ReportQuery, viewer: Viewer): Promise<AnswerOf<typeof ReadGrowth>> {
    return this.reports.run(query, viewer, GROWTH, async (tx, scope) => {
      // Today is not over. The days that stickiness is averaged over may lie before the period.
      const yesterday = addDays(this.reports.today(scope.zone), -1);
      const last = scope.to < yesterday ? scope.to : yesterday;
      const first = addDays(last, 1 - STICKY_DAYS);
      const days = await this.growths.days(tx, { ...scope, from: first < scope.from ? first : scope.from });
      const shownOf = (day: GrowthDay) => (scope.bots ? ofGroup(day) : day);
      const sticky = days.filter(({ day, mau }) => day >= first && day <= last && mau > 0).map(shownOf);
      const shares = sticky.flatMap(({ dau, mau }) => (dau === null || mau === null ? [] : [dau / mau]));
      return {
        days: days.filter(({ day }) => day >= scope.from).map(shownOf),
        // A day that is hidden could be told from the average and the other days.
        stickiness: shares.length > 0 && shares.length === sticky.length ? mean(shares) : null,
      };
    });
  }

  retention(
    { kind, cohort, days, ...query }: RequestOf<typeof ReadRetention>['query'],
    viewer: Viewer,
  ): Promise<AnswerOf<typeof ReadRetention>> {
    const from = kind === 'hours24' ? 'events' : 'activity';
    return this.reports.run(query, viewer, { from }, async (tx, scope) => {
      const cohorts = await this.retentions.cohorts(tx, scope, { kind, cohort, days: days.map(Number) });
      const shown = cohorts.map(shownCohort);
      return { kind, cohorts: shown, average: shownAverage(cohorts, shown) };
    });
  }

  survival(query: ReportQuery, viewer: Viewer): Promise<AnswerOf<typeof ReadSurvival>> {
    return this.reports.run(query, viewer, { from: 'activity' }, async (tx, scope) => {
      const stays = await this.retentions.stays(tx, scope);
      const points = kaplanMeier(inShownSteps(stays)).map(({ time, happened, survival, ...step }) => ({
        ...{ day: time, atRisk: step.atRisk, churned: happened, share: survival },
        ...{ low: step.low, high: step.high },
      }));
      const median = points.find(({ share }) => share <= 0.5)?.day ?? null;
      return { points: unlessSmall(stays.length, points), medianDays: unlessSmall(stays.length, median) };
    });
  }

  funnel(
    { steps, exclude = [], windowMinutes, completeWindows, ...query }: RequestOf<typeof ReadFunnel>['query'],
    viewer: Viewer,
  ): Promise<AnswerOf<typeof ReadFunnel>> {
    return this.reports.run(query, viewer, { from: 'events' }, async (tx, scope) => {
      const question = {
        ...{ steps, exclude, order: query.order, per: query.per },
        windowMs: windowMinutes * MINUTE_MS,
        completeWindows: completeWindows === 'true',
      };
      const result = await this.funnels.run(tx, scope, question);
      const shown = nested(result.steps.map(({ count }) => count));
      const began = result.steps[0]!.count;
      return {
        order: query.order,
        windowMinutes,
        steps: result.steps.map(({ event, medianMs, p90Ms }, i) => {
          const [count, before] = [shown[i]!, shown[Math.max(0, i - 1)]!];
          return {
            ...{ event, count },
            droppedOff: count === null || before === null ? null : before - count,
            ofFirst: shareOf(count, shown[0]!),
            ofPrevious: shareOf(count, before),
            medianSeconds: count ? secondsOf(medianMs) : null,
            p90Seconds: count ? secondsOf(p90Ms) : null,
          };
        }),
        excluded: unlessFew(began, result.excluded),
        incomplete: unlessFew(began, result.incomplete),
      };
    });
  }
}

/** Of the people of some bots, each number of too few is hidden. */
function ofGroup({ day, mau, ...counts }: GrowthDay) {
  const { new: fresh, retained, resurrected } = counts;
  const [month, week, today] = nested([mau, counts.wau, counts.dau]);
  return {
    ...{ day, dau: today!, wau: week!, mau: month! },
    ...(unlessSmall(mau, today === null ? withoutSome(counts) : partsOf({ new: fresh, retained, resurrected })) ??
      NOBODY_SHOWN),
    dormant: unlessFew(mau, counts.dormant),
  };
}

/** Of a day that is hidden: all of its parts would add up to it. That there was nobody tells of nobody. */
const withoutSome = ({ new: fresh, retained, resurrected }: Omit<GrowthDay, 'day' | 'mau'>) => ({
  ...{ new: fresh && null, retained: retained && null, resurrected: resurrected && null },
});

const NOBODY_SHOWN = { new: null, retained: null, resurrected: null };

type Cell = Cohort['cells'][number];
type ShownCell = AnswerOf<typeof ReadRetention>['average'][number];

const shownCell = ({ from, to, isMature, active }: Cell, mature: number | null): ShownCell => ({
  ...{ from, to, isMature, mature },
  active: countIn(mature ?? 0, active),
  share: shareIn(mature ?? 0, active),
});

function shownCohort({ start, people, cells }: Cohort) {
  const [size, ...mature] = nested([people, ...cells.map((cell) => cell.mature)]);
  return { start, people: size!, cells: cells.map((cell, i) => shownCell(cell, mature[i]!)) };
}

/** Hidden cohorts are in the average where they are many together. Others could be told from it, and are left out of it. */
function shownAverage(cohorts: readonly Cohort[], shown: readonly { readonly cells: readonly ShownCell[] }[]) {
  const isLeftOut = (cohorts[0]?.cells ?? []).map((_, i) => {
    const mature = cohorts
      .map(({ cells }, c) => ({ ...cells[i]!, shown: shown[c]!.cells[i]! }))
      .filter((cell) => cell.isMature);
    const hidden = mature.filter((cell) => cell.shown.active === null);
    return [
      sumOf(
        mature.filter((cell) => cell.shown.mature === null),
        (cell) => cell.mature,
      ),
      sumOf(hidden, (cell) => cell.active),
      sumOf(hidden, (cell) => cell.mature - cell.active),
    ].some(isFew);
  });
  const averaged = cohorts.map(({ cells, ...cohort }, c) => ({
    ...cohort,
    cells: cells.map((cell, i) => ({
      ...cell,
      isMature: cell.isMature && !(isLeftOut[i] && shown[c]!.cells[i]!.active === null),
    })),
  }));
  return averageOf(averaged).map((cell) => shownCell(cell, unlessSmall(cell.mature, cell.mature)));
}

/** The same stays by coarser times, so that each step is that of many; how those went who are left after the last of them is not known. */
function inShownSteps(stays: readonly Observation[]): Observation[] {
  const times = [...Map.groupBy(stays, ({ time }) => time)].toSorted(([a], [b]) => a - b);
  const ways = times.map(([, some]) => {
    const left = some.filter(({ happened }) => happened).length;
    return [left, some.length - left];
  });
  const ends = endsOf(ways).map((place) => times[place]![0]);
  return times.flatMap(([time, some]) => {
    const end = ends.find((one) => one >= time);
    return some.map(({ happened }) =>
      end === undefined ? { time: Infinity, happened: false } : { time: end, happened },
    );
  });
}

function shareOf(successes: number | null, n: number | null) {
  return successes === null || !n ? null : { share: successes / n, ...wilsonInterval({ successes, n }) };
}

const sumOf = <T>(some: readonly T[], count: (one: T) => number): number =>
  some.reduce((sum, one) => sum + count(one), 0);

const secondsOf = (ms: number | null): number | null => (ms === null ? null : ms / 1000);
