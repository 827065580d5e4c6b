import { Injectable } from '@nestjs/common';
import { localized, type MakeOrderDocument, nearestLocale, type ReadOrderDocument } from '@switchboard/contracts';
import { type AnswerOf, Clock, DomainError, PersonalData, type RequestOf } from '@switchboard/service-kit';
import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { DataSource, type EntityManager } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import { Order } from '../orders/order.entity';
import type { StoreOrder } from '../store-orders/store-order.entity';
import { AddressErased, StoreOrderViews } from '../store-orders/store-order-views.service';
import { TermsService } from '../terms/terms.service';
import { documentOf } from './order-papers';
import { OrderDocument } from './order-document.entity';

class ShopDetailsMissing extends DomainError {
  constructor() {
    const texts = {
      en: 'The terms of the shop do not say who sells: an invoice needs it.',
      ru: 'В условиях магазина не указан продавец, а для счёта он нужен.',
    };
    super('payments.shop_details_missing', texts, 409);
  }
}

class DocumentNotFound extends DomainError {
  constructor() {
    const texts = { en: 'No such paper was written of this order.', ru: 'Такого документа у заказа нет.' };
    super('payments.order_document_not_found', texts, 404);
  }
}

class DocumentNotReady extends DomainError {
  constructor(state: string) {
    const texts = {
      en: 'The paper is still being written, or could not be.',
      ru: 'Документ ещё готовится, или его не удалось сделать.',
    };
    super('payments.order_document_not_ready', texts, 409, { state });
  }
}

/** Papers of orders of goods: what an order was when somebody asked for one. */
@Injectable()
export class DocumentsService {
  constructor(
    private readonly db: DataSource,
    private readonly views: StoreOrderViews,
    private readonly terms: TermsService,
    private readonly personal: PersonalData,
    private readonly clock: Clock,
  ) {}

  /** @returns it, for which a job has to be begun. @throws StoreOrderNotFound, ShopDetailsMissing, AddressErased */
  async ask(tx: EntityManager, { params, body, actor }: RequestOf<typeof MakeOrderDocument>): Promise<OrderDocument> {
    const parcel = await this.views.find(tx, params.orderId, actor.bots);
    const order = await tx.findOneByOrFail(Order, { id: parcel.id });
    // What keeps it from being written is told now.
    await this.contentOf(tx, parcel, order, { kind: body.kind, locale: 'en' });
    const { id: orderId, userId } = parcel;
    await tx.delete(OrderDocument, { orderId, kind: body.kind });
    const locale = body.locale ?? order.locale;
    const made = tx.create(OrderDocument, {
      ...{ id: uuidv7(), orderId, userId, kind: body.kind, locale, state: 'waiting', at: this.clock.now() },
      ...{ content: null, bytes: null, sha256: null },
    });
    await tx.insert(OrderDocument, made);
    return made;
  }

  /** As it is to be laid out; undefined for one that nobody waits for any more. */
  async draft(id: string): Promise<object | undefined> {
    const tx = this.db.manager;
    const paper = await tx.findOneBy(OrderDocument, { id });
    if (paper?.state !== 'waiting') return undefined;
    const parcel = await this.views.find(tx, paper.orderId, undefined);
    const order = await tx.findOneByOrFail(Order, { id: parcel.id });
    return documentOf(await this.contentOf(tx, parcel, order, paper));
  }

  async keep(id: string, pdf: Buffer): Promise<void> {
    await this.db.transaction(async (tx) => {
      const paper = await tx.findOne(OrderDocument, { where: { id }, lock: { mode: 'pessimistic_write' } });
      if (!paper) return;
      const sealed = await this.personal.encrypt(tx, placeOf(paper), { content: pdf.toString('base64') });
      const sha256 = createHash('sha256').update(pdf).digest('hex');
      await tx.update(OrderDocument, { id }, { ...sealed, state: 'done', bytes: pdf.length, sha256 });
    });
  }

  async fail(id: string): Promise<void> {
    await this.db.manager.update(OrderDocument, { id, state: 'waiting' }, { state: 'failed' });
  }

  async read(request: RequestOf<typeof ReadOrderDocument>): Promise<AnswerOf<typeof ReadOrderDocument>> {
    const { params, actor } = request;
    const tx = this.db.manager;
    const { id: orderId, number } = await this.views.find(tx, params.orderId, actor.bots);
    const paper = await tx.findOneBy(OrderDocument, { orderId, kind: params.kind });
    if (!paper) throw new DocumentNotFound();
    if (paper.state !== 'done') throw new DocumentNotReady(paper.state);
    const { content } = await this.personal.decrypt(tx, placeOf(paper), { content: paper.content });
    if (content === undefined || content === null) throw new DocumentNotFound();
    const pdf = Buffer.from(content, 'base64');
    return { body: Readable.from([pdf]), bytes: pdf.length, fileName: `${paper.kind}-${number}.pdf` };
  }

  private async contentOf(
    tx: EntityManager,
    parcel: StoreOrder,
    order: Order,
    { kind, locale: wanted }: Pick<OrderDocument, 'kind' | 'locale'>,
  ) {
    const locale = nearestLocale(wanted);
    const { brandId, number, lines, delivery } = parcel;
    const seller = await this.terms.seller(tx, brandId);
    if (kind === 'invoice' && !seller) throw new ShopDetailsMissing();
    const { currency, discountMinor, totalMinor, createdAt, paidAt } = order;
    const nobody = { address: null, recipient: null, note: null };
    const to = await this.views.deliverTo(tx, parcel).catch((error: unknown) => {
      // An invoice is one all the same.
      if (error instanceof AddressErased && kind === 'invoice') return nobody;
      throw error;
    });
    return {
      ...{ kind, locale, number, lines, currency, discountMinor, totalMinor, seller, createdAt, ...to },
      date: new Intl.DateTimeFormat(locale, { dateStyle: 'long', timeZone: 'UTC' }).format(createdAt),
      delivery: localized(delivery.name, locale),
      deliveryMinor: delivery.amountMinor,
      isPaid: paidAt !== null,
    };
  }
}

const placeOf = ({ id, userId }: OrderDocument) => ({ table: 'order_documents', id, userId });
