import {
  AccessGranted,
  AccessMoved,
  BalanceChanged,
  ChannelPaymentReceived,
  ChannelPaymentRefunded,
  ChannelRenewalChanged,
  ContactStarted,
  GiftReturned,
  IdentityLinked,
  InvoiceFailed,
  LinkFollowed,
  OrderPaid,
  OrderRefunded,
  RenewalFailed,
  RenewalUpcoming,
  SubscriptionChanged,
  SubscriptionEnded,
  SubscriptionPaused,
  SubscriptionResumed,
  SubscriptionExpired,
  SubscriptionExpiring,
  UsageRecorded,
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
    const payment = { botId: BOT, channel: 'telegram', userId, payload: `${uuidv7()}:1` };
    const charge = { ...payment, chargeId: 'stx', amountMinor: 1, currency: 'XTR' };
    const subscription = {
      ...{ subscriptionId: uuidv7(), revision: 2, userId, botId: BOT, planId, level: 'plus' },
      status: 'active' as const,
      ...{
        startedAt: at,
        periodStart: at,
        period: { count: 1, unit: 'month' as const },
        validUntil: at,
        servedUntil: at,
        features: {},
        autoRenew: false,
      },
    } as const;
    const server = { serverId: uuidv7(), region: 'de' };
    const { subscriptionId } = subscription;
    const access = { accessId: uuidv7(), subscriptionId, userId, botId: BOT, revision: 2 };
    const renewal = { subscriptionId, userId, botId: BOT, amountMinor: 1, currency: 'RUB' };
    await hearsUnknownWords(shop.app, definePayments([pretended]), {
      [ContactStarted.type]: () =>
        ContactStarted({ ...known, chatId: uuidv7(), botId: BOT, contactId: uuidv7(), locale: 'en' }),
      [LinkFollowed.type]: () =>
        LinkFollowed({ chatId: uuidv7(), botId: BOT, channel: 'telegram', userId, deepLink: 'spring', followedAt: at }),
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
      [UsageRecorded.type]: () =>
        UsageRecorded({
          ...{
            usageId: uuidv7(),
            botId: BOT,
            userId,
            model: 'm',
            purpose: 'turn',
            outcome: 'answered',
            estimated: false,
          },
          ...{ inputTokens: 1, cachedInputTokens: 0, outputTokens: 1, costMicros: 1, durationMs: 1 },
        }),
      [OrderRefunded.type]: () =>
        OrderRefunded({
          ...{ orderId: uuidv7(), refundId: uuidv7(), userId, botId: BOT, amountMinor: 1, currency: 'RUB' },
          ...{ full: true, cause: 'asked', toBalance: false },
        }),
      [ChannelPaymentReceived.type]: () =>
        ChannelPaymentReceived({ ...charge, renews: false, isRenewal: false, paidAt: at }),
      [ChannelPaymentRefunded.type]: () => ChannelPaymentRefunded({ ...charge, refundedAt: at }),
      [ChannelRenewalChanged.type]: () => ChannelRenewalChanged({ ...payment, state: 'active', changedAt: at }),
      [AccessGranted.type]: () => AccessGranted({ ...access, servers: [server], first: true, grantedAt: at }),
      [AccessMoved.type]: () => AccessMoved({ ...access, from: server, to: server, reason: 'planned' }),
      [SubscriptionExpiring.type]: () => SubscriptionExpiring({ ...subscription, daysLeft: 1 }),
      [SubscriptionExpired.type]: () => SubscriptionExpired(subscription),
      [RenewalFailed.type]: () => RenewalFailed({ ...renewal, reason: 'declined', attempt: 1, servedUntil: at }),
      [RenewalUpcoming.type]: () => RenewalUpcoming({ ...renewal, chargeAt: at }),
      [GiftReturned.type]: () => GiftReturned({ giftId: uuidv7(), userId, botId: BOT, credited: true }),
      [SubscriptionChanged.type]: () => SubscriptionChanged(subscription),
      [SubscriptionEnded.type]: () => SubscriptionEnded(subscription),
      [SubscriptionPaused.type]: () => SubscriptionPaused(subscription),
      [SubscriptionResumed.type]: () => SubscriptionResumed(subscription),
      [InvoiceFailed.type]: async () => {
        const { id: orderId } = await shop.place(person, { wanted: { kind: 'plan', planId } });
        const invoice = { invoiceId: uuidv7(), orderId, userId, botId: BOT, provider: 'pretended' };
        return InvoiceFailed({ ...invoice, amountMinor: 1, currency: 'RUB', reason: 'declined' });
      },
    });
  });
});
