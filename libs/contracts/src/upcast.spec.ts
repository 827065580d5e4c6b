import { z } from 'zod';
import { defineEvent, type EventDefinition } from './define-event';
import { upcast, versionsReadAs } from './upcast';

const about = { subject: 'invoiceId', summary: 'Somebody paid.' } as const;
const InvoicePaid = defineEvent('shop.invoice.paid.v1', z.object({ invoiceId: z.string(), rub: z.int() }), about);
const InvoicePaidV2 = defineEvent(
  'shop.invoice.paid.v2',
  z.object({ invoiceId: z.string(), amountMinor: z.int().positive(), currency: z.string() }),
  {
    ...about,
    upcasts: [upcast(InvoicePaid, ({ invoiceId, rub }) => ({ invoiceId, amountMinor: rub * 100, currency: 'RUB' }))],
  },
);
const InvoicePaidV3 = defineEvent(
  'shop.invoice.paid.v3',
  z.object({ invoiceId: z.string(), total: z.object({ minor: z.int(), currency: z.string() }) }),
  {
    ...about,
    upcasts: [
      upcast(InvoicePaidV2, ({ invoiceId, amountMinor, currency }) => ({
        invoiceId,
        total: { minor: amountMinor, currency },
      })),
    ],
  },
);

/** Reads data said as one version with the eyes of another. */
const readAs = (definition: EventDefinition, said: EventDefinition, data: unknown) =>
  versionsReadAs(definition).get(said)!(data);

describe('an older version of an event', () => {
  it('is read as the newer one', () => {
    expect(readAs(InvoicePaidV2, InvoicePaid, { invoiceId: 'i1', rub: 7 })).toEqual({
      invoiceId: 'i1',
      amountMinor: 700,
      currency: 'RUB',
    });
  });

  it('is read over the versions in between', () => {
    expect([...versionsReadAs(InvoicePaidV3).keys()]).toEqual([InvoicePaidV3, InvoicePaidV2, InvoicePaid]);
    expect(readAs(InvoicePaidV3, InvoicePaid, { invoiceId: 'i1', rub: 7 })).toEqual({
      invoiceId: 'i1',
      total: { minor: 700, currency: 'RUB' },
    });
  });

  it('must fit its own schema before, and the newer one after', () => {
    expect(() => readAs(InvoicePaidV2, InvoicePaid, { invoiceId: 'i1', rub: '7' })).toThrow(z.ZodError);
    expect(() => readAs(InvoicePaidV2, InvoicePaid, { invoiceId: 'i1', rub: -7 })).toThrow(z.ZodError);
  });

  it('is not heard by those who hear only the older one', () => {
    expect([...versionsReadAs(InvoicePaid).keys()]).toEqual([InvoicePaid]);
  });

  it.each(['shop.invoice.paid.v1', 'shop.invoice.refunded.v2', 'shop.order.paid.v2'])(
    'cannot be read as %s',
    (type) => {
      const define = () =>
        defineEvent(type, z.object({ invoiceId: z.string() }), {
          ...about,
          upcasts: [upcast(InvoicePaid, ({ invoiceId }) => ({ invoiceId }))],
        });
      expect(define).toThrow(`shop.invoice.paid.v1 is not an older version of ${type}`);
    },
  );
});
