import { Inject, Injectable } from '@nestjs/common';
import { ChangeChannelRenewal } from '@switchboard/contracts';
import {
  BotsRegistry,
  Clock,
  defineJob,
  Erasure,
  isProblem,
  type JobRun,
  Jobs,
  LOG,
  type Log,
  type PayloadOf,
  Runs,
  Scheduled,
  ServiceClient,
  Slot,
} from '@switchboard/service-kit';
import { DataSource, type EntityManager } from 'typeorm';
import { z } from 'zod';
import { ProvidersService } from '../providers/providers.service';
import { type StarCharge, starCharges, TELEGRAM_STARS } from '../providers/telegram-stars.provider';
import { StarsService } from './stars.service';

const ConfirmCharge = defineJob(
  'confirm-star-charge',
  z.object({
    botId: z.string(),
    chargeId: z.string(),
    payload: z.string(),
    at: z.iso.datetime(),
    isRenewal: z.boolean().optional(),
  }),
);
const ChangeRenewal = defineJob('change-star-renewal', z.object({ subscriptionId: z.uuid() }));
const StopCharge = defineJob(
  'stop-star-charge',
  z.object({ botId: z.string(), userId: z.uuid(), chargeId: z.string() }),
);
const ReadStars = defineJob('read-star-payments', Slot);

/** Some thirty hours with the growing pauses of the queue. */
const ATTEMPTS = 25;
/** By which bot-adapter says that it cannot reach whoever paid, now or later. */
const GONE = ['bot-adapter.payer_not_found', 'bot-adapter.unknown_bot', 'bot-adapter.payments_not_taken'] as const;
/** Around the time that is told: clocks differ. */
const AROUND_MS = 10 * 60_000;
/** So far back the list is read for the first time: with each charge of what Telegram renews by the month. */
const FIRST_READ_MS = 32 * 86_400_000;

@Injectable()
export class StarsJobs {
  constructor(
    private readonly db: DataSource,
    private readonly jobs: Jobs,
    private readonly services: ServiceClient,
    private readonly stars: StarsService,
    private readonly providers: ProvidersService,
    private readonly bots: BotsRegistry,
    private readonly clock: Clock,
    @Inject(LOG) private readonly log: Log,
    erasure: Erasure,
  ) {
    erasure.add({ before: (userId, signal, isLastAttempt) => this.stopAll(userId, signal, isLastAttempt) });
  }

  /** A charge was told of: it is looked up in Telegram's own list, as with every provider. */
  async confirm(tx: EntityManager, told: PayloadOf<typeof ConfirmCharge>): Promise<void> {
    const { botId, chargeId, payload, at, isRenewal } = told;
    const charge = { botId, chargeId, payload, at, isRenewal };
    await this.jobs.add(tx, ConfirmCharge, charge, { queue: queueOf(told), maxAttempts: ATTEMPTS });
  }

  /** Telegram is told to go on or to stop, where it does something else than it is to do. */
  async changeRenewal(tx: EntityManager, subscriptionId: string): Promise<void> {
    // Whoever has just asked Telegram notes first what it does now.
    await tx.query('SELECT FROM star_subscriptions WHERE subscription_id = $1 FOR UPDATE', [subscriptionId]);
    if (!(await this.stars.renewalToChange(tx, subscriptionId))) return;
    const key = `star-renewal:${subscriptionId}`;
    // One after the other: what was told to Telegram is noted before it is told anything else.
    await this.jobs.add(tx, ChangeRenewal, { subscriptionId }, { key, queue: key, maxAttempts: ATTEMPTS });
  }

  @Runs(ConfirmCharge)
  async confirmCharge(
    { botId, chargeId, at, isRenewal }: PayloadOf<typeof ConfirmCharge>,
    { signal, isLastAttempt }: JobRun,
  ): Promise<void> {
    const since = new Date(Date.parse(at) - AROUND_MS);
    for await (const charge of starCharges(this.services, botId, { since }, signal))
      if (charge.chargeId === chargeId) return this.apply(botId, { ...charge, isRenewal });
    if (isLastAttempt) this.log.error({ botId, chargeId }, 'Stars charge not found in getStarTransactions');
    throw new Error(`the charge ${chargeId} is not in Telegram's list yet`);
  }

  @Runs(ChangeRenewal)
  async tellTelegram({ subscriptionId }: PayloadOf<typeof ChangeRenewal>, run: JobRun): Promise<void> {
    const wanted = await this.db.transaction(async (tx) => {
      const found = await this.stars.renewalToChange(tx, subscriptionId);
      // Whatever becomes of the call, and is wished meanwhile: Telegram is told until it has answered.
      if (found) await this.stars.renewalSet(tx, found.charge.orderId, 'changing');
      return found;
    });
    if (!wanted) return;
    const { charge, renews } = wanted;
    const isDone = await this.setRenewal(charge, renews, run);
    // What Telegram refuses does not go on; from now on it is charged for as any other subscription.
    const state = !isDone ? 'failed' : renews ? 'active' : 'canceled';
    await this.db.transaction(async (tx) => {
      await this.stars.renewalSet(tx, charge.orderId, state);
      // Wished otherwise while Telegram was asked.
      await this.changeRenewal(tx, subscriptionId);
    });
  }

  @Runs(StopCharge)
  async stop(charge: PayloadOf<typeof StopCharge>, run: JobRun): Promise<void> {
    await this.setRenewal(charge, false, run);
  }

  /** @returns false where Telegram refuses, as it does for what is over there */
  private async setRenewal(
    { botId, userId, chargeId }: PayloadOf<typeof StopCharge>,
    renews: boolean,
    { signal, isLastAttempt }: Pick<JobRun, 'signal' | 'isLastAttempt'>,
  ): Promise<boolean> {
    try {
      const asked = { params: { botId, chargeId }, body: { userId, renews } };
      await this.services.call(ChangeChannelRenewal, asked, { signal });
      return true;
    } catch (error) {
      if (isProblem(error, ChangeChannelRenewal, 'bot-adapter.payment_refused')) {
        this.log.warn({ err: error, chargeId, renews }, 'editUserStarSubscription refused');
        return false;
      }
      // Whoever paid may become known again: until then Telegram goes on.
      if (isLastAttempt && !renews) await this.notStopped(botId, chargeId, error);
      throw error;
    }
  }

  /** Telegram knows nothing of whom we erase, and would go on charging them. */
  private async stopAll(userId: string, signal: AbortSignal, isLastAttempt: boolean): Promise<void> {
    for (const charge of await this.stars.active(userId)) {
      const { botId, chargeId, orderId } = charge;
      try {
        await this.setRenewal(charge, false, { signal, isLastAttempt: false });
      } catch (error) {
        // bot-adapter has erased them before us, or the bot is gone, and nobody keeps a person because of that.
        const isForGood = isProblem(error, ChangeChannelRenewal, ...GONE);
        if (!isForGood && !isLastAttempt) throw error;
        await this.notStopped(botId, chargeId, error);
        continue;
      }
      await this.db.transaction((tx) => this.stars.renewalSet(tx, orderId, 'canceled'));
    }
  }

  private async notStopped(botId: string, chargeId: string, error: unknown): Promise<void> {
    this.log.error({ err: error, botId, chargeId }, 'Telegram goes on charging for what has ended');
    await this.db.transaction((tx) => this.stars.tellOfNotStopped(tx, botId, chargeId));
  }

  @Scheduled('*/5 * * * *', ReadStars, {
    purpose: 'Reads what was paid to bots in Stars and given back, and books what no update has told of.',
    timeoutMs: 4 * 60_000,
    missed: 'latest',
  })
  async read(_slot: PayloadOf<typeof ReadStars>, { signal }: JobRun): Promise<void> {
    const selling = this.bots
      .all()
      .filter(({ id }) => this.providers.offeredBy(id).some(({ name }) => name === TELEGRAM_STARS));
    const failures: unknown[] = [];
    for (const { id } of selling) await this.readOf(id, signal).catch((error: unknown) => failures.push(error));
    if (failures.length > 0) throw new AggregateError(failures, `the Stars of ${failures.length} bots were not read`);
  }

  private async readOf(botId: string, signal: AbortSignal): Promise<void> {
    const [known] = await this.db.query<{ cursor: string }[]>(`SELECT cursor FROM star_lists WHERE bot_id = $1`, [
      botId,
    ]);
    const from = known ?? { since: new Date(this.clock.now().getTime() - FIRST_READ_MS) };
    let cursor: string | undefined;
    const onPage = (next: string) => (cursor = next);
    for await (const charge of starCharges(this.services, botId, from, signal, onPage))
      await this.apply(botId, charge).catch((error: unknown) => this.park(botId, charge, error));
    await this.db.query(
      `INSERT INTO star_lists (bot_id, cursor) VALUES ($1, $2) ON CONFLICT (bot_id) DO UPDATE SET cursor = excluded.cursor`,
      [botId, cursor],
    );
  }

  /** One that cannot be booked keeps none after it from being: it is tried again by itself. */
  private async park(botId: string, { chargeId, payload, at }: StarCharge, error: unknown): Promise<void> {
    this.log.error({ err: error, botId, chargeId }, 'a payment of Stars could not be booked');
    await this.db.transaction((tx) => this.confirm(tx, { botId, chargeId, payload, at: at.toISOString() }));
  }

  /** One after the other for what is paid by one invoice, also with what other processes do. */
  private apply(botId: string, charge: StarCharge): Promise<void> {
    return this.db.transaction(async (tx) => {
      await tx.query(`SELECT pg_advisory_xact_lock(hashtextextended($1, 0))`, [queueOf({ botId, ...charge })]);
      const { subscriptionId, stops } = await this.stars.apply(tx, botId, charge);
      if (subscriptionId !== undefined) await this.changeRenewal(tx, subscriptionId);
      if (!stops) return;
      const options = { key: `stop-star-charge:${stops.chargeId}`, maxAttempts: ATTEMPTS };
      await this.jobs.add(tx, StopCharge, { botId, ...stops }, options);
    });
  }
}

const queueOf = ({ botId, payload }: { botId: string; payload: string }) => `stars:${botId}:${payload}`;
