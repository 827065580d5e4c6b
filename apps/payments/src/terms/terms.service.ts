import { Injectable } from '@nestjs/common';
import { Outbox } from '@switchboard/bus';
import {
  type Actor,
  AuditEntryAppendRequested,
  type GiftTerms,
  type ReferralTerms,
  SetShopTerms,
} from '@switchboard/contracts';
import { auditEntry, BotsRegistry, Clock, DomainError, type IfMatch } from '@switchboard/service-kit';
import type { EntityManager } from 'typeorm';
import { ShopTerms } from './shop-terms.entity';

export class BotNotFound extends DomainError {
  constructor(botId: string) {
    super('payments.bot_not_found', { en: 'There is no such bot.', ru: 'Такого бота нет.' }, 404, { botId });
  }
}

export class NoReferrals extends DomainError {
  constructor(botId: string) {
    const texts = { en: 'This bot rewards nobody.', ru: 'У этого бота нет реферальной программы.' };
    super('payments.no_referrals', texts, 404, { botId });
  }
}

/** Until staff have set others. */
const USUAL_GIFTS: GiftTerms = { openDays: 90, giverMayOpen: false, unopened: 'balance' };

@Injectable()
export class TermsService {
  constructor(
    private readonly bots: BotsRegistry,
    private readonly outbox: Outbox,
    private readonly clock: Clock,
  ) {}

  /** Of a bot for which nothing was set, the usual ones, with revision 0. */
  async of(
    tx: EntityManager,
    botId: string,
  ): Promise<Pick<ShopTerms, 'botId' | 'referrals' | 'gifts' | 'seller' | 'revision'>> {
    const known = await tx.findOneBy(ShopTerms, { botId });
    if (known) return known;
    if (!this.bots.find(botId)) throw new BotNotFound(botId);
    return { botId, referrals: null, gifts: USUAL_GIFTS, seller: null, revision: 0 };
  }

  /** Undefined where nobody is rewarded. */
  async referrals(tx: EntityManager, botId: string): Promise<ReferralTerms | undefined> {
    return (await tx.findOneBy(ShopTerms, { botId }))?.referrals ?? undefined;
  }

  /** @throws NoReferrals */
  async someReferrals(tx: EntityManager, botId: string): Promise<ReferralTerms> {
    const terms = await this.referrals(tx, botId);
    if (!terms) throw new NoReferrals(botId);
    return terms;
  }

  async gifts(tx: EntityManager, botId: string): Promise<GiftTerms> {
    return (await tx.findOneBy(ShopTerms, { botId }))?.gifts ?? USUAL_GIFTS;
  }

  /** Null where nothing is sold by invoice. */
  async seller(tx: EntityManager, botId: string): Promise<ShopTerms['seller']> {
    return (await tx.findOneBy(ShopTerms, { botId }))?.seller ?? null;
  }

  /** @throws BotNotFound */
  async set(
    tx: EntityManager,
    actor: Actor,
    botId: string,
    { seller, ...wanted }: Pick<ShopTerms, 'referrals' | 'gifts'> & { seller?: ShopTerms['seller'] | undefined },
    seen: IfMatch,
  ): Promise<ShopTerms> {
    // Of what is not there yet no row can be held.
    await tx.query('SELECT pg_advisory_xact_lock(hashtextextended($1, 0))', [`shop terms ${botId}`]);
    const before = await this.of(tx, botId);
    seen.check(before.revision, before);
    const terms = { ...wanted, seller: seller === undefined ? before.seller : seller };
    const after = { ...terms, botId, revision: before.revision + 1, changedAt: this.clock.now() };
    await tx.upsert(ShopTerms, after as never, ['botId']);
    const { referrals, gifts, seller: former } = before;
    const change = { before: { referrals, gifts, seller: former }, after: { ...terms } };
    const about = { resourceType: 'shop-term', resourceId: botId, botId, ...change };
    await this.outbox.add(tx, AuditEntryAppendRequested(auditEntry(actor, SetShopTerms, about)));
    return after;
  }
}
