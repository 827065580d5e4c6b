import { Injectable } from '@nestjs/common';
import { Clock } from '@switchboard/service-kit';
import { Counter, Gauge, Registry } from 'prom-client';
import { DataSource } from 'typeorm';
import { Reading } from './reading';

/** What was counted of one kind of events, of all days together. */
interface Total {
  readonly type: string;
  readonly measure: string;
  readonly bot: string;
  readonly kind: string;
  readonly model: string;
  readonly outcome: string;
  readonly events: number;
  readonly total: number;
}

/** A metric, the measures it is made of, and what each of them adds to which series. */
interface Rule<Label extends string = string> {
  readonly name: string;
  readonly help: string;
  readonly labels: readonly Label[];
  readonly of: Readonly<Record<string, (total: Total) => [series: Record<Label, string>, added: number] | undefined>>;
}

/** Checks that each series has the labels of its metric. */
const rule = <const Label extends string>(of: Rule<Label>): Rule => of;

const MICROS = 1_000_000;
const payer = ({ bot, model, kind }: Total) => ({ bot, model, purpose: kind });
const speaker = ({ bot, model, kind }: Total) => ({ bot, engine: model, purpose: kind });

const RULES: readonly Rule[] = [
  rule({
    name: 'business_contacts_total',
    help: 'People who met a bot for the first time.',
    labels: ['bot'],
    of: { 'bot-adapter.contact.started events': ({ bot, events }) => [{ bot }, events] },
  }),
  rule({
    name: 'business_messages_total',
    help: 'Messages of people, by what they were: text, voice and so on.',
    labels: ['bot', 'kind'],
    of: { 'bot-adapter.message.received events': ({ bot, kind, events }) => [{ bot, kind }, events] },
  }),
  rule({
    name: 'business_replies_total',
    help: 'Finished turns of assistants, by how they ended.',
    labels: ['bot', 'outcome'],
    of: { 'chat-ai.reply.completed events': ({ bot, outcome, events }) => [{ bot, outcome }, events] },
  }),
  rule({
    name: 'business_model_calls_total',
    help: 'Calls of language models, as the ledger has them.',
    labels: ['bot', 'model', 'purpose', 'outcome'],
    of: { 'chat-ai.usage.recorded events': (row) => [{ ...payer(row), outcome: row.outcome }, row.events] },
  }),
  rule({
    name: 'business_model_tokens_total',
    help: 'Tokens of language models: input, the part of it that the model had cached, output.',
    labels: ['bot', 'model', 'purpose', 'kind'],
    of: {
      'chat-ai.usage.recorded inputTokens': (row) => [{ ...payer(row), kind: 'input' }, row.total],
      'chat-ai.usage.recorded cachedInputTokens': (row) => [{ ...payer(row), kind: 'cached_input' }, row.total],
      'chat-ai.usage.recorded outputTokens': (row) => [{ ...payer(row), kind: 'output' }, row.total],
    },
  }),
  rule({
    name: 'business_model_cost_usd_total',
    help: 'What calls of language models cost, as the ledger has it.',
    labels: ['bot', 'model', 'purpose'],
    of: { 'chat-ai.usage.recorded costMicros': (row) => [payer(row), row.total / MICROS] },
  }),
  rule({
    name: 'business_speech_seconds_total',
    help: 'Speech that was made or listened to.',
    labels: ['bot', 'engine', 'purpose'],
    of: { 'tts-worker.usage.recorded audioMs': (row) => [speaker(row), row.total / 1000] },
  }),
  rule({
    name: 'business_speech_cost_usd_total',
    help: 'What calls of engines of speech cost, as the ledger has it.',
    labels: ['bot', 'engine', 'purpose'],
    of: { 'tts-worker.usage.recorded costMicros': (row) => [speaker(row), row.total / MICROS] },
  }),
];

const KEYS = RULES.flatMap(({ of }) => Object.keys(of).map((key) => key.split(' ')));

const PERIODS = { day: 1, week: 7, month: 30 } as const;

/**
 * What the business did, for Prometheus: what analytics has counted, so each thing once, whoever was restarted. Every process tells
 * the same. Only people who agreed to be counted are among the people; everything else is counted of everybody.
 */
@Injectable()
export class BusinessMetrics {
  constructor(
    private readonly db: DataSource,
    private readonly clock: Clock,
    registry: Registry,
  ) {
    const totals = new Reading(() => this.totals());
    for (const rule of RULES) {
      new Counter({
        name: rule.name,
        help: rule.help,
        labelNames: [...rule.labels],
        registers: [registry],
        async collect() {
          const rows = await totals.get();
          this.reset();
          for (const row of rows ?? []) {
            const added = rule.of[`${row.type} ${row.measure}`]?.(row);
            if (added) this.inc(...added);
          }
        },
      });
    }
    const people = new Reading(() => this.activePeople());
    new Gauge({
      name: 'business_active_people',
      help: 'People who were active today, in 7 and in 30 days (UTC, today among them), of those who agreed to be counted.',
      labelNames: ['period'],
      registers: [registry],
      async collect() {
        const counts = await people.get();
        this.reset();
        for (const [period, count] of Object.entries(counts ?? {})) this.set({ period }, count);
      },
    });
  }

  private totals(): Promise<Total[]> {
    return this.db.query<Total[]>(
      `SELECT type, measure, bot_id AS bot, kind, model, outcome, sum(events)::float8 AS events, sum(total)::float8 AS total
       FROM measures JOIN unnest($1::text[], $2::text[]) AS asked (type, measure) USING (type, measure)
       WHERE minutes = 1440 GROUP BY 1, 2, 3, 4, 5, 6`,
      [KEYS.map(([type]) => type), KEYS.map(([, measure]) => measure)],
    );
  }

  private async activePeople(): Promise<Record<keyof typeof PERIODS, number>> {
    const counts = Object.entries(PERIODS).map(
      ([period, days]) => `(count(DISTINCT user_id) FILTER (WHERE day > $1::date - ${days}))::integer AS ${period}`,
    );
    const [row] = await this.db.query<[Record<keyof typeof PERIODS, number>]>(
      `SELECT ${counts.join(', ')} FROM active_people WHERE day > $1::date - ${PERIODS.month}`,
      [this.clock.now().toISOString().slice(0, 10)],
    );
    return row;
  }
}
