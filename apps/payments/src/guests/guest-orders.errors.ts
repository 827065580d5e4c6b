import { DomainError } from '@switchboard/service-kit';

export class GuestOrderNotFound extends DomainError {
  constructor() {
    super('payments.guest_order_not_found', { en: 'There is no such order.', ru: 'Такого заказа нет.' }, 404);
  }
}
export class GuestOrderIsClaimed extends DomainError {
  constructor() {
    const texts = { en: 'Somebody has taken it over already.', ru: 'Эту покупку уже забрали.' };
    super('payments.guest_order_claimed', texts, 409);
  }
}
export class GuestOrderIsUnpaid extends DomainError {
  constructor() {
    super('payments.guest_order_unpaid', { en: 'It is not paid yet.', ru: 'Заказ ещё не оплачен.' }, 409);
  }
}
export class GuestOrderIsRefunded extends DomainError {
  constructor() {
    super('payments.guest_order_refunded', { en: 'Its money went back.', ru: 'Деньги за заказ возвращены.' }, 409);
  }
}
