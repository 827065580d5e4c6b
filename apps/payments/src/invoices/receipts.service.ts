import { Injectable } from '@nestjs/common';
import { localized } from '@switchboard/contracts';
import { Clock, PersonalData } from '@switchboard/service-kit';
import type { EntityManager } from 'typeorm';
import { CatalogueService } from '../catalogue/catalogue.service';
import type { ReceiptTerms } from '../catalogue/plan.entity';
import type { Order } from '../orders/order.entity';
import type { ReceiptLine } from '../providers/payment-provider';

/** How what an order is for stands on receipts. */
export type TermsOf = (tx: EntityManager, order: Order) => Promise<ReceiptTerms>;

/** Of YooKassa's codes. */
const WITHOUT_VAT = 1;

/** What stands on receipts by Russian law (54-FZ), and where they go. */
@Injectable()
export class ReceiptsService {
  private readonly terms = new Map<Order['kind'], TermsOf>();

  constructor(
    private readonly catalogue: CatalogueService,
    private readonly personal: PersonalData,
    private readonly clock: Clock,
  ) {}

  /** Features whose things are sold by orders of a kind call it when they are made. */
  onTerms(kind: Order['kind'], terms: TermsOf): void {
    this.terms.set(kind, terms);
  }

  /** Rates change: a thing is sold at that of the day it is sold on. */
  async lineOf(tx: EntityManager, order: Order): Promise<ReceiptLine> {
    const { title, locale, botId, wanted, kind } = order;
    const terms = (await this.terms.get(kind)?.(tx, order)) ?? (await this.catalogue.receiptTerms(tx, botId, wanted));
    const day = (order.paidAt ?? this.clock.now()).toISOString().slice(0, 10);
    const rate = terms.vat?.filter(({ from }) => from <= day).toSorted((a, b) => b.from.localeCompare(a.from))[0];
    return {
      description: localized(title, locale),
      vatCode: rate?.code ?? WITHOUT_VAT,
      subject: terms.subject ?? 'service',
    };
  }

  async emailOf(tx: EntityManager, { id, userId, email }: Order): Promise<string | undefined> {
    const place = { table: 'orders', id, userId };
    return (await this.personal.tryDecrypt(tx, place, { email })).email ?? undefined;
  }
}
