import type { Money } from '@switchboard/contracts';
import { generateKeyPairSync, randomUUID, sign } from 'node:crypto';
import { v7 as uuidv7 } from 'uuid';
import { openAccount, type Operation, providerContract, type ProviderWorld } from '../../test/provider.contract';
import { startProviders } from '../../test/start-sandbox';
import { NotAuthentic, type PaymentProvider, PaymentRefused, type PaymentRequest } from './payment-provider';
import { wata } from './wata.provider';

const OWN = { token: 'wata-own-token', publicId: randomUUID() };
const OTHER = { token: 'wata-other-token', publicId: randomUUID() };
/** One key signs for all: it is by their terminals that notifications are told apart. */
const WRONG = { token: 'wata-wrong-token', publicId: randomUUID() };
const settingsOf = ({ token, publicId }: typeof OWN) => ({
  settings: { terminalId: publicId },
  secrets: { secret: token },
});

const TARGETS: Record<Operation, string> = {
  ...{ create: 'links.create', charge: 'links.create', fetch: 'transactions.find', refund: 'refunds.create' },
  list: 'transactions.find',
};
const rub = (amountMinor: number): Money => ({ amountMinor, currency: 'RUB' });

async function startWata({ notificationsUrl }: { notificationsUrl: string }): Promise<ProviderWorld> {
  const terminals = [{ ...OWN, webhookUrl: notificationsUrl }, OTHER];
  const { sandbox, client } = await startProviders({ wata: { terminals, readEveryMs: null } });
  const { wata: control } = client;
  const never = () => Promise.reject(new Error('WATA does nothing of the kind'));
  const linkOf = async (orderId: string) => (await control.links()).find((one) => one.orderId === orderId)!.id;
  const paidOf = async (orderId: string) =>
    (await control.transactions()).find((one) => one.orderId === orderId && one.status === 'Paid')!.id;
  return {
    apiRoot: sandbox.addresses['wata']!,
    account: (which) => settingsOf({ own: OWN, other: OTHER, 'wrong-secret': WRONG, test: OWN }[which]),
    pay: async ({ externalId }) => control.pay(await linkOf(externalId)),
    decline: async ({ externalId }) => control.decline(await linkOf(externalId), 'TRA_InsufficientFunds'),
    expire: async ({ externalId }) => control.expire(await linkOf(externalId)),
    async made(key) {
      return (await control.links()).filter(({ orderId }) => orderId === key).map(() => key);
    },
    refundOutside: async ({ externalId }) => control.refund(await paidOf(externalId)),
    dispute: never,
    refuseCharge: never,
    revoke: never,
    fail: (operation, fault) => client.setFaults({ target: `wata.${TARGETS[operation]}`, times: 1, ...fault }),
    forgeNotification: () => client.setFaults({ target: 'wata.webhook', kind: 'wrong-key', times: 1 }),
    stop: () => sandbox.close(),
  };
}

describe('WATA', () => {
  providerContract({
    definition: wata,
    cannot: {
      'pay twice': 'a link for one payment is closed by it',
      'save methods': 'nothing is known of saved methods',
      'refund partly': 'a refund has no key, so that the same part twice could not be told from two parts',
      dispute: 'the API tells nothing of disputes',
      'lose disputes': 'the API tells nothing of disputes',
      'tell tests': 'payments that are tried out are made at another address',
    },
    amounts: [rub(19990), rub(1000), rub(1001), rub(99_999_999), { amountMinor: 101, currency: 'USD' }],
    refused: { money: rub(999) },
    declined: 'stays open',
    unknownId: '3a16a4f0-27b0-09d1-16da-ba8d5c63eae3',
    pageSize: 100,
    start: startWata,
  });

  describe('beside what all can', () => {
    const { signal } = new AbortController();
    let world: Awaited<ReturnType<typeof startProviders>>;
    let provider: PaymentProvider;
    const open = (settings: object = {}) =>
      openAccount(wata, world.sandbox.addresses['wata']!, { settings, secrets: { secret: OWN.token } });

    beforeAll(async () => {
      world = await startProviders({ wata: { terminals: [OWN], readEveryMs: null } });
      provider = open();
    });
    afterEach(() => world.client.reset());
    afterAll(() => world.sandbox.close());

    const request = (more: Partial<PaymentRequest> = {}): PaymentRequest => ({
      ...{ key: `${uuidv7()}:1`, money: rub(19990), title: 'Plus', locale: 'ru', returnUrl: 'https://shop.example/' },
      ...{ expiresAt: new Date(Date.now() + wata.offerMs), customerRef: 'ann', savesMethod: false, ...more },
    });
    const { client } = { client: () => world.client.wata };

    it('two links of one order are one payment, with all that was paid by either', async () => {
      const wanted = request();
      await provider.create(wanted, signal);
      await provider.create(wanted, signal);
      for (const { id } of await client().links()) await client().pay(id);
      const payment = (await provider.fetch(wanted.key, signal))!;
      expect(payment.takings.map(({ money }) => money)).toEqual([rub(19990), rub(19990)]);
    });

    it('what was paid is known when the link is gone, and what the bank thinks about is pending', async () => {
      const { key } = await provider.create(request(), signal);
      const [link] = await client().links();
      const transaction = await client().payLater(link!.id);
      await client().expire(link!.id);
      expect(await provider.fetch(key!, signal)).toMatchObject({ state: 'pending' });
      await client().settle(transaction.id);
      await client().purge(link!.id);
      expect(await provider.fetch(key!, signal)).toMatchObject({
        state: 'paid',
        key,
        takings: [{ id: transaction.id }],
      });
    });

    it('a link that is asked for too late is open for a while all the same', async () => {
      const { expiresAt } = await provider.create(request({ expiresAt: new Date() }), signal);
      expect(expiresAt!.getTime()).toBeGreaterThan(Date.now() + 10 * 60_000);
    });

    it('a part is not given back, and the whole of it once, also when the bank takes its time', async () => {
      await world.client.wata.setTerminal({ ...OWN, slowRefunds: true });
      const { key } = await provider.create(request(), signal);
      const { id: takingId } = await client().pay((await client().links())[0]!.id);
      const asked = { takingId, key: 'refund:1', money: rub(19990), reason: 'asked' };
      await expect(provider.refund!({ ...asked, money: rub(100) }, signal)).rejects.toBeInstanceOf(PaymentRefused);
      const sent = await provider.refund!(asked, signal);
      expect([sent.state, (await provider.refund!(asked, signal)).externalId]).toEqual(['pending', sent.externalId]);
      expect((await provider.fetch(key!, signal))!.takings[0]!.refundedMinor).toBe(0);
      await client().settle(sent.externalId);
      expect(await provider.fetchRefund!(sent.externalId, signal)).toEqual({ ...sent, state: 'done' });
      await world.client.wata.setTerminal({ ...OWN, slowRefunds: false });
    });

    it('the key is fetched again when it has changed, and no more often than once a minute', async () => {
      const body = Buffer.from(
        JSON.stringify({
          transactionId: randomUUID(),
          transactionStatus: 'Paid',
          terminalPublicId: OWN.publicId,
          orderId: 'ord_1',
        }),
      );
      const answerWith = (type: 'spki' | 'pkcs1') => {
        const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
        const value = publicKey.export({ type, format: 'pem' }) as string;
        const rule = { target: 'wata.public-key', kind: 'answer', answer: { status: 200, body: { value } } };
        return { rule, signature: sign('RSA-SHA512', body, privateKey).toString('base64') };
      };
      const [before, after] = [answerWith('spki'), answerWith('pkcs1')];
      const fresh = open();
      const read = async (signature: string, seconds: number) =>
        fresh.readNotification!({
          body,
          headers: { 'x-signature': signature },
          now: new Date(Date.now() + seconds * 1000),
        });
      await world.client.setFaults(before.rule);
      expect(await read(before.signature, 0)).toMatchObject({ externalId: 'ord_1', kind: 'Payment.Paid' });
      await world.client.setFaults(after.rule);
      await expect(read(after.signature, 30)).rejects.toBeInstanceOf(NotAuthentic);
      expect(await read(after.signature, 61)).toMatchObject({ externalId: 'ord_1' });
      await expect(read(before.signature, 62)).rejects.toBeInstanceOf(NotAuthentic);
    });

    it('while the key cannot be had nothing is believed, and nothing is refused for good', async () => {
      await world.client.setFaults({ target: 'wata.public-key', kind: '500' });
      const read = open().readNotification!({
        body: Buffer.from('{}'),
        headers: { 'x-signature': 'c2ln' },
        now: new Date(),
      });
      await expect(read).rejects.not.toBeInstanceOf(NotAuthentic);
      await expect(read).rejects.toThrow('500');
    });

    it('what may not be read so soon again leaves open what it is', async () => {
      const limited = await startProviders({ wata: { terminals: [OWN], readEveryMs: 3_000_000 } });
      const slow = openAccount(wata, limited.sandbox.addresses['wata']!, {
        settings: {},
        secrets: { secret: OWN.token },
      });
      const { externalId } = await slow.create(request(), signal);
      expect(await slow.fetch(externalId, signal)).toMatchObject({ state: 'pending' });
      await expect(slow.fetch(externalId, signal)).rejects.toThrow('429');
      await limited.sandbox.close();
    });

    it('what is paid in the sandbox is pretended', async () => {
      expect((await provider.create(request(), signal)).isTest).toBe(true);
    });
  });
});
