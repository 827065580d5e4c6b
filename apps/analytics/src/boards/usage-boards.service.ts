import { Injectable } from '@nestjs/common';
import type { ReadActivity, ReadModelUsage, ReadOverview, ReadShopPage } from '@switchboard/contracts';
import type { AnswerOf, RequestOf } from '@switchboard/service-kit';
import { DateTime } from 'luxon';
import type { EntityManager } from 'typeorm';
import { type ActiveNow, GrowthService } from '../metrics/growth.service';
import { addDays, type Scope } from '../metrics/scope';
import { type ShopPageVisits, type Usage, UsageService } from '../metrics/usage.service';
import { lastDays, type Reads, ReportsService, type Viewer } from './reports.service';
import { nested } from './small-groups';

const HOURS_SHOWN = 24;
const MONTH = 30;

/** What there was to do, and what it cost. These numbers name nobody, so none of them is hidden. */
@Injectable()
export class UsageBoardsService {
  constructor(
    private readonly reports: ReportsService,
    private readonly usages: UsageService,
    private readonly growths: GrowthService,
  ) {}

  usage(
    { by, ...query }: RequestOf<typeof ReadModelUsage>['query'],
    viewer: Viewer,
  ): Promise<AnswerOf<typeof ReadModelUsage>> {
    return this.reports.run(query, viewer, readsOf(query.zone, by), async (tx, scope) => {
      const total = await this.usages.total(tx, scope);
      if (by === 'bot' || by === 'model') return { total, groups: await this.usages.groups(tx, scope, by) };
      const points = await this.usages.overTime(tx, scope, by);
      const keyOf = ({ at, day }: (typeof points)[number]) => (by === 'day' ? day : at.toISOString());
      return { total, groups: points.map((point) => ({ ...point, key: keyOf(point) })) };
    });
  }

  shopPage(query: RequestOf<typeof ReadShopPage>['query'], viewer: Viewer): Promise<AnswerOf<typeof ReadShopPage>> {
    return this.reports.run(query, viewer, readsOf(query.zone, 'day'), async (tx, scope) => {
      const campaigns = await this.usages.shopPages(tx, scope);
      const sum = (step: Exclude<keyof ShopPageVisits, 'campaign'>) =>
        campaigns.reduce((total, visits) => total + visits[step], 0);
      const total = { opened: sum('opened'), chosen: sum('chosen'), placed: sum('placed') };
      return { total: { ...total, paid: sum('paid'), claimed: sum('claimed') }, campaigns };
    });
  }

  activity(
    { by, ...query }: RequestOf<typeof ReadActivity>['query'],
    viewer: Viewer,
  ): Promise<AnswerOf<typeof ReadActivity>> {
    return this.reports.run(query, viewer, readsOf(query.zone, by), async (tx, scope) => ({
      points: await this.usages.overTime(tx, scope, by),
    }));
  }

  overview(
    { zone, botId }: RequestOf<typeof ReadOverview>['query'],
    viewer: Viewer,
  ): Promise<AnswerOf<typeof ReadOverview>> {
    const day = this.reports.today(zone);
    const scope = this.reports.scopeOf({ zone, botId, from: day, to: day }, viewer, undefined);
    return this.reports.read(async (tx) => {
      const hours = await this.usages.overTime(tx, { ...scope, from: addDays(day, -1) }, 'hour');
      const now = await this.growths.now(tx, scope);
      const people = { ...now, month: Math.max(now.week, await this.month(tx, scope)) };
      const begin = hours.find((point) => point.day === day)!.at;
      const [today, yesterday] = [
        await this.usages.between(tx, begin, scope.now, scope.bots),
        await this.usages.between(tx, dayBefore(begin, zone), dayBefore(scope.now, zone), scope.bots),
      ];
      const live = (key: keyof Usage) => ({ today: today[key], yesterday: yesterday[key] });
      return {
        about: await this.reports.about(tx, scope, people.today),
        people: scope.bots ? ofGroup(people) : people,
        messages: live('messages'),
        replies: live('replies'),
        failedReplies: live('failedReplies'),
        undeliverable: live('undeliverable'),
        costMicros: live('costMicros'),
        hours: hours.slice(-HOURS_SHOWN),
      };
    });
  }

  /** It goes through 30 days. */
  private month(tx: EntityManager, scope: Scope): Promise<number> {
    const key = ['month', scope.zone, scope.to, scope.bots];
    return this.reports.remembered(key, () => this.growths.people(tx, { ...scope, ...lastDays(scope.to, MONTH) }));
  }
}

/** Of the people of some bots, each number of too few is hidden. */
function ofGroup({ today, yesterday, week, month }: ActiveNow & { readonly month: number }) {
  const [ofMonth, ofWeek, ofToday] = nested([month, week, today]);
  return { today: ofToday!, yesterday: nested([month, week, yesterday])[2]!, week: ofWeek!, month: ofMonth! };
}

/** Days of UTC are counted as such; hours, and days of other zones, by quarters of an hour. */
const readsOf = (zone: string, by: string): Reads | undefined =>
  zone === 'UTC' && by !== 'hour' ? undefined : { from: 'activity' };

/** The same time of the clock: some days are an hour longer or shorter. */
const dayBefore = (time: Date, zone: string): Date => DateTime.fromJSDate(time, { zone }).minus({ days: 1 }).toJSDate();
