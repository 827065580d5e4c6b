import { Injectable } from '@nestjs/common';
import { type ExportedReport, localized, type Locale } from '@switchboard/contracts';
import type { ColumnType, Row, Table } from '@switchboard/tables';
import { MoneyBoardsService } from '../boards/money-boards.service';
import { PeopleBoardsService } from '../boards/people-boards.service';
import { type Reads, ReportsService, type Viewer } from '../boards/reports.service';
import { UsageBoardsService } from '../boards/usage-boards.service';
import { define, type DefinitionId } from '../metrics/definitions';
import { RevenueService } from '../metrics/revenue.service';
import { UsageService } from '../metrics/usage.service';

/** Names of columns that are no numbers. */
const LABELS = {
  active: ['Active', 'Активны'],
  bot: ['Bot', 'Бот'],
  cohort: ['Cohort from', 'Когорта с'],
  currency: ['Currency', 'Валюта'],
  day: ['Day', 'День'],
  droppedOff: ['Dropped off', 'Отпали'],
  event: ['Event', 'Событие'],
  firstAge: ['From day', 'С дня'],
  high: ['Up to', 'До'],
  highOfFirst: ['Of the first, up to', 'От первого шага, до'],
  highOfPrevious: ['Of the step before, up to', 'От предыдущего шага, до'],
  lastAge: ['To day', 'По день'],
  low: ['From', 'От'],
  lowOfFirst: ['Of the first, from', 'От первого шага, от'],
  lowOfPrevious: ['Of the step before, from', 'От предыдущего шага, от'],
  mature: ['Mature', 'Зрелые'],
  medianSeconds: ['Median, s', 'Медиана, с'],
  model: ['Model', 'Модель'],
  number: ['Number', 'Показатель'],
  ofFirst: ['Of the first', 'От первого шага'],
  ofPrevious: ['Of the step before', 'От предыдущего шага'],
  p90Seconds: ['90 %, s', '90 %, с'],
  payments: ['Payments', 'Платежи'],
  step: ['Step', 'Шаг'],
  time: ['Time', 'Время'],
  value: ['Value', 'Значение'],
} as const;

type ColumnName = DefinitionId | keyof typeof LABELS;

interface Report {
  /** In their order. */
  readonly columns: Readonly<Partial<Record<ColumnName, ColumnType>>>;
  /** Definitions that belong to it besides those of its columns. */
  readonly about?: readonly DefinitionId[];
  /** The first day that is kept, where the report was asked to begin earlier. */
  readonly keptFrom: string | null;
  readonly rows: readonly Row[] | AsyncIterable<Row>;
}

export interface ReportTable extends Table {
  /** How many rows there will be; null where that is known only at the end. */
  readonly totalRows: number | null;
  readonly keptFrom: string | null;
  readonly definitions: readonly DefinitionId[];
}

const GROWTH = ['dau', 'wau', 'mau', 'new', 'retained', 'resurrected', 'dormant'] as const;
const MESSAGES = ['messages', 'voiceMessages', 'replies', 'failedReplies', 'delivered', 'undeliverable'] as const;
const ACTIVITY = [...MESSAGES, 'calls', 'outputTokens', 'costMicros', 'medianMs', 'p95Ms'] as const;
const CALLS = ['calls', 'failedCalls', 'inputTokens', 'cachedInputTokens', 'outputTokens', 'costMicros'] as const;
const USAGE = [...MESSAGES, ...CALLS] as const;
const USAGE_KEYS = {
  model: ['model', 'text'],
  bot: ['bot', 'text'],
  day: ['day', 'day'],
  hour: ['time', 'time'],
} as const satisfies Record<string, readonly [ColumnName, ColumnType]>;
type UsageKey = keyof typeof USAGE_KEYS;

const ACTIVITY_READS: Reads = { from: 'activity' };

const integers = (names: readonly ColumnName[]): Report['columns'] =>
  Object.fromEntries(names.map((name) => [name, 'integer']));

/** Reports as tables. What boards hide is hidden here: people are read through them. */
@Injectable()
export class ReportTablesService {
  constructor(
    private readonly reports: ReportsService,
    private readonly people: PeopleBoardsService,
    private readonly usageBoards: UsageBoardsService,
    private readonly money: MoneyBoardsService,
    private readonly usages: UsageService,
    private readonly revenues: RevenueService,
  ) {}

  /** Hands over the table of a report, which is there as long as `write` reads it. */
  async read<T>(
    of: ExportedReport,
    viewer: Viewer,
    locale: Locale,
    write: (table: ReportTable) => Promise<T>,
  ): Promise<T> {
    const asTable = ({ columns, about = [], keptFrom, rows }: Report) => {
      const entries = Object.entries(columns) as [ColumnName, ColumnType][];
      const named = entries.map(([name, type]) => ({ name: nameOf(name, locale), type }));
      const definitions = [...entries.map(([name]) => name).filter(isDefinition), ...about, ...ALWAYS];
      return write({
        ...{ columns: named, rows: eachOf(rows), zone: of.query.zone, definitions: [...new Set(definitions)] },
        totalRows: 'length' in rows ? rows.length : null,
        keptFrom,
      });
    };
    switch (of.report) {
      case 'growth':
        return asTable(await this.growth(of.query, viewer));
      case 'retention':
        return asTable(await this.retention(of.query, viewer));
      case 'funnel':
        return asTable(await this.funnel(of.query, viewer));
      case 'revenue':
        return asTable(await this.revenue(of.query, viewer));
      case 'activity':
        return asTable(await this.activity(of.query, viewer));
      case 'business':
        return asTable(await this.business(of.query, viewer, locale));
      case 'usage': {
        const { by } = of.query;
        if (by === 'detail') return this.usageInDetail(of.query, viewer, asTable);
        return asTable(await this.usageBy(by, of.query, viewer));
      }
    }
  }

  private async growth(query: QueryOf<'growth'>, viewer: Viewer): Promise<Report> {
    const { days, about } = await this.people.growth(query, viewer);
    return {
      keptFrom: about.keptFrom,
      columns: { day: 'day', ...integers(GROWTH) },
      about: ['activity', 'people'],
      rows: days.map((day) => [day.day, ...GROWTH.map((key) => day[key])]),
    };
  }

  private async retention(query: QueryOf<'retention'>, viewer: Viewer): Promise<Report> {
    const { kind, cohorts, about } = await this.people.retention(query, viewer);
    return {
      keptFrom: about.keptFrom,
      columns: {
        cohort: 'day',
        ...integers(['people', 'firstAge', 'lastAge', 'mature', 'active']),
        share: 'share',
      },
      about: ['cohort', kind, 'activity'],
      rows: cohorts.flatMap(({ start, people, cells }) =>
        cells.map(({ from, to, mature, active, share }) => [start, people, from, to, mature, active, share]),
      ),
    };
  }

  private async funnel(query: QueryOf<'funnel'>, viewer: Viewer): Promise<Report> {
    const { steps, about } = await this.people.funnel(query, viewer);
    return {
      keptFrom: about.keptFrom,
      columns: {
        ...{ step: 'integer', event: 'text', people: 'integer', droppedOff: 'integer' },
        ...{ ofFirst: 'share', lowOfFirst: 'share', highOfFirst: 'share' },
        ...{ ofPrevious: 'share', lowOfPrevious: 'share', highOfPrevious: 'share' },
        ...{ medianSeconds: 'number', p90Seconds: 'number' },
      },
      about: ['funnel'],
      rows: steps.map(({ event, count, droppedOff, ofFirst, ofPrevious, medianSeconds, p90Seconds }, i) => [
        ...[i + 1, event, count, droppedOff],
        ...[ofFirst, ofPrevious].flatMap((share) =>
          share ? [share.share, share.low, share.high] : [null, null, null],
        ),
        ...[medianSeconds, p90Seconds],
      ]),
    };
  }

  private async revenue(query: QueryOf<'revenue'>, viewer: Viewer): Promise<Report> {
    const scope = this.reports.scopeOf(query, viewer, ACTIVITY_READS);
    const days = await this.reports.read((tx) => this.revenues.days(tx, scope));
    return {
      keptFrom: this.reports.keptFrom(query, ACTIVITY_READS),
      columns: { day: 'day', currency: 'text', ...integers(['gross', 'refunds', 'net', 'payments']) },
      rows: days.map(({ day, currency, grossMinor, refundsMinor, payments }) => [
        ...[day, currency, grossMinor, refundsMinor, grossMinor - refundsMinor, payments],
      ]),
    };
  }

  private async activity(query: QueryOf<'activity'>, viewer: Viewer): Promise<Report> {
    const { points, about } = await this.usageBoards.activity(query, viewer);
    return {
      keptFrom: about.keptFrom,
      columns: { time: 'time', ...integers(ACTIVITY) },
      rows: points.map((point) => [point.at, ...ACTIVITY.map((key) => point[key])]),
    };
  }

  private async business(query: QueryOf<'business'>, viewer: Viewer, locale: Locale): Promise<Report> {
    const { about, mau, conversion, churn, lifetimeValue, nps } = await this.money.business(query, viewer);
    const named = (id: DefinitionId, more = '') => define(id, locale).name + more;
    const row = (name: string, value: number | null, people: number | null, interval?: Interval | null): Row => [
      ...[name, value, interval?.low ?? null, interval?.high ?? null, people],
    ];
    const { forecast } = churn;
    const { currency, horizons } = lifetimeValue;
    return {
      keptFrom: about.keptFrom,
      columns: { number: 'text', value: 'number', low: 'number', high: 'number', people: 'integer' },
      about: ['mau', 'conversion', 'churn', 'churnForecast', 'lifetimeValue', 'prediction', 'nps', 'npsMean'],
      rows: [
        row(named('mau'), mau.people, about.people),
        row(named('conversion'), conversion.share, conversion.people),
        row(named('churn'), churn.share, churn.people),
        ...(forecast ? [row(named('churnForecast'), forecast.share.value, forecast.people, forecast.share)] : []),
        ...horizons.flatMap(({ days, people, realisedMinor, predictedMinor }) => [
          row(named('lifetimeValue', `, ${days}, ${currency}`), realisedMinor, people),
          row(named('prediction', `, ${days}, ${currency}`), predictedMinor?.value ?? null, null, predictedMinor),
        ]),
        row(named('nps'), nps.score, nps.answers),
        row(named('npsMean'), nps.mean, nps.answers),
      ],
    };
  }

  private async usageBy(by: UsageKey, query: QueryOf<'usage'>, viewer: Viewer): Promise<Report> {
    const { groups, about } = await this.usageBoards.usage({ ...query, by }, viewer);
    const [name, type] = USAGE_KEYS[by];
    return {
      keptFrom: about.keptFrom,
      columns: { [name]: type, ...integers(CALLS) },
      rows: groups.map((group) => [by === 'hour' ? new Date(group.key) : group.key, ...CALLS.map((key) => group[key])]),
    };
  }

  /** By hour, bot and model: there may be more rows than fit into memory. */
  private usageInDetail<T>(query: QueryOf<'usage'>, viewer: Viewer, write: (report: Report) => Promise<T>): Promise<T> {
    const scope = this.reports.scopeOf(query, viewer, ACTIVITY_READS);
    return this.reports.read((tx) => {
      const rows = this.usages.details(tx, scope);
      return write({
        keptFrom: this.reports.keptFrom(query, ACTIVITY_READS),
        columns: { time: 'time', bot: 'text', model: 'text', ...integers(USAGE) },
        rows: mapped(rows, (row) => [row.at, row.botId, row.model, ...USAGE.map((key) => row[key])]),
      });
    }, 0);
  }
}

type QueryOf<Name extends ExportedReport['report']> = Extract<ExportedReport, { report: Name }>['query'];

interface Interval {
  readonly low: number;
  readonly high: number;
}

/** What holds of every file. */
const ALWAYS: readonly DefinitionId[] = ['hidden', 'provisional'];

const isDefinition = (name: ColumnName): name is DefinitionId => !Object.hasOwn(LABELS, name);

function nameOf(name: ColumnName, locale: Locale): string {
  if (isDefinition(name)) return define(name, locale).name;
  const [en, ru] = LABELS[name as keyof typeof LABELS];
  return localized({ en, ru } as Record<'en' | 'ru', string>, locale);
}

async function* eachOf(rows: Report['rows']): AsyncGenerator<Row> {
  yield* rows;
}

async function* mapped<From>(rows: AsyncIterable<From>, map: (row: From) => Row): AsyncGenerator<Row> {
  for await (const row of rows) yield map(row);
}
