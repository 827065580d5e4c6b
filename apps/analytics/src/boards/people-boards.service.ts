import { Injectable } from '@nestjs/common';
import type { ReadFunnel, ReadGrowth, ReadRetention, ReadSurvival } from '@switchboard/contracts';
import type { AnswerOf, RequestOf } from '@switchboard/service-kit';
import { FunnelsService } from '../metrics/funnels.service';
import { type GrowthDay, GrowthService } from '../metrics/growth.service';
import { averageOf, type RetentionCell, RetentionService } from '../metrics/retention.service';
import { addDays, type Scope } from '../metrics/scope';
import { mean } from '../stats/samples';
import { wilsonInterval } from '../stats/proportions';
import { kaplanMeier } from '../stats/survival';
import { type ReportQuery, ReportsService, type Viewer } from './reports.service';
import { countIn, shareIn, SMALLEST_GROUP, unlessSmall, unlessSmallIn } from './small-groups';

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
      const sticky = days.filter(({ day, mau }) => day >= first && day <= last && mau > 0);
      const isShown = sticky.length > 0 && sticky.every((day) => isLarge(scope, day));
      return {
        days: days.filter(({ day }) => day >= scope.from).map((day) => (scope.bots ? ofGroup(day) : day)),
        stickiness: isShown ? mean(sticky.map(({ dau, mau }) => dau / mau)) : null,
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
      return {
        kind,
        cohorts: cohorts.map(({ start, people, cells }) => ({
          start,
          people: unlessSmall(people, people),
          cells: cells.map(shown),
        })),
        average: averageOf(cohorts).map(shown),
      };
    });
  }

  survival(query: ReportQuery, viewer: Viewer): Promise<AnswerOf<typeof ReadSurvival>> {
    return this.reports.run(query, viewer, { from: 'activity' }, async (tx, scope) => {
      const stays = await this.retentions.stays(tx, scope);
      const points = kaplanMeier(stays).map(({ time, happened, survival, ...step }) => ({
        ...{ day: time, atRisk: step.atRisk, churned: happened, share: survival },
        ...{ low: step.low, high: step.high },
      }));
      const median = points.find(({ share }) => share <= 0.5)?.day ?? null;
      // What a few more did after so long is told by nobody.
      const ofMany = points.filter(({ atRisk }) => atRisk >= SMALLEST_GROUP);
      return { points: unlessSmall(stays.length, ofMany), medianDays: unlessSmall(stays.length, median) };
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
      const began = result.steps[0]!.count;
      return {
        order: query.order,
        windowMinutes,
        steps: result.steps.map(({ event, count, medianMs, p90Ms }, i) => {
          const before = result.steps[i - 1]?.count ?? count;
          return {
            event,
            count: countIn(began, count),
            droppedOff: countIn(before, before - count),
            ofFirst: shareOf(count, began),
            ofPrevious: shareOf(count, before),
            medianSeconds: unlessSmall(count, secondsOf(medianMs)),
            p90Seconds: unlessSmall(count, secondsOf(p90Ms)),
          };
        }),
        excluded: countIn(began, result.excluded),
        incomplete: countIn(began, result.incomplete),
      };
    });
  }
}

const isLarge = (scope: Scope, { mau }: GrowthDay): boolean => unlessSmallIn(scope, mau, true) ?? false;

/** Of the people of some bots, each number of too few is hidden. */
const ofGroup = ({ day, mau, ...counts }: GrowthDay) => ({
  ...{ day, mau: unlessSmall(mau, mau) },
  ...{ dau: countIn(mau, counts.dau), wau: countIn(mau, counts.wau), dormant: countIn(mau, counts.dormant) },
  new: countIn(mau, counts.new),
  retained: countIn(mau, counts.retained),
  resurrected: countIn(mau, counts.resurrected),
});

const shown = ({ from, to, mature, active, isMature }: RetentionCell) => ({
  ...{ from, to, isMature },
  mature: unlessSmall(mature, mature),
  active: countIn(mature, active),
  share: shareIn(mature, active),
});

function shareOf(successes: number, n: number) {
  const share = shareIn(n, successes);
  return share === null ? null : { share, ...wilsonInterval({ successes, n }) };
}

const secondsOf = (ms: number | null): number | null => (ms === null ? null : ms / 1000);
