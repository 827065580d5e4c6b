import { Injectable } from '@nestjs/common';
import { localized } from '@switchboard/contracts';
import { Clock, PersonalData } from '@switchboard/service-kit';
import type { EntityManager } from 'typeorm';
import { CatalogueService } from '../catalogue/catalogue.service';
import type { Order } from '../orders/order.entity';
import type { ReceiptLine } from '../providers/payment-provider';

/** Of YooKassa's codes. */
const WITHOUT_VAT = 1;

/** What stands on receipts by Russian law (54-FZ), and where they go. */
@Injectable()
export class ReceiptsService {
  constructor(
    private readonly catalogue: CatalogueService,
    private readonly personal: PersonalData,
    private readonly clock: Clock,
  ) {}

  /** Rates change: a thing is sold at that of the day it is sold on. */
  async lineOf(tx: EntityManager, order: Order): Promise<ReceiptLine> {
    const { title, locale, botId, wanted } = order;
    const terms = await this.catalogue.receiptTerms(tx, botId, wanted);
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
