import { type Money, toDecimal } from '@switchboard/contracts';
import { until } from '@switchboard/testing';
import { openAccount, type Operation, providerContract, type ProviderWorld } from '../../test/provider.contract';
import { startProviders } from '../../test/start-sandbox';
import { type PaymentProvider, PaymentRefused } from './payment-provider';
import { yookassa } from './yookassa.provider';

const OWN = { shopId: '700001', secretKey: 'live_own-secret', name: 'Own' };
const OTHER = { shopId: '700002', secretKey: 'live_other-secret' };
const TRIAL = { shopId: '700003', secretKey: 'test_secret' };
const WITH_RECEIPTS = { shopId: '700004', secretKey: 'live_receipts', receipts: true };

const TARGETS: Record<Operation, string> = {
  ...{
    create: 'create-payment',
    charge: 'charge',
    fetch: 'get-payment',
    refund: 'create-refund',
    list: 'list-payments',
  },
};
const rub = (amountMinor: number): Money => ({ amountMinor, currency: 'RUB' });

async function startYooKassa({ notificationsUrl }: { notificationsUrl: string }): Promise<ProviderWorld> {
  const shops = [{ ...OWN, webhookUrl: notificationsUrl }, OTHER, TRIAL, WITH_RECEIPTS];
  const { sandbox, client } = await startProviders({ yookassa: { shops } });
  const { yookassa: control } = client;
  const accounts = { own: OWN, other: OTHER, 'wrong-secret': { ...OWN, secretKey: 'live_wrong' }, test: TRIAL };
  const never = () => Promise.reject(new Error('YooKassa does nothing of the kind'));
  return {
    apiRoot: sandbox.addresses['yookassa']!,
    account: (which) => ({
      settings: { shopId: accounts[which].shopId },
      secrets: { secret: accounts[which].secretKey },
    }),
    pay: ({ externalId }) => control.pay(externalId),
    decline: ({ externalId }, reason) => control.decline(externalId, reason),
    expire: ({ externalId }) => control.expire(externalId),
    async made(key) {
      return (await control.payments()).filter(({ metadata }) => metadata['order_key'] === key).map(({ id }) => id);
    },
    refundOutside: ({ externalId }, money) =>
      control.refund(externalId, { value: toDecimal(money), currency: money.currency }),
    dispute: never,
    refuseCharge: (method, reason) => control.refuseNext(method, reason),
    revoke: (method) => control.revoke(method),
    fail: (operation, fault) => client.setFaults({ target: `yookassa.${TARGETS[operation]}`, times: 1, ...fault }),
    forgeNotification: never,
    stop: () => sandbox.close(),
  };
}

describe('YooKassa', () => {
  providerContract({
    definition: yookassa,
    cannot: {
      'pay twice': 'a page takes one payment, and the same code paid twice gives one',
      dispute: 'the API tells nothing of disputes',
      sign: 'nothing is signed, so that every notification is only a hint',
    },
    amounts: [rub(19900), rub(100), rub(101), rub(1999), rub(70_000_000), rub(123_456_789)],
    refused: { money: { amountMinor: 100, currency: 'USD' } },
    declined: 'has failed',
    unknownId: '2f0c1a11-000f-5000-8000-1a2b3c4d5e6f',
    pageSize: 100,
    start: startYooKassa,
  });

  describe('with receipts by Russian law', () => {
    const { signal } = new AbortController();
    const receipt = { description: 'Доступ на месяц', vatCode: 1, subject: 'service' };
    const asked = {
      ...{ money: rub(19900), title: 'Plus', locale: 'ru', returnUrl: 'https://shop.example/', savesMethod: false },
      ...{ expiresAt: new Date(), customerRef: 'somebody', receipt },
    };
    let shop: Awaited<ReturnType<typeof startProviders>>;
    let open: (settings?: object) => PaymentProvider;

    beforeAll(async () => {
      shop = await startProviders({ yookassa: { shops: [WITH_RECEIPTS] } });
      const { shopId, secretKey } = WITH_RECEIPTS;
      open = (settings) =>
        openAccount(yookassa, shop.sandbox.addresses['yookassa']!, {
          settings: { shopId, receipts: true, ...settings },
          secrets: { secret: secretKey },
        });
    });
    afterAll(() => shop.sandbox.close());

    const sent = async (operation: string) => {
      const calls = shop.client.party('yookassa')<{ body: { receipt?: object } }[]>(
        'GET',
        `/calls?operation=${operation}`,
      );
      return (await calls).at(-1)!.body.receipt;
    };

    it('sends what is bought to the address of the person, or else to that of the shop', async () => {
      const provider = open({ taxSystem: 2 });
      await provider.create({ ...asked, key: 'with', email: 'anna@example.com' }, signal);
      const amount = { value: '199.00', currency: 'RUB' };
      expect(await sent('create-payment')).toEqual({
        customer: { email: 'anna@example.com' },
        tax_system_code: 2,
        items: [
          {
            ...{ description: 'Доступ на месяц', quantity: '1.00', amount, vat_code: 1 },
            ...{ payment_mode: 'full_payment', payment_subject: 'service' },
          },
        ],
      });
      await expect(provider.create({ ...asked, key: 'without' }, signal)).rejects.toBeInstanceOf(PaymentRefused);
      await open({ receiptEmail: 'seller@example.com' }).create({ ...asked, key: 'of the shop' }, signal);
      expect(await sent('create-payment')).toMatchObject({ customer: { email: 'seller@example.com' } });
    });

    it('needs the address of a person only where the shop has none', () => {
      const needs = (settings: object) => yookassa.needsEmail!(yookassa.settings.parse({ shopId: '1', ...settings }));
      expect([needs({}), needs({ receipts: true })]).toEqual([false, true]);
      expect(needs({ receipts: true, receiptEmail: 'seller@example.com' })).toBe(false);
    });

    it('has a receipt for what goes back in part, and waits for a refund that takes its time', async () => {
      const provider = open();
      const { externalId } = await provider.create({ ...asked, key: 'back', email: 'anna@example.com' }, signal);
      await shop.client.yookassa.pay(externalId);
      const back = { takingId: externalId, money: rub(5000), reason: 'asked', receipt, email: 'anna@example.com' };
      await shop.client.yookassa.setNextRefund(externalId, { afterMs: 10_000 });
      const pending = await provider.refund!({ ...back, key: 'refund:1' }, signal);
      expect(pending.state).toBe('pending');
      expect(await sent('create-refund')).toMatchObject({ items: [{ amount: { value: '50.00' } }] });
      const look = () => provider.fetchRefund!(pending.externalId, signal);
      await until(async () => (await look())?.state === 'done', { what: 'the refund' });
      await shop.client.yookassa.setNextRefund(externalId, { reason: 'rejected_by_payee' });
      expect(await provider.refund!({ ...back, key: 'refund:2' }, signal)).toMatchObject({ state: 'failed' });
    });

    it('charges a saved method as soon as the receipt is registered', async () => {
      const provider = open();
      const first = { ...asked, key: 'first', email: 'anna@example.com', savesMethod: true };
      const { externalId } = await provider.create(first, signal);
      await shop.client.yookassa.pay(externalId);
      const { savedMethod } = (await provider.fetch(externalId, signal))!;
      const renewal = { ...first, key: 'renewal', savesMethod: false, savedMethod: savedMethod!.externalId };
      const charged = await provider.create(renewal, signal);
      expect(charged.state).toBe('pending');
      const look = () => provider.fetch(charged.externalId, signal);
      await until(async () => (await look())?.state === 'paid', { what: 'the charge' });
    });
  });
});
