import type { Money } from '@switchboard/contracts';
import { v7 as uuidv7 } from 'uuid';
import { openAccount, type Operation, providerContract, type ProviderWorld } from '../../test/provider.contract';
import { startProviders } from '../../test/start-sandbox';
import { type PaymentProvider, PaymentRefused, type PaymentRequest, type ProviderPayment } from './payment-provider';
import { stripe } from './stripe.provider';

const accountOf = (key: string, secret: string) => ({ key, webhook: { url: 'http://127.0.0.1:9/', secret } });
const OWN = accountOf('sk_live_own', 'whsec_own');
const OTHER = accountOf('sk_live_other', 'whsec_other');
const WRONG = accountOf('sk_live_wrong', 'whsec_wrong');
const TRIAL = accountOf('sk_test_trial', 'whsec_trial');
const settingsOf = ({ key, webhook }: typeof OWN) => ({
  settings: {},
  secrets: { secret: key, webhookSecret: webhook.secret },
});

const TARGETS: Record<Operation, string> = {
  ...{ create: 'checkout.sessions.create', charge: 'paymentIntents.create', fetch: 'checkout.sessions.retrieve' },
  ...{ refund: 'refunds.create', list: 'events.list' },
};
const usd = (amountMinor: number, currency = 'USD'): Money => ({ amountMinor, currency });
/** Of `cus_…/pm_…`. */
const cardOf = (savedMethod: string) => savedMethod.split('/')[1]!;

async function startStripe({ notificationsUrl }: { notificationsUrl: string }): Promise<ProviderWorld> {
  const accounts = [{ ...OWN, webhook: { ...OWN.webhook, url: notificationsUrl } }, OTHER, TRIAL];
  const { sandbox, client } = await startProviders({ stripe: { accounts } });
  const { stripe: control } = client;
  const disputes = new Map<string, string>();
  const intentOf = async ({ externalId }: ProviderPayment) => {
    const pages = await control.objects<{ payment_intent: string | null }>('checkout.session');
    return pages.find(({ id }) => id === externalId)?.payment_intent ?? externalId;
  };
  return {
    apiRoot: sandbox.addresses['stripe']!,
    account: (which) => settingsOf({ own: OWN, other: OTHER, 'wrong-secret': WRONG, test: TRIAL }[which]),
    pay: ({ externalId }) => control.pay(externalId),
    decline: ({ externalId }, reason) => control.decline(externalId, reason),
    expire: ({ externalId }) => control.expire(externalId),
    async made(key) {
      const pages = await control.objects<{ client_reference_id: string }>('checkout.session');
      const charges = await control.objects<{ metadata: Record<string, string> }>('payment_intent');
      return [
        ...pages.filter((one) => one.client_reference_id === key),
        ...charges.filter(({ metadata }) => metadata['order_key'] === key && !metadata['by_page']),
      ].map(({ id }) => id);
    },
    async refundOutside(payment, { amountMinor }) {
      return control.refund(await intentOf(payment), amountMinor);
    },
    async dispute(payment, outcome) {
      const intent = await intentOf(payment);
      if (outcome === 'open') disputes.set(intent, (await control.dispute(intent)).id);
      else await control.closeDispute(disputes.get(intent)!, outcome);
    },
    refuseCharge: (method, reason) => control.setNextCharge(cardOf(method), reason),
    revoke: (method) => control.detach(cardOf(method)),
    fail: (operation, fault) => client.setFaults({ target: `stripe.${TARGETS[operation]}`, times: 1, ...fault }),
    forgeNotification: () => client.setFaults({ target: 'stripe.webhook', kind: 'wrong-secret', times: 1 }),
    stop: () => sandbox.close(),
  };
}

describe('Stripe', () => {
  providerContract({
    definition: stripe,
    cannot: { 'pay twice': 'a page takes one payment' },
    amounts: [usd(1999), usd(99_999_999), usd(5000, 'JPY')],
    refused: { money: usd(49) },
    declined: 'stays open',
    unknownId: 'cs_live_unknown',
    oldestNotificationMs: 300_000,
    // Each payment is two events, of which a hundred are listed at once.
    pageSize: 50,
    tickMs: 1000,
    start: startStripe,
  });

  describe('beside what all can', () => {
    const { signal } = new AbortController();
    let world: Awaited<ReturnType<typeof startProviders>>;
    let provider: PaymentProvider;

    beforeAll(async () => {
      world = await startProviders({ stripe: { accounts: [OWN] } });
      provider = openAccount(stripe, world.sandbox.addresses['stripe']!, settingsOf(OWN));
    });
    afterAll(() => world.sandbox.close());

    const request = (more: Partial<PaymentRequest> = {}): PaymentRequest => ({
      ...{ key: `${uuidv7()}:1`, money: usd(1999), title: 'Plus', locale: 'en', returnUrl: 'https://shop.example/' },
      ...{ expiresAt: new Date(Date.now() + stripe.offerMs), customerRef: 'ann', savesMethod: false, ...more },
    });
    async function paid(more: Partial<PaymentRequest> = {}) {
      const { externalId } = await provider.create(request(more), signal);
      await world.client.stripe.pay(externalId);
      return (await provider.fetch(externalId, signal))!;
    }
    const saved = async () => (await paid({ savesMethod: true })).savedMethod!;

    it('one person is one customer, whose cards are called by what is printed on them', async () => {
      const [first, second] = [await saved(), await saved()];
      expect(first.title).toBe('visa ·· 4242');
      expect(second.externalId.split('/')[0]).toBe(first.externalId.split('/')[0]);
    });

    it('a payment that takes days is waited for, and comes or fails', async () => {
      const [first, second] = [await provider.create(request(), signal), await provider.create(request(), signal)];
      for (const { externalId } of [first, second]) await world.client.stripe.payLater(externalId);
      expect(await provider.fetch(first.externalId, signal)).toMatchObject({ state: 'pending', takings: [] });
      await world.client.stripe.settle(first.externalId, true);
      await world.client.stripe.settle(second.externalId, false);
      expect(await provider.fetch(first.externalId, signal)).toMatchObject({ state: 'paid' });
      expect(await provider.fetch(second.externalId, signal)).toMatchObject({ state: 'failed', failure: 'declined' });
    });

    it('a charge and a refund are made once, also when the key has been forgotten', async () => {
      const wanted = request({ savedMethod: (await saved()).externalId });
      const first = await provider.create(wanted, signal);
      const asked = { takingId: first.takings[0]!.id, key: 'refund:1', money: usd(100), reason: 'asked' };
      const back = await provider.refund!(asked, signal);
      await world.client.stripe.forgetIdempotencyKeys();
      expect(await provider.create(wanted, signal)).toMatchObject({ externalId: first.externalId, state: 'paid' });
      expect(await provider.refund!(asked, signal)).toEqual(back);
      expect((await provider.fetch(first.externalId, signal))!.takings).toMatchObject([{ refundedMinor: 100 }]);
    });

    it('a charge that the bank thinks about is pending, and one that needs the person is none', async () => {
      const { externalId } = await saved();
      await world.client.stripe.setNextCharge(cardOf(externalId), 'processing');
      const pending = await provider.create(request({ savedMethod: externalId }), signal);
      expect(pending.state).toBe('pending');
      await world.client.stripe.settleIntent(pending.externalId, true);
      expect(await provider.fetch(pending.externalId, signal)).toMatchObject({ state: 'paid' });
      await world.client.stripe.setNextCharge(cardOf(externalId), 'authentication_required');
      const charge = provider.create(request({ savedMethod: externalId }), signal);
      await expect(charge).rejects.toMatchObject({ name: 'PaymentRefused', reason: 'declined' });
    });

    it('the same key for something else leaves open what became of it', async () => {
      const first = request();
      await provider.create(first, signal);
      const other = provider.create({ ...first, title: 'Other' }, signal);
      await expect(other).rejects.not.toBeInstanceOf(PaymentRefused);
      await expect(other).rejects.toThrow('400');
    });

    it('a payment that is told of by its own name is found by its page', async () => {
      const payment = await paid();
      expect(await provider.fetch(payment.takings[0]!.id, signal)).toEqual(payment);
    });

    it('a refund that the bank does not carry out has failed', async () => {
      await world.client.stripe.setAccount({ key: OWN.key, slowRefunds: true });
      const { takings } = await paid();
      const asked = { takingId: takings[0]!.id, key: 'refund:2', money: usd(1999), reason: 'asked' };
      const { externalId, state } = await provider.refund!(asked, signal);
      expect(state).toBe('pending');
      await world.client.stripe.settleRefund(externalId, false);
      expect((await provider.fetchRefund!(externalId, signal))!.state).toBe('failed');
      await world.client.stripe.setAccount({ key: OWN.key, slowRefunds: false });
    });

    it('leads a person to where they look after their cards', async () => {
      const { externalId } = await saved();
      const url = await provider.portalUrl!(
        { savedMethod: externalId, returnUrl: 'https://shop.example/me', locale: 'ru' },
        signal,
      );
      const shown = await (await fetch(url)).text();
      expect(shown).toContain('Способы оплаты');
      expect(shown).toContain('https://shop.example/me');
    });
  });
});
