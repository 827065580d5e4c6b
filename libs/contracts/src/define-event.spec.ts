import fc from 'fast-check';
import { z } from 'zod';
import { defineEvent } from './define-event';

const OrderPlaced = defineEvent(
  'shop.order.placed.v1',
  z.object({ orderId: z.uuid(), amount: z.int(), express: z.boolean().default(false) }),
  { subject: 'orderId', summary: 'An order was placed.' },
);
const orderId = '0198c0de-0000-7000-8000-000000000001';

describe('an event', () => {
  it('is drafted with its name, what orders it, and its data', () => {
    expect(OrderPlaced({ orderId, amount: 5 })).toEqual({
      type: 'shop.order.placed.v1',
      subject: orderId,
      data: { orderId, amount: 5, express: false },
    });
  });

  it('drafts only what its schema knows', () => {
    const said = { orderId, amount: 5, express: true, cardNumber: '4111' };
    expect(OrderPlaced(said).data).toEqual({ orderId, amount: 5, express: true });
  });

  it('is not drafted from data that does not fit', () => {
    expect(() => OrderPlaced({ orderId: 'one', amount: 5 })).toThrow(z.ZodError);
  });

  it.each([
    'placed',
    'shop.order.v1',
    'shop.order.placed',
    'shop.order.placed.v0',
    'Shop.order.placed.v1',
    'shop..placed.v1',
  ])('cannot be called %s', (name) => {
    const define = () => defineEvent(name, z.object({ id: z.string() }), { subject: 'id', summary: '-' });
    expect(define).toThrow(`"${name}" is not <service>.<noun>.<past verb>.v<n>`);
  });

  it('is read again from JSON as it was drafted', () => {
    fc.assert(
      fc.property(fc.uuid(), fc.maxSafeInteger(), fc.boolean(), (id, amount, express) => {
        const { data } = OrderPlaced({ orderId: id, amount, express });
        expect(OrderPlaced.schema.parse(JSON.parse(JSON.stringify(data)))).toEqual(data);
      }),
    );
  });
});
