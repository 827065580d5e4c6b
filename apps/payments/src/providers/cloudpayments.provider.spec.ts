import { type Money, toDecimal } from '@switchboard/contracts';
import { v7 as uuidv7 } from 'uuid';
import { openAccount, type Operation, providerContract, type ProviderWorld } from '../../test/provider.contract';
import { startProviders } from '../../test/start-sandbox';
import { cloudpayments } from './cloudpayments.provider';
import {
  NotAuthentic,
  type PaymentProvider,
  PaymentRefused,
  type PaymentRequest,
  type ProviderPayment,
} from './payment-provider';

const OWN = { publicId: 'pk_own', apiSecret: 'own-secret', name: 'Own' };
const OTHER = { publicId: 'pk_other', apiSecret: 'other-secret' };
const TRIAL = { publicId: 'test_api_trial', apiSecret: 'trial-secret' };
const NO_MONEY = 5051;

const TARGETS: Record<Operation, string> = {
  create: 'orders.create',
  charge: 'payments.tokens.charge',
  fetch: 'v2.payments.find',
  refund: 'payments.refund',
  list: 'v2.payments.list',
};

async function startCloudPayments({ notificationsUrl }: { notificationsUrl: string }): Promise<ProviderWorld> {
  const terminals = [{ ...OWN, webhookUrl: notificationsUrl }, OTHER, TRIAL];
  const { sandbox, client } = await startProviders({ cloudpayments: { terminals } });
  const { cloudpayments: control } = client;
  const accounts = { own: OWN, other: OTHER, 'wrong-secret': { ...OWN, apiSecret: 'wrong' }, test: TRIAL };
  const linkOf = ({ url }: ProviderPayment) => url!.split('/').at(-1)!;
  const never = () => Promise.reject(new Error('CloudPayments does nothing of the kind'));
  return {
    apiRoot: sandbox.addresses['cloudpayments']!,
    account(which) {
      const { publicId, apiSecret } = accounts[which];
      return { settings: { publicId }, secrets: { secret: apiSecret } };
    },
    pay: (payment) => control.pay(linkOf(payment)),
    decline: (payment) => control.decline(linkOf(payment), NO_MONEY),
    expire: never,
    async made(key) {
      const links = (await control.orders()).filter(({ invoiceId }) => invoiceId === key);
      const tries = (await control.transactions()).filter(({ InvoiceId }) => InvoiceId === key);
      return (links.length > 0 ? links : tries).map(() => key);
    },
    async refundOutside({ externalId }, money) {
      const all = await control.transactions();
      const paid = all.find(({ InvoiceId, Status }) => InvoiceId === externalId && Status === 'Completed')!;
      return control.refund(paid.TransactionId, toDecimal(money));
    },
    dispute: ({ takings }, outcome) =>
      control.claim(Number(takings[0]!.id), outcome === 'open' ? 'Presentment' : 'Representment'),
    refuseCharge: (token) => control.declineNext(token, NO_MONEY),
    revoke: (token) => control.revoke(token),
    fail: (operation, fault) => client.setFaults({ target: `cloudpayments.${TARGETS[operation]}`, times: 1, ...fault }),
    forgeNotification: () => client.setFaults({ target: 'cloudpayments.webhook', kind: 'forge', times: 1 }),
    stop: () => sandbox.close(),
  };
}

const of = (amountMinor: number, currency = 'RUB'): Money => ({ amountMinor, currency });

describe('CloudPayments', () => {
  providerContract({
    definition: cloudpayments,
    cannot: {
      'find unpaid': 'orders cannot be asked for, only what was tried to pay them',
      expire: 'a link has no end',
      'lose disputes': 'that a claim was upheld is not told of',
    },
    amounts: [
      of(19900),
      of(1),
      of(101),
      of(1999),
      of(123_456_789),
      of(99_999_999_999),
      of(999, 'USD'),
      of(1010, 'EUR'),
    ],
    refused: { money: of(100, 'JPY') },
    declined: 'stays open',
    unknownId: '999999999',
    pageSize: 100,
    start: startCloudPayments,
  });

  describe('what only it does', () => {
    const { signal } = new AbortController();
    const RECEIPTS = { publicId: 'pk_receipts', apiSecret: 'receipts-secret' };
    let site: Awaited<ReturnType<typeof startProviders>>;
    let provider: PaymentProvider;

    const open = (settings: object = {}) =>
      openAccount(cloudpayments, site.sandbox.addresses['cloudpayments']!, {
        settings: { publicId: RECEIPTS.publicId, ...settings },
        secrets: { secret: RECEIPTS.apiSecret },
      });
    const asked = (more: Partial<PaymentRequest> = {}): PaymentRequest => ({
      ...{ key: `${uuidv7()}:1`, money: of(19900), title: 'Plus', locale: 'ru', returnUrl: 'https://shop.example/' },
      ...{ expiresAt: new Date(Date.now() + 60_000), customerRef: 'somebody', savesMethod: false },
      ...more,
    });
    async function paid(more: Partial<PaymentRequest> = {}) {
      const { externalId, url } = await provider.create(asked(more), signal);
      await site.client.cloudpayments.pay(url!.split('/').at(-1)!);
      return (await provider.fetch(externalId, signal))!;
    }
    const sent = async (operation: string) => {
      const path = `/calls?operation=${operation}`;
      const calls = await site.client.party('cloudpayments')<{ body: Record<string, unknown> }[]>('GET', path);
      return calls.at(-1)!.body;
    };

    beforeAll(async () => {
      site = await startProviders({ cloudpayments: { terminals: [RECEIPTS] } });
      provider = open();
    });
    afterAll(() => site.sandbox.close());

    it('takes and gives back once also after its memory of keys has ended', async () => {
      const { savedMethod, takings } = await paid({ savesMethod: true });
      const renewal = asked({ savedMethod: savedMethod!.externalId });
      await provider.create(renewal, signal);
      await site.client.cloudpayments.forgetKeys();
      expect(await provider.findByKey!(renewal.key, signal)).toMatchObject({
        state: 'paid',
        takings: [{ money: of(19900) }],
      });

      const refund = { takingId: takings[0]!.id, key: 'refund:1', money: of(5000), reason: 'asked' };
      const first = await provider.refund!(refund, signal);
      await site.client.cloudpayments.forgetKeys();
      expect(await provider.refund!(refund, signal)).toEqual(first);
      const transactions = await site.client.cloudpayments.transactions();
      expect(transactions.filter(({ Type, Refunded }) => Type === 1 || Refunded)).toHaveLength(2);
    });

    it('has one order behind two links of one key, whichever is paid', async () => {
      const wanted = asked();
      const first = await provider.create(wanted, signal);
      await site.client.cloudpayments.forgetKeys();
      const second = await provider.create(wanted, signal);
      expect(second.url).not.toBe(first.url);
      for (const { url } of [first, second]) await site.client.cloudpayments.pay(url!.split('/').at(-1)!);
      expect((await provider.fetch(wanted.key, signal))!.takings).toHaveLength(2);
    });

    it('tells the bank that nobody is there when a saved card is charged', async () => {
      const { savedMethod } = await paid({ savesMethod: true });
      await provider.create(asked({ savedMethod: savedMethod!.externalId }), signal);
      expect(await sent('payments.tokens.charge')).toMatchObject({ TrInitiatorCode: 0, PaymentScheduled: 1 });
      const elsewhere = asked({ savedMethod: savedMethod!.externalId, customerRef: 'somebody else' });
      await expect(provider.create(elsewhere, signal)).rejects.toBeInstanceOf(PaymentRefused);
    });

    it('sends receipts with rates in percent, and of a refund in part', async () => {
      const receipt = { description: 'Доступ на месяц', vatCode: 11, subject: 'service' };
      provider = open({ receipts: true, receiptEmail: 'seller@example.com', taxationSystem: 1 });
      const { takings } = await paid({ receipt });
      const item = { label: 'Доступ на месяц', price: 199, quantity: 1, amount: 199, vat: 22, method: 4, object: 4 };
      const CustomerReceipt = { Items: [item], email: 'seller@example.com', taxationSystem: 1 };
      expect(await sent('orders.create')).toMatchObject({ JsonData: { CloudPayments: { CustomerReceipt } } });
      const back = {
        takingId: takings[0]!.id,
        key: 'refund:2',
        money: of(101),
        reason: 'asked',
        email: 'anna@example.com',
      };
      await provider.refund!({ ...back, receipt: { ...receipt, vatCode: 1 } }, signal);
      expect(await sent('payments.refund')).toMatchObject({
        Amount: 1.01,
        JsonData: {
          CloudPayments: { CustomerReceipt: { Items: [{ amount: 1.01, vat: null }], email: 'anna@example.com' } },
        },
      });
    });

    it('is answered by zero when the site asks first, and never charges when it cannot ask', async () => {
      await site.client.cloudpayments.setTerminal({
        publicId: RECEIPTS.publicId,
        webhookUrl: 'http://127.0.0.1:9/',
        kinds: ['check'],
      });
      const { externalId, url } = await provider.create(asked(), signal);
      const { Status, ReasonCode } = await site.client.cloudpayments.pay(url!.split('/').at(-1)!);
      expect([Status, ReasonCode]).toEqual(['Declined', 3006]);
      expect(await provider.fetch(externalId, signal)).toMatchObject({ state: 'pending', takings: [] });
      expect(provider.acknowledgement).toEqual({ contentType: 'application/json', body: '{"code":0}' });
    });
  });

  describe('a signature', () => {
    const BODY =
      'TransactionId=504&Amount=10.00&Currency=RUB&DateTime=2026-11-26+10%3A00%3A00&InvoiceId=ord_1&AccountId=u1&Status=Completed&OperationType=Payment&TestMode=1&Name=%D0%98%D0%B2%D0%B0%D0%BD';
    const OF_RAW = 'fHwp2cS2B+CMO54GSnoje770Q4CzUtytAuOAr0YeLLA=';
    const OF_DECODED = 'EBMkvne/iDuWUdAyEsYI5mt/LxPFHvicPAQ+eWudhXo=';
    const account = () =>
      openAccount(cloudpayments, 'http://127.0.0.1:9', {
        settings: { publicId: 'pk' },
        secrets: { secret: 'cp_secret_test' },
      });
    const read = (headers: Record<string, string>, body = BODY) =>
      account().readNotification!({ headers, body: Buffer.from(body), now: new Date() });

    it.each([
      ['over the body as it is', { 'content-hmac': OF_RAW }],
      ['over the body as it reads', { 'x-content-hmac': OF_DECODED }],
      ['over the body as it is, in the other header', { 'x-content-hmac': OF_RAW }],
      ['in both', { 'content-hmac': OF_RAW, 'x-content-hmac': OF_DECODED }],
    ])('%s is taken', (_what, headers) => {
      expect(read(headers)).toMatchObject({ externalId: 'ord_1', kind: 'payment' });
    });

    it.each([
      ['is not there', {}],
      ['is empty', { 'content-hmac': '' }],
      ['is of something else', { 'content-hmac': OF_DECODED.replace('E', 'F') }],
    ])('that %s is refused', (_what, headers) => {
      expect(() => read(headers)).toThrow(NotAuthentic);
    });
  });
});
