import {
  BalanceChanged,
  ContactStarted,
  IdentityLinked,
  InvoiceFailed,
  OrderPaid,
  OrderRefunded,
} from '@switchboard/contracts';
import { hearsUnknownWords } from '@switchboard/testing';
import { v7 as uuidv7 } from 'uuid';
import { BOT, TestShop } from './build';
import { definePayments } from '../src/payments.module';
import { pretended } from './pretended.provider';

/** A newer version of another service says words that this one has never heard of. */
describe('words that payments does not know', () => {
  let shop: TestShop;

  beforeAll(async () => {
    shop = await TestShop.start();
  });
  afterAll(() => shop.app.stop());

  it('keep no event from being applied', async () => {
    const planId = await shop.plan();
    const person = shop.person();
    const userId = person.id;
    const at = new Date().toISOString();
    const known = { channel: 'telegram', externalId: '1', userId };
    await hearsUnknownWords(shop.app, definePayments([pretended]), {
      [ContactStarted.type]: () =>
        ContactStarted({ ...known, chatId: uuidv7(), botId: BOT, contactId: uuidv7(), locale: 'en' }),
      [IdentityLinked.type]: () => IdentityLinked({ ...known, identityId: uuidv7(), linkedAt: at }),
      [BalanceChanged.type]: () =>
        BalanceChanged({ userId, currency: 'RUB', balanceMinor: 1, changeMinor: 1, cause: 'top-up', revision: 1 }),
      [OrderPaid.type]: () =>
        OrderPaid({
          ...{
            orderId: uuidv7(),
            userId,
            botId: BOT,
            kind: 'plan',
            amountMinor: 1,
            currency: 'RUB',
            provider: 'pretended',
          },
          ...{ discountMinor: 0, fromBalanceMinor: 0, late: false, paidAt: at },
        }),
      [OrderRefunded.type]: () =>
        OrderRefunded({
          ...{ orderId: uuidv7(), refundId: uuidv7(), userId, botId: BOT, amountMinor: 1, currency: 'RUB' },
          ...{ full: true, cause: 'asked', toBalance: false },
        }),
      [InvoiceFailed.type]: async () => {
        const { id: orderId } = await shop.place(person, { wanted: { kind: 'plan', planId } });
        const invoice = { invoiceId: uuidv7(), orderId, userId, botId: BOT, provider: 'pretended' };
        return InvoiceFailed({ ...invoice, amountMinor: 1, currency: 'RUB', reason: 'declined' });
      },
    });
  });
});
