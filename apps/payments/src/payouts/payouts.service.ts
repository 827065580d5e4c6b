import { Injectable } from '@nestjs/common';
import { Outbox } from '@switchboard/bus';
import {
  type Actor,
  ApprovePayout,
  AuditEntryAppendRequested,
  CompletePayout,
  type Money,
  NoticeSendRequested,
  PayoutDecided,
  PayoutAsked,
  type PayoutState,
  RefusePayout,
  type RequestPayout,
  type RouteDefinition,
  toDecimal,
} from '@switchboard/contracts';
import {
  auditEntry,
  Clock,
  DomainError,
  type IfMatch,
  PersonalData,
  type RequestOf,
  seesBot,
} from '@switchboard/service-kit';
import type { EntityManager } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import { LedgerService } from '../ledger/ledger.service';
import { ReferralViews } from '../referrals/referral-views.service';
import { TermsService } from '../terms/terms.service';
import { Payout } from './payout.entity';
import { PAYOUT_TRANSITIONS } from './payout.states';

export class PayoutNotFound extends DomainError {
  constructor() {
    super('payments.payout_not_found', { en: 'There is no such payout.', ru: 'Такой выплаты нет.' }, 404);
  }
}
class PayoutIsDecided extends DomainError {
  constructor(state: string) {
    super('payments.payout_decided', { en: 'The payout is decided.', ru: 'По выплате уже решено.' }, 409, { state });
  }
}
class PayoutIsOpen extends DomainError {
  constructor() {
    const texts = { en: 'Your last payout is not decided yet.', ru: 'По прошлой выплате ещё не решено.' };
    super('payments.payout_open', texts, 409);
  }
}
class PayoutTooSmall extends DomainError {
  constructor(leastMinor: number | null) {
    const texts = { en: 'So little is not paid out.', ru: 'Такая сумма слишком мала для выплаты.' };
    super('payments.payout_too_small', texts, 422, { leastMinor });
  }
}
class PayoutTooLarge extends DomainError {
  constructor(payableMinor: number) {
    const texts = { en: 'You have not earned so much.', ru: 'Столько ещё не заработано.' };
    super('payments.payout_too_large', texts, 409, { payableMinor });
  }
}

interface Decision {
  readonly approvedBy?: string;
  readonly refusal?: string;
  readonly reference?: string;
}

/** Earnings that go out: asked for by the person, approved by two members of staff, sent by hand and noted. */
@Injectable()
export class PayoutsService {
  constructor(
    private readonly ledger: LedgerService,
    private readonly terms: TermsService,
    private readonly rewards: ReferralViews,
    private readonly personal: PersonalData,
    private readonly outbox: Outbox,
    private readonly clock: Clock,
  ) {}

  /** What was earned, was not paid out and is still there. What was topped up goes back by a refund, and never this way. */
  async payable(tx: EntityManager, userId: string, botId: string): Promise<Money[]> {
    const payable: Money[] = [];
    for (const { currency } of await this.rewards.sums(tx, userId, botId, 'paid')) {
      const there = await this.ledger.balance(tx, userId, 'customer', currency);
      const amountMinor = Math.min(there, await this.left(tx, userId, botId, currency));
      if (amountMinor > 0) payable.push({ currency, amountMinor });
    }
    return payable;
  }

  async request(
    tx: EntityManager,
    userId: string,
    { botId, amountMinor, currency, details }: RequestOf<typeof RequestPayout>['body'],
  ): Promise<Payout> {
    const { leastPayouts } = await this.terms.someReferrals(tx, botId);
    const least = leastPayouts.find((one) => one.currency === currency)?.amountMinor;
    if (least === undefined || amountMinor < least) throw new PayoutTooSmall(least ?? null);
    const id = uuidv7();
    const sealed = await this.personal.encrypt(tx, { table: 'payouts', id, userId }, { details });
    const payout = tx.create(Payout, {
      ...{ id, userId, botId, amountMinor, currency, ...sealed, state: 'asked', askedAt: this.clock.now() },
      ...{ approvedBy: null, decidedBy: null, decidedAt: null, refusal: null, reference: null, revision: 1 },
    });
    // One at a time: whoever asks for another at the same moment waits here, and for the balance behind it.
    const { raw } = await tx
      .createQueryBuilder()
      .insert()
      .into(Payout)
      .values(payout)
      .orIgnore()
      .returning('id')
      .execute();
    if ((raw as unknown[]).length === 0) throw new PayoutIsOpen();
    const there = await this.ledger.balance(tx, userId, 'customer', currency, 'lock');
    const payableMinor = Math.min(there, (await this.left(tx, userId, botId, currency)) + amountMinor);
    if (amountMinor > payableMinor) throw new PayoutTooLarge(Math.max(0, payableMinor));
    await this.book(tx, payout, 'payout', [{ from: 'customer', to: 'held', amountMinor }]);
    await this.outbox.add(tx, PayoutAsked(toldOf(payout)));
    await this.tellStaff(tx, payout);
    return payout;
  }

  /** @throws PayoutNotFound, PayoutIsDecided */
  async withdraw(tx: EntityManager, userId: string, payoutId: string): Promise<Payout> {
    const payout = await this.lock(tx, payoutId);
    if (payout.userId !== userId) throw new PayoutNotFound();
    await this.become(tx, payout, 'withdrawn', {});
    await this.giveBack(tx, payout);
    return payout;
  }

  /** @throws PayoutNotFound, PayoutIsDecided */
  async approve(tx: EntityManager, actor: Actor, payoutId: string, seen: IfMatch): Promise<Payout> {
    const payout = await this.lockFor(tx, actor, payoutId, seen);
    await this.become(tx, payout, 'approved', { approvedBy: authorOf(actor) });
    await this.audit(tx, actor, ApprovePayout, payout);
    return payout;
  }

  /** It was sent. */
  async complete(tx: EntityManager, actor: Actor, payoutId: string, reference: string, seen: IfMatch): Promise<Payout> {
    const payout = await this.lockFor(tx, actor, payoutId, seen);
    await this.become(tx, payout, 'paid', { reference }, actor);
    const { amountMinor } = payout;
    await this.book(tx, payout, 'payout-paid', [{ from: 'held', to: 'payouts', amountMinor }]);
    await this.outbox.add(tx, PayoutDecided({ ...toldOf(payout), paid: true }));
    await this.audit(tx, actor, CompletePayout, payout);
    return payout;
  }

  async refuse(tx: EntityManager, actor: Actor, payoutId: string, refusal: string, seen: IfMatch): Promise<Payout> {
    const payout = await this.lockFor(tx, actor, payoutId, seen);
    await this.become(tx, payout, 'refused', { refusal }, actor);
    await this.giveBack(tx, payout);
    await this.outbox.add(tx, PayoutDecided({ ...toldOf(payout), paid: false }));
    await this.audit(tx, actor, RefusePayout, payout);
    return payout;
  }

  /** Where it is to be sent; null once that is not kept any more. @throws PayoutNotFound */
  async read(tx: EntityManager, actor: Actor, payoutId: string): Promise<{ payout: Payout; details: string | null }> {
    const payout = await tx.findOneBy(Payout, { id: payoutId });
    if (!payout || !seesBot(actor.bots, payout.botId)) throw new PayoutNotFound();
    const { details } = await this.personal.decrypt(tx, placeOf(payout), { details: payout.details });
    return { payout, details: details ?? null };
  }

  private async lockFor(tx: EntityManager, actor: Actor, payoutId: string, seen: IfMatch): Promise<Payout> {
    const payout = await this.lock(tx, payoutId);
    if (!seesBot(actor.bots, payout.botId)) throw new PayoutNotFound();
    seen.check(payout.revision);
    return payout;
  }

  private async lock(tx: EntityManager, payoutId: string): Promise<Payout> {
    const payout = await tx.findOne(Payout, { where: { id: payoutId }, lock: { mode: 'pessimistic_write' } });
    if (!payout) throw new PayoutNotFound();
    return payout;
  }

  private async become(
    tx: EntityManager,
    payout: Payout,
    state: PayoutState,
    decision: Decision,
    decidedBy?: Actor,
  ): Promise<void> {
    if (!PAYOUT_TRANSITIONS[payout.state].includes(state)) throw new PayoutIsDecided(payout.state);
    payout.become(state);
    const isOver = PAYOUT_TRANSITIONS[state].length === 0;
    Object.assign(payout, {
      ...decision,
      ...(isOver && { details: null, decidedAt: this.clock.now(), decidedBy: decidedBy ? authorOf(decidedBy) : null }),
    });
    const { id, ...rest } = payout;
    await tx.update(Payout, { id }, rest);
  }

  private async giveBack(tx: EntityManager, payout: Payout): Promise<void> {
    const { amountMinor } = payout;
    await this.book(tx, payout, 'payout-refused', [{ from: 'held', to: 'customer', amountMinor }]);
  }

  private async book(
    tx: EntityManager,
    { id, userId, currency }: Payout,
    what: string,
    transfers: Parameters<LedgerService['book']>[1]['transfers'],
  ): Promise<void> {
    await this.ledger.book(tx, { key: `${what}:${id}`, reason: 'payout', says: 'payout', currency, userId, transfers });
  }

  /** What was earned with a bot, without what is or was to be paid out of it. */
  private async left(tx: EntityManager, userId: string, botId: string, currency: string): Promise<number> {
    const earned = await this.rewards.sums(tx, userId, botId, 'paid');
    const [out] = await tx.query<[{ amount: string }]>(
      `SELECT coalesce(sum(amount_minor), 0) AS amount FROM payouts
       WHERE user_id = $1 AND bot_id = $2 AND currency = $3 AND state IN ('asked', 'approved', 'paid')`,
      [userId, botId, currency],
    );
    return (earned.find((one) => one.currency === currency)?.amountMinor ?? 0) - Number(out.amount);
  }

  private async audit(tx: EntityManager, actor: Actor, route: RouteDefinition, payout: Payout): Promise<void> {
    const { id, botId, userId, amountMinor, currency, state, refusal, reference } = payout;
    const after = { amountMinor, currency, state, ...(refusal && { refusal }), ...(reference && { reference }) };
    const entry = auditEntry(actor, route, { resourceType: 'payout', resourceId: id, botId, after });
    await this.outbox.add(tx, AuditEntryAppendRequested({ ...entry, userId, money: true }));
  }

  private async tellStaff(tx: EntityManager, { id, botId, amountMinor, currency }: Payout): Promise<void> {
    const sum = `${toDecimal({ amountMinor, currency })} ${currency}`;
    const texts = {
      en: `**Somebody asks for a payout.** ${sum}, earned with ${botId}.`,
      ru: `**Запрошена выплата.** ${sum}, заработано с ${botId}.`,
    };
    await this.outbox.add(tx, NoticeSendRequested({ noticeId: id, audience: 'staff', texts }));
  }
}

const placeOf = ({ id, userId }: Payout) => ({ table: 'payouts', id, userId });

const authorOf = ({ kind, id }: Actor): string => `${kind}:${id}`;

const toldOf = ({ id, userId, botId, amountMinor, currency }: Payout) => ({
  ...{ payoutId: id, userId, botId },
  ...{ amountMinor, currency },
});
