import type { Money } from '@switchboard/contracts';
import { v7 as uuidv7 } from 'uuid';
import { openAccount, type Operation, providerContract, type ProviderWorld } from '../../test/provider.contract';
import { startProviders } from '../../test/start-sandbox';
import { cryptobot } from './cryptobot.provider';
import { NotAuthentic, type PaymentRequest } from './payment-provider';

const OWN = '12345:AAOwnToken';
const OTHER = '54321:AAOtherToken';
const settingsOf = (token: string, settings: object = {}) => ({ settings, secrets: { secret: token } });

const TARGETS: Record<Operation, string> = {
  ...{ create: 'createInvoice', charge: 'createInvoice', fetch: 'getInvoices', refund: 'getMe', list: 'getInvoices' },
};
const rub = (amountMinor: number): Money => ({ amountMinor, currency: 'RUB' });

async function startCryptoBot({ notificationsUrl }: { notificationsUrl: string }): Promise<ProviderWorld> {
  const apps = [{ token: OWN, webhookUrl: notificationsUrl }, { token: OTHER }];
  const { sandbox, client } = await startProviders({ cryptobot: { apps } });
  const { cryptobot: control } = client;
  const never = () => Promise.reject(new Error('CryptoBot does nothing of the kind'));
  return {
    apiRoot: sandbox.addresses['cryptobot']!,
    account: (which) => settingsOf({ own: OWN, other: OTHER, 'wrong-secret': '12345:AAWrong', test: OWN }[which]),
    pay: ({ externalId }) => control.pay(externalId),
    decline: () => Promise.resolve(),
    expire: ({ externalId }) => control.expire(externalId),
    async made(key) {
      return (await control.invoices())
        .filter(({ payload }) => payload === key)
        .map(({ invoice_id }) => String(invoice_id));
    },
    refundOutside: never,
    dispute: never,
    refuseCharge: never,
    revoke: never,
    fail: (operation, fault) => client.setFaults({ target: `cryptobot.${TARGETS[operation]}`, times: 1, ...fault }),
    forgeNotification: () => client.setFaults({ target: 'cryptobot.webhook', kind: 'wrong-token', times: 1 }),
    stop: () => sandbox.close(),
  };
}

describe('CryptoBot', () => {
  providerContract({
    definition: cryptobot,
    cannot: {
      'pay twice': 'an invoice is paid once',
      'save methods': 'nothing is charged without the person',
      refund: 'there is no call for it: what goes back goes by hand',
      'refund partly': 'there is no call for it',
      dispute: 'what was paid in crypto is taken back by no bank',
      'lose disputes': 'what was paid in crypto is taken back by no bank',
      'tell tests': 'payments that are tried out are made at another address',
    },
    amounts: [rub(19990), rub(1), rub(123_456_789), { amountMinor: 500, currency: 'USD' }],
    refused: { money: { amountMinor: 100, currency: 'SEK' } },
    declined: 'stays open',
    unknownId: '999999999',
    oldestNotificationMs: 4 * 86_400_000,
    pageSize: 100,
    start: startCryptoBot,
  });

  describe('beside what all can', () => {
    const { signal } = new AbortController();
    let world: Awaited<ReturnType<typeof startProviders>>;
    const open = (settings: object = {}, token = OWN) =>
      openAccount(cryptobot, world.sandbox.addresses['cryptobot']!, settingsOf(token, settings));

    beforeAll(async () => {
      world = await startProviders({ cryptobot: { apps: [{ token: OWN }] } });
    });
    afterEach(() => world.client.reset());
    afterAll(() => world.sandbox.close());

    const request = (more: Partial<PaymentRequest> = {}): PaymentRequest => ({
      ...{ key: `${uuidv7()}:1`, money: rub(19990), title: 'Plus', locale: 'ru', returnUrl: 'https://shop.example/' },
      ...{ expiresAt: new Date(Date.now() + cryptobot.offerMs), customerRef: 'ann', savesMethod: false, ...more },
    });

    it('what they keep is in money by the rate of the payment, rounded up, whatever it was paid in', async () => {
      for (const asset of ['USDT', 'TON', 'BTC'] as const) {
        const { externalId } = await open().create(request(), signal);
        await world.client.cryptobot.pay(externalId, asset);
        // Three per cent of 199.90.
        expect((await open().fetch(externalId, signal))!.takings).toMatchObject([{ money: rub(19990), feeMinor: 600 }]);
      }
    });

    it('takes the assets that the shop takes', async () => {
      const { externalId } = await open({ assets: ['TON', 'USDT'] }).create(request(), signal);
      await expect(world.client.cryptobot.pay(externalId, 'BTC')).rejects.toThrow('409');
      expect(await world.client.cryptobot.pay(externalId, 'TON')).toMatchObject({ accepted_assets: 'TON,USDT' });
    });

    it('believes what was signed, as the published vector has it, and only in its time', () => {
      const body = Buffer.from(
        '{"update_id":1,"update_type":"invoice_paid","request_date":"2026-11-26T10:00:00.000Z","payload":{"invoice_id":528890,"status":"paid","amount":"5","payload":"ord_1"}}',
      );
      const signature = 'b382239c5fca164b9582e5fb52bcc57ccc1565df8ac0a91c8172467aba0feb53';
      const { readNotification } = open({}, '12345:AAExampleTokenForVectors');
      const read = (now: string) =>
        readNotification!({ body, headers: { 'crypto-pay-api-signature': signature }, now: new Date(now) });
      expect(read('2026-11-29T10:00:00Z')).toEqual({
        externalId: '528890',
        kind: 'invoice_paid',
        dedupeKey: 'invoice_paid:528890',
      });
      for (const now of ['2026-11-30T10:00:01Z', '2026-11-26T09:54:00Z']) expect(() => read(now)).toThrow(NotAuthentic);
      expect(() => open({}, '').readNotification!({ body, headers: {}, now: new Date() })).toThrow(NotAuthentic);
    });

    it('reads the list of old versions, and sums that are numbers', async () => {
      const { externalId } = await open().create(request(), signal);
      const [invoice] = await world.client.cryptobot.invoices();
      const result = [{ ...invoice!, amount: 199.9, status: 'paid', paid_at: new Date().toISOString() }];
      await world.client.setFaults({
        target: 'cryptobot.getInvoices',
        kind: 'answer',
        answer: { status: 200, body: { ok: true, result } },
      });
      expect((await open().fetch(externalId, signal))!.takings).toMatchObject([{ money: rub(19990) }]);
    });

    it('what another program has asked for in crypto is none of ours', async () => {
      const wanted = { currency_type: 'crypto', asset: 'USDT', amount: '5' };
      const answer = await fetch(`${world.sandbox.addresses['cryptobot']!}/createInvoice`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'crypto-pay-api-token': OWN },
        body: JSON.stringify(wanted),
      });
      const { result } = (await answer.json()) as { result: { invoice_id: number } };
      await world.client.cryptobot.pay(result.invoice_id);
      expect(await open().fetch(String(result.invoice_id), signal)).toBeUndefined();
      const all = open().list(new Date(Date.now() - 60_000), new Date(), signal);
      expect(await all[Symbol.asyncIterator]().next()).toMatchObject({ done: true });
    });
  });
});
