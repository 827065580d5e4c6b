import { Injectable } from '@nestjs/common';
import { type ExportedReport, localized, type Locale } from '@switchboard/contracts';
import { MoneyBoardsService } from '../boards/money-boards.service';
import { PeopleBoardsService } from '../boards/people-boards.service';
import { ReportsService, type Viewer } from '../boards/reports.service';
import { UsageBoardsService } from '../boards/usage-boards.service';
import { define, type DefinitionId } from '../metrics/definitions';
import { RevenueService } from '../metrics/revenue.service';
import { UsageService } from '../metrics/usage.service';
import type { ColumnType, Row, Table } from './table';

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
  lastAge: ['To day', 'По день'],
  low: ['From', 'От'],
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

/** A column: its name, by a definition or a label, and its type. */
type NamedColumn = readonly [name: DefinitionId | keyof typeof LABELS, type: ColumnType];

interface Report {
  readonly columns: readonly NamedColumn[];
  /** Definitions that belong to it besides those of its columns. */
  readonly about?: readonly DefinitionId[];
  readonly rows: Iterable<Row> | AsyncIterable<Row>;
}

export interface ReportTable extends Table {
  readonly definitions: readonly DefinitionId[];
}

const USAGE = [
  ...['messages', 'voiceMessages', 'replies', 'failedReplies', 'delivered', 'undeliverable', 'calls', 'failedCalls'],
  ...['inputTokens', 'cachedInputTokens', 'outputTokens', 'costMicros'],
] as const;
const usageColumns = USAGE.map((key): NamedColumn => [key as DefinitionId, 'integer']);

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
    const asTable = ({ columns, about = [], rows }: Report) => {
      const named = columns.map(([name, type]) => ({ name: nameOf(name, locale), type }));
      const definitions = [...columns.map(([name]) => name).filter(isDefinition), ...about, ...ALWAYS];
      return write({ columns: named, rows: eachOf(rows), zone: of.query.zone, definitions: [...new Set(definitions)] });
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
        return asTable(await this.business(of.query, viewer));
      case 'usage':
        return this.usage(of.query, viewer, asTable);
    }
  }

  private async growth(query: QueryOf<'growth'>, viewer: Viewer): Promise<Report> {
    const { days } = await this.people.growth(query, viewer);
    const counts = ['dau', 'wau', 'mau', 'new', 'retained', 'resurrected', 'dormant'] as const;
    return {
      columns: [['day', 'day'], ...counts.map((key): NamedColumn => [key, 'integer'])],
      about: ['activity', 'people'],
      rows: days.map((day) => [day.day, ...counts.map((key) => day[key])]),
    };
  }

  private async retention(query: QueryOf<'retention'>, viewer: Viewer): Promise<Report> {
    const { kind, cohorts } = await this.people.retention(query, viewer);
    return {
      columns: [
        ...([['cohort', 'day'], ['people', 'integer'], ['firstAge', 'integer'], ['lastAge', 'integer']] as const),
        ...([['mature', 'integer'], ['active', 'integer'], ['share', 'share']] as const),
      ],
      about: ['cohort', kind, 'activity'],
      rows: cohorts.flatMap(({ start, people, cells }) =>
        cells.map(({ from, to, mature, active, share }) => [start, people, from, to, mature, active, share]),
      ),
    };
  }

  private async funnel(query: QueryOf<'funnel'>, viewer: Viewer): Promise<Report> {
    const { steps } = await this.people.funnel(query, viewer);
    const shares = (of: 'ofFirst' | 'ofPrevious'): NamedColumn[] => [
      ...([[of, 'share'], ['low', 'share'], ['high', 'share']] as const),
    ];
    return {
      columns: [
        ...([['step', 'integer'], ['event', 'text'], ['people', 'integer'], ['droppedOff', 'integer']] as const),
        ...shares('ofFirst'),
        ...shares('ofPrevious'),
        ...([['medianSeconds', 'number'], ['p90Seconds', 'number']] as const),
      ],
      about: ['funnel'],
      rows: steps.map(({ event, count, droppedOff, ofFirst, ofPrevious, medianSeconds, p90Seconds }, i) => [
        ...[i + 1, event, count, droppedOff],
        ...[ofFirst, ofPrevious].flatMap((share) => (share ? [share.share, share.low, share.high] : [null, null, null])),
        ...[medianSeconds, p90Seconds],
      ]),
    };
  }

  private async revenue(query: QueryOf<'revenue'>, viewer: Viewer): Promise<Report> {
    const days = await this.reports.read((tx) => this.revenues.days(tx, this.reports.scopeOf(query, viewer)));
    return {
      columns: [
        ...([['day', 'day'], ['currency', 'text'], ['gross', 'integer'], ['refunds', 'integer']] as const),
        ...([['net', 'integer'], ['payments', 'integer']] as const),
      ],
      rows: days.map(({ day, currency, grossMinor, refundsMinor, payments }) => [
        ...[day, currency, grossMinor, refundsMinor, grossMinor - refundsMinor, payments],
      ]),
    };
  }

  private async activity(query: QueryOf<'activity'>, viewer: Viewer): Promise<Report> {
    const { points } = await this.usageBoards.activity(query, viewer);
    const keys = ['messages', 'voiceMessages', 'replies', 'failedReplies', 'delivered', 'undeliverable'] as const;
    const more = ['calls', 'outputTokens', 'costMicros', 'medianMs', 'p95Ms'] as const;
    return {
      columns: [['time', 'time'], ...[...keys, ...more].map((key): NamedColumn => [key, 'integer'])],
      rows: points.map((point) => [point.at, ...[...keys, ...more].map((key) => point[key])]),
    };
  }

  private async business(query: QueryOf<'business'>, viewer: Viewer): Promise<Report> {
    const board = await this.money.business(query, viewer);
    const { mau, conversion, churn, lifetimeValue, nps } = board;
    const { forecast } = churn;
    return {
      columns: [['number', 'text'], ['value', 'number'], ['low', 'number'], ['high', 'number'], ['people', 'integer']],
      about: ['mau', 'conversion', 'churn', 'churnForecast', 'lifetimeValue', 'nps', 'npsMean'],
      rows: [
        ['mau', mau.people, null, null, board.about.people],
        ['conversion', conversion.share, null, null, conversion.people],
        ['churn', churn.share, null, null, churn.people],
        ...(forecast
          ? [['churnForecast', forecast.share.value, forecast.share.low, forecast.share.high, forecast.people] as Row]
          : []),
        ...lifetimeValue.horizons.flatMap(({ days, people, realisedMinor, predictedMinor }): Row[] => [
          [`lifetimeValue, ${days}, ${lifetimeValue.currency}`, realisedMinor, null, null, people],
          ...(predictedMinor
            ? [[`lifetimeValue, ${days}, ${lifetimeValue.currency} (forecast)`, predictedMinor.value, predictedMinor.low, predictedMinor.high, people] as Row]
            : []),
        ]),
        ['nps', nps.score, null, null, nps.answers],
        ['npsMean', nps.mean, null, null, nps.answers],
      ],
    };
  }

  /** By hour, bot and model: there may be more rows than fit into memory. */
  private usage<T>(query: QueryOf<'usage'>, viewer: Viewer, write: (report: Report) => Promise<T>): Promise<T> {
    return this.reports.read((tx) => {
      const rows = this.usages.details(tx, this.reports.scopeOf(query, viewer));
      return write({
        columns: [['time', 'time'], ['bot', 'text'], ['model', 'text'], ...usageColumns],
        rows: mapped(rows, (row) => [row.at, row.botId, row.model, ...USAGE.map((key) => row[key as 'messages'])]),
      });
    }, 0);
  }
}

type QueryOf<Name extends ExportedReport['report']> = Extract<ExportedReport, { report: Name }>['query'];

/** What holds of every file. */
const ALWAYS: readonly DefinitionId[] = ['hidden', 'provisional'];

const isDefinition = (name: NamedColumn[0]): name is DefinitionId => !Object.hasOwn(LABELS, name);

function nameOf(name: NamedColumn[0], locale: Locale): string {
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
