import { Inject, Injectable } from '@nestjs/common';
import { Outbox } from '@switchboard/bus';
import { type Budget, type KnownSpeechCallOutcome, SpeechUsageRecorded } from '@switchboard/contracts';
import { BotsRegistry, Clock, CONFIG, LOG, type Log, persistently } from '@switchboard/service-kit';
import { DateTime } from 'luxon';
import { Counter, Registry } from 'prom-client';
import { DataSource, type EntityManager, type FindOptionsWhere, LessThan } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import { type Amount, CallMeter } from '../engines/call-meter';
import type { TtsWorkerConfig } from '../tts-worker.config';
import { costOf, type Price, PricesService } from './prices.service';
import { Reservation } from './reservation.entity';

export class BudgetExhausted extends Error {
  override readonly name = 'BudgetExhausted';
}

/** Who is charged for a call. */
export interface Payer {
  readonly botId: string;
  readonly userId: string;
}

/** The most that a call of an engine can use. */
export interface PlannedCall extends Pick<Reservation, 'job' | 'purpose' | 'engine' | 'characters' | 'audioMs'> {
  readonly payer: Payer;
  /** Absent for our own engine, which is free. */
  readonly model?: string | undefined;
}

interface EndedCall extends Amount {
  readonly micros: number;
  readonly outcome: KnownSpeechCallOutcome;
  readonly estimated: boolean;
  readonly durationMs: number;
}

/**
 * Pays for calls of engines from the budgets of a person (by the day) and of a bot (by the month). The most that a call
 * can cost is charged before it is made, so that calls side by side cannot together spend more than there is and a call
 * whose process was killed is paid for; what was not used is given back afterwards. All sums are micros.
 */
@Injectable()
export class BudgetsService {
  private readonly cost: Counter<'purpose' | 'engine'>;
  private readonly refusals: Counter<'purpose'>;

  constructor(
    private readonly db: DataSource,
    private readonly outbox: Outbox,
    private readonly clock: Clock,
    private readonly bots: BotsRegistry,
    private readonly prices: PricesService,
    @Inject(CONFIG) private readonly config: TtsWorkerConfig,
    @Inject(LOG) private readonly log: Log,
    registry: Registry,
  ) {
    const registers = [registry];
    this.cost = new Counter({
      name: 'speech_cost_usd_total',
      help: 'What calls of engines cost, by the prices that budgets count with.',
      labelNames: ['purpose', 'engine'],
      registers,
    });
    this.refusals = new Counter({
      name: 'speech_budget_refusals_total',
      help: 'Calls that were not made because a budget was used up.',
      labelNames: ['purpose'],
      registers,
    });
  }

  /**
   * Makes a call that is paid for, and runs `record` in the transaction that settles it: again, if the database is away
   * at that moment, since the next try of a job would have to pay for another call. Throws BudgetExhausted, before anybody
   * is asked, or what the call throws.
   */
  async charged<Result>(
    planned: PlannedCall,
    call: (meter: CallMeter) => Promise<Result>,
    record: (tx: EntityManager, result: Result) => Promise<void>,
  ): Promise<Result> {
    const price = await this.prices.priceOf(planned.purpose, planned.model);
    await this.chargeInterrupted({ job: planned.job });
    const reservation = await this.reserve(planned, price);
    const meter = new CallMeter();
    const started = performance.now();
    const settle = (tx: EntityManager, outcome: 'completed' | 'failed') => {
      const { characters, audioMs } = meter;
      const micros = costOf(meter, price);
      const durationMs = Math.round(performance.now() - started);
      return this.settle(tx, reservation, {
        characters,
        audioMs,
        micros,
        outcome,
        estimated: outcome === 'failed',
        durationMs,
      });
    };
    let result;
    try {
      result = await call(meter);
    } catch (error) {
      // What cannot be settled now stays charged in full, as after a kill.
      await this.db
        .transaction((tx) => settle(tx, 'failed'))
        .catch((err: unknown) => this.log.warn({ err, job: planned.job }, 'reservation of a failed call not settled'));
      throw error;
    }
    await persistently(() =>
      this.db.transaction(async (tx) => {
        await record(tx, result);
        await settle(tx, 'completed');
      }),
    );
    return result;
  }

  /** Closes reservations of calls that nobody has tried again. */
  chargeAbandonedBefore(time: Date): Promise<void> {
    return this.chargeInterrupted({ reservedAt: LessThan(time) });
  }

  /** Forgets what was spent in days and months that are over. */
  async forgetSpendingBefore(time: Date): Promise<void> {
    await this.db.query('DELETE FROM person_spending WHERE day < $1', [time]);
    await this.db.query(`DELETE FROM bot_spending WHERE month < $1::date - interval '1 year'`, [time]);
  }

  private async reserve({ payer, model, ...planned }: PlannedCall, price: Price): Promise<Reservation> {
    const { personPerDay, botPerMonth, day, month } = this.limitsOf(payer.botId);
    const reservation = Object.assign(new Reservation(), {
      ...planned,
      ...payer,
      id: uuidv7(),
      day,
      month,
      model: model ?? null,
      micros: costOf(planned, price),
      priceKnown: price.isKnown,
      reservedAt: this.clock.now(),
    });
    const { botId, userId, micros } = reservation;
    await this.db.transaction(async (tx) => {
      // The person before the bot, as everywhere: two orders would lock each other out.
      const isCharged =
        micros === 0 ||
        ((await charge(tx, CHARGE_PERSON, [botId, userId, day, micros, personPerDay])) &&
          (await charge(tx, CHARGE_BOT, [botId, month, micros, botPerMonth])));
      if (!isCharged) {
        this.refusals.inc({ purpose: planned.purpose });
        throw new BudgetExhausted(`the speech budget of ${botId} is used up, for this person or for all`);
      }
      await tx.insert(Reservation, reservation);
    });
    return reservation;
  }

  /** A reservation that is gone has been charged in full: this process was taken for dead. */
  private async settle(tx: EntityManager, reservation: Reservation, ended: EndedCall): Promise<void> {
    const { affected } = await tx.delete(Reservation, { id: reservation.id });
    if (!affected) return;
    const { botId, userId, day, month } = reservation;
    const difference = ended.micros - reservation.micros;
    if (difference !== 0) {
      await tx.query(CORRECT_PERSON, [botId, userId, day, difference]);
      await tx.query(CORRECT_BOT, [botId, month, difference]);
    }
    const wasNotMade = ended.outcome === 'failed' && ended.characters === 0 && ended.audioMs === 0;
    if (!wasNotMade) await this.recordUsage(tx, reservation, ended);
  }

  /** Whose process was killed in mid-call: the server may have done the work, so it stays paid for. */
  private async chargeInterrupted(where: FindOptionsWhere<Reservation>): Promise<void> {
    await this.db.transaction(async (tx) => {
      for (const reservation of await tx.find(Reservation, { where, lock: { mode: 'pessimistic_write' } })) {
        await tx.delete(Reservation, { id: reservation.id });
        const { characters, audioMs, micros } = reservation;
        const call = { characters, audioMs, micros, estimated: true, durationMs: 0 };
        await this.recordUsage(tx, reservation, { ...call, outcome: 'interrupted' });
      }
    });
  }

  private async recordUsage(tx: EntityManager, reservation: Reservation, ended: EndedCall): Promise<void> {
    const { botId, userId, purpose, engine, model, priceKnown } = reservation;
    const { micros: costMicros, ...rest } = ended;
    this.cost.inc({ purpose, engine }, costMicros / 1_000_000);
    await this.outbox.add(
      tx,
      SpeechUsageRecorded({
        usageId: uuidv7(),
        botId,
        userId,
        purpose,
        engine,
        ...(model !== null && { model }),
        costMicros,
        priceKnown,
        ...rest,
      }),
    );
  }

  /** Limits and present periods of a bot; the standard ones where its file says nothing, or there is no such bot. */
  private limitsOf(botId: string) {
    const bot = this.bots.find(botId);
    const { personPerDayUsd, botPerMonthUsd } = bot?.budgets.speech ?? {};
    const today = DateTime.fromJSDate(this.clock.now(), { zone: bot?.timeZone ?? 'UTC' });
    return {
      personPerDay: micros(personPerDayUsd ?? this.config.TTS_WORKER_PERSON_PER_DAY_USD),
      botPerMonth: micros(botPerMonthUsd ?? this.config.TTS_WORKER_BOT_PER_MONTH_USD),
      day: today.toFormat('yyyy-MM-dd'),
      month: today.toFormat('yyyy-MM-01'),
    };
  }
}

const micros = (budget: Budget): number =>
  budget === 'unlimited' ? Number.MAX_SAFE_INTEGER : Math.round(budget * 1_000_000);

/** True when there was enough. */
async function charge(tx: EntityManager, sql: string, parameters: unknown[]): Promise<boolean> {
  return (await tx.query<unknown[]>(sql, parameters)).length > 0;
}

const CHARGE_PERSON = `
  INSERT INTO person_spending AS s (bot_id, user_id, day, micros)
  SELECT $1, $2, $3, $4::bigint WHERE $4::bigint <= $5::bigint
  ON CONFLICT (bot_id, user_id, day) DO UPDATE SET micros = s.micros + EXCLUDED.micros
    WHERE s.micros + EXCLUDED.micros <= $5::bigint
  RETURNING true`;
const CHARGE_BOT = `
  INSERT INTO bot_spending AS s (bot_id, month, micros)
  SELECT $1, $2, $3::bigint WHERE $3::bigint <= $4::bigint
  ON CONFLICT (bot_id, month) DO UPDATE SET micros = s.micros + EXCLUDED.micros
    WHERE s.micros + EXCLUDED.micros <= $4::bigint
  RETURNING true`;
const CORRECT_PERSON = `
  INSERT INTO person_spending AS s (bot_id, user_id, day, micros) VALUES ($1, $2, $3, greatest(0, $4::bigint))
  ON CONFLICT (bot_id, user_id, day) DO UPDATE SET micros = greatest(0, s.micros + $4::bigint)`;
const CORRECT_BOT = `
  INSERT INTO bot_spending AS s (bot_id, month, micros) VALUES ($1, $2, greatest(0, $3::bigint))
  ON CONFLICT (bot_id, month) DO UPDATE SET micros = greatest(0, s.micros + $3::bigint)`;
