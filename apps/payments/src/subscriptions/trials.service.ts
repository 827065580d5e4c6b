import { Injectable } from '@nestjs/common';
import { BlindIndex, Clock, DomainError } from '@switchboard/service-kit';
import type { EntityManager } from 'typeorm';
import type { Plan } from '../catalogue/plan.entity';
import type { Subscription } from './subscription.entity';
import { SubscriptionsService } from './subscriptions.service';

class TrialNotOffered extends DomainError {
  constructor() {
    super('payments.trial_not_offered', { en: 'There is no trial here.', ru: 'Пробного периода здесь нет.' }, 404);
  }
}

export class TrialOnlyOnce extends DomainError {
  constructor() {
    super(
      'payments.trial_only_once',
      { en: 'You have had the trial already.', ru: 'Пробный период уже был использован.' },
      409,
    );
  }
}

/**
 * Trials: once a person and bot, whatever they are known by. Of each identity a keyed hash is kept, also when the person is erased: it
 * says nothing of them, and keeps the next account of the same messenger from another trial.
 */
@Injectable()
export class TrialsService {
  constructor(
    private readonly subscriptions: SubscriptionsService,
    private readonly blindIndex: BlindIndex,
    private readonly clock: Clock,
  ) {}

  /** Null: there is none, or they have had it. */
  async offeredTo(
    tx: EntityManager,
    userId: string,
    plans: readonly Plan[],
  ): Promise<{ planId: string; days: number } | null> {
    const plan = plans.find(({ trialDays }) => trialDays !== null);
    if (!plan || (await this.hasHad(tx, userId, plan.botId))) return null;
    return { planId: plan.id, days: plan.trialDays! };
  }

  async start(
    tx: EntityManager,
    userId: string,
    plans: readonly Plan[],
    region: string | undefined,
  ): Promise<Subscription> {
    const plan = plans.find(({ trialDays }) => trialDays !== null);
    if (!plan) throw new TrialNotOffered();
    await this.claim(tx, userId, plan.botId);
    const trial = { orderId: null, userId, plan, periods: 0, amountMinor: 0, currency: 'XXX', extraDays: 0, region };
    return this.subscriptions.begin(tx, trial, 'trial');
  }

  /**
   * An id by which a person is known, also when somebody else was known by it before. Who is known by several has had with each of
   * them what they had with one.
   */
  async know(
    tx: EntityManager,
    { channel, externalId, userId }: { channel: string; externalId: string; userId: string },
  ): Promise<void> {
    const identity = this.blindIndex.hash('identity', channel, externalId);
    await tx.query(
      // Whoever was known by it before stays known by it: that it went from one to the other says that they are the same.
      `INSERT INTO identities (identity, user_id, linked_at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING`,
      [identity, userId, this.clock.now()],
    );
    await tx.query(
      `WITH known AS (SELECT identity FROM identities WHERE user_id = $1::uuid UNION SELECT $2::text)
       INSERT INTO trial_claims (bot_id, identity, claimed_at)
       SELECT had.bot_id, known.identity, min(had.claimed_at) FROM trial_claims had CROSS JOIN known
       WHERE had.identity IN (SELECT identity FROM known) GROUP BY 1, 2 ORDER BY 1, 2 ON CONFLICT DO NOTHING`,
      [userId, this.ofPerson(userId)],
    );
  }

  /** Whether two are known by the same, now or before. */
  async areSame(tx: EntityManager, one: string, other: string): Promise<boolean> {
    const [row] = await tx.query<[{ same: boolean }]>(
      `SELECT $1::uuid = $2::uuid OR EXISTS (
         SELECT FROM identities mine JOIN identities theirs USING (identity) WHERE mine.user_id = $1 AND theirs.user_id = $2) AS same`,
      [one, other],
    );
    return row.same;
  }

  /** Of two at the same time one gets it: each identity can be claimed once. */
  private async claim(tx: EntityManager, userId: string, botId: string): Promise<void> {
    const [claimed] = await tx.query<[{ wanted: number; got: number }]>(
      `WITH mine AS (SELECT identity FROM identities WHERE user_id = $1::uuid UNION SELECT $4::text),
         got AS (INSERT INTO trial_claims (bot_id, identity, claimed_at) SELECT $2, identity, $3 FROM mine ORDER BY identity
                 ON CONFLICT DO NOTHING RETURNING 1)
       SELECT (SELECT count(*) FROM mine)::int AS wanted, (SELECT count(*) FROM got)::int AS got`,
      [userId, botId, this.clock.now(), this.ofPerson(userId)],
    );
    if (claimed.got < claimed.wanted) throw new TrialOnlyOnce();
  }

  private async hasHad(tx: EntityManager, userId: string, botId: string): Promise<boolean> {
    const [row] = await tx.query<[{ had: boolean }]>(
      `SELECT EXISTS (SELECT FROM trial_claims WHERE bot_id = $2
         AND (identity = $3 OR identity IN (SELECT identity FROM identities WHERE user_id = $1::uuid))) AS had`,
      [userId, botId, this.ofPerson(userId)],
    );
    return row.had;
  }

  /** Who has had a trial keeps no name here, not even an id. */
  private ofPerson(userId: string): string {
    return this.blindIndex.hash('identity', 'person', userId);
  }
}
