import { Injectable } from '@nestjs/common';
import type { ReadBusiness, ReadRevenue } from '@switchboard/contracts';
import type { AnswerOf, RequestOf } from '@switchboard/service-kit';
import type { EntityManager } from 'typeorm';
import { ChurnModelsService } from '../churn/churn-models.service';
import { GrowthService } from '../metrics/growth.service';
import { type Life, predictLifetimeValues } from '../metrics/lifetime-value';
import { type Exchange, RatesService } from '../metrics/rates.service';
import { type DayOfMoney, RevenueService } from '../metrics/revenue.service';
import type { Scope } from '../metrics/scope';
import { SurveysService } from '../surveys/surveys.service';
import { lastDays, ReportsService, type Viewer } from './reports.service';
import { countIn, shareIn, SMALLEST_GROUP, unlessSmall, unlessSmallIn } from './small-groups';

/** Below it all is well: of a hundred people fewer than five leave in a month. */
const CHURN_GOAL = 0.05;
/** Of the mean answer; above it all is well. */
const NPS_GOAL = 8;
const NPS_DAYS = 90;
const MONTH = 30;
const CONVERSION_DAYS = [7, 30];
const HORIZONS = [7, 30, 90, 180];
/** People of so many days tell lifetime values, and no more of them than this: the interval draws each 500 times. */
const COHORT_DAYS = 365;
const MOST_LIVES = 2000;

/** What people bring, and whether there will be more of them. */
@Injectable()
export class MoneyBoardsService {
  constructor(
    private readonly reports: ReportsService,
    private readonly revenues: RevenueService,
    private readonly growths: GrowthService,
    private readonly rates: RatesService,
    private readonly churnModels: ChurnModelsService,
    private readonly surveys: SurveysService,
  ) {}

  revenue(
    { currency, ...query }: RequestOf<typeof ReadRevenue>['query'],
    viewer: Viewer,
  ): Promise<AnswerOf<typeof ReadRevenue>> {
    return this.reports.run(query, viewer, { from: 'activity' }, async (tx, scope, active) => {
      const exchange = await this.rates.exchange(tx);
      const days = await this.revenues.days(tx, scope);
      // What each person paid goes earlier than what all did.
      const ofPersons = this.reports.keptFrom(scope, { from: 'events' }) === null;
      const payers = ofPersons ? await this.revenues.payers(tx, scope) : 0;
      const people = ofPersons ? await active() : 0;
      const shownPayers = countIn(people, payers);
      const total = (key: Amount, some: readonly DayOfMoney[] = days) => totalOf(exchange, currency, some, key);
      const counted = total('countedNetMinor');
      const conversion = [];
      for (const days of CONVERSION_DAYS)
        conversion.push(ofPersons ? await this.revenues.conversion(tx, scope, days) : { days, people: 0, payers: 0 });
      return {
        byCurrency: [...Map.groupBy(days, (day) => day.currency)].map(([name, some]) => ({
          currency: name,
          ...{ grossMinor: sumOf(some, 'grossMinor'), refundsMinor: sumOf(some, 'refundsMinor') },
          netMinor: sumOf(some, 'grossMinor') - sumOf(some, 'refundsMinor'),
          payments: sumOf(some, 'payments'),
          rateKnown: some.every(({ day }) => exchange.canConvert(name, currency, day)),
        })),
        total: {
          currency,
          ...{ grossMinor: total('grossMinor'), refundsMinor: total('refundsMinor') },
          netMinor: total('grossMinor') - total('refundsMinor'),
        },
        days: [...Map.groupBy(days, ({ day }) => day)].map(([day, some]) => ({
          day,
          netMinor: total('grossMinor', some) - total('refundsMinor', some),
        })),
        arpuMinor: unlessSmall(people, counted / people),
        arppuMinor: shownPayers ? counted / shownPayers : null,
        payers: shownPayers,
        conversion: conversion.map(({ days: within, people: old, payers: paid }) => ({
          days: within,
          people: unlessSmall(old, old),
          payers: countIn(old, paid),
          share: shareIn(old, paid),
        })),
      };
    });
  }

  /** It goes through a year. */
  business({ currency, zone, botId }: RequestOf<typeof ReadBusiness>['query'], viewer: Viewer): Promise<Business> {
    const today = this.reports.today(zone);
    const scope = this.reports.scopeOf({ zone, botId, ...lastDays(today, MONTH) }, viewer, undefined);
    const key = ['business', currency, zone, scope.to, scope.bots];
    return this.reports.remembered(key, () => this.computeBusiness(scope, currency));
  }

  private computeBusiness(scope: Scope, currency: string): Promise<Business> {
    const today = scope.to;
    return this.reports.read(async (tx) => {
      const within = (days: number, ago = 0): Scope => ({ ...scope, ...lastDays(today, days, ago) });
      const withEvents = (days: number, ago = 0) => this.reports.whereKept(within(days, ago), { from: 'events' });
      const mau = await this.growths.people(tx, scope);
      const previous = await this.growths.people(tx, within(MONTH, MONTH));
      const conversion = await this.revenues.conversion(tx, withEvents(MONTH, MONTH), MONTH);
      // Today is not over.
      const churn = await this.growths.churn(tx, within(2 * MONTH, 1), MONTH);
      const nps = await this.surveys.result(tx, withEvents(NPS_DAYS));
      return {
        about: await this.reports.about(tx, scope, mau),
        mau: { people: unlessSmallIn(scope, mau, mau), previous: unlessSmallIn(scope, previous, previous) },
        conversion: {
          people: unlessSmall(conversion.people, conversion.people),
          payers: countIn(conversion.people, conversion.payers),
          share: shareIn(conversion.people, conversion.payers),
        },
        churn: {
          people: unlessSmall(churn.people, churn.people),
          lost: countIn(churn.people, churn.lost),
          share: shareIn(churn.people, churn.lost),
          goal: CHURN_GOAL,
          forecast: scope.bots ? null : await this.churnModels.forecast(tx),
        },
        lifetimeValue: { currency, ...(await this.lifetimeValue(tx, withEvents(COHORT_DAYS), currency)) },
        nps: {
          asked: unlessSmall(nps.asked, nps.asked),
          answers: unlessSmall(nps.answers, nps.answers),
          score: unlessSmall(nps.answers, nps.score),
          mean: unlessSmall(nps.answers, nps.mean),
          goal: NPS_GOAL,
          days: NPS_DAYS,
        },
      };
    });
  }

  private async lifetimeValue(tx: EntityManager, scope: Scope, currency: string) {
    const exchange = await this.rates.exchange(tx);
    const realised = (await this.revenues.cohortMoney(tx, scope, HORIZONS)).map(({ amounts, ...cohort }) => ({
      ...cohort,
      amount: exchange.total(amounts, currency),
    }));
    const drawn = await this.revenues.lives(tx, scope, MOST_LIVES);
    const unknown = drawn
      .flatMap(({ amounts }) => amounts)
      .filter((one) => !exchange.canConvert(one.currency, currency, one.day));
    const lives = drawn.map(({ amounts, ...life }): Life => ({
      ...life,
      brought: amounts.map((one) => ({ day: one.age, amount: exchange.convert(one, currency) ?? 0 })),
    }));
    // What was seen of many people is not predicted.
    const observedBefore = (days: number) =>
      realised.findLast((one) => one.days < days && one.people >= SMALLEST_GROUP)?.days ?? 0;
    const outlooks = HORIZONS.map((horizon) => ({ observed: observedBefore(horizon), horizon }));
    const predictions = lives.length > 0 ? predictLifetimeValues(lives, outlooks) : [];
    return {
      withoutRate: [...new Set(unknown.map((one) => one.currency))].sort(),
      horizons: realised.map(({ days, people, amount }, i) => ({
        days,
        people: unlessSmall(people, people),
        realisedMinor: unlessSmall(people, amount / people),
        predictedMinor: unlessSmall(lives.length, predictions[i] ?? null),
      })),
    };
  }
}

type Business = AnswerOf<typeof ReadBusiness>;
type Amount = 'grossMinor' | 'refundsMinor' | 'countedNetMinor';

const sumOf = (days: readonly DayOfMoney[], key: Amount | 'payments'): number =>
  days.reduce((sum, day) => sum + day[key], 0);

const totalOf = (exchange: Exchange, to: string, days: readonly DayOfMoney[], key: Amount): number =>
  exchange.total(
    days.map(({ day, currency, ...amounts }) => ({ day, currency, amountMinor: amounts[key] })),
    to,
  );
