import { CheckChannelPayment, ListChannelPayments } from '@switchboard/contracts';
import { ServiceClient, ServiceIdentity } from '@switchboard/service-kit';
import { PretendedService } from '@switchboard/testing';
import { Registry } from 'prom-client';
import { hear, startBotAdapter } from '../../bot-adapter/test/start-bot-adapter';
import { LUMEN, NORTHWIND, startTelegram } from '../../bot-adapter/test/start-sandbox';
import type { ProviderPayment } from '../../payments/src/providers/payment-provider';
import { telegramStars } from '../../payments/src/providers/telegram-stars.provider';
import { type Operation, providerContract, type ProviderWorld } from '../../payments/test/provider.contract';

const METHODS: Record<Operation, string> = {
  create: 'createInvoiceLink',
  charge: 'createInvoiceLink',
  fetch: 'getStarTransactions',
  list: 'getStarTransactions',
  refund: 'refundStarPayment',
};
const BOTS = { own: 'lumen', other: 'northwind', 'wrong-secret': 'lost', test: 'lumen' };
const REASONS = {
  never: 'Telegram has nothing of the kind',
  unpaid: 'Telegram lists what was paid, not what was asked for',
  whole: 'Telegram gives back a payment of Stars as a whole',
};

/** payments asks bot-adapter, which asks the pretended Telegram. */
async function startStars(): Promise<ProviderWorld> {
  const telegram = await startTelegram();
  const payments = await PretendedService.start('payments');
  payments.on(CheckChannelPayment, () => ({ refusal: null }));
  const channel = (token: string) => ({ kind: 'telegram', apiRoot: 'sandbox', token });
  const app = await startBotAdapter(telegram, {
    directory: new Map([['payments', payments.url]]),
    bots: {
      lumen: { name: 'Lumen', channel: channel(LUMEN.token) },
      northwind: { name: 'Northwind', channel: channel(NORTHWIND.token) },
      lost: { name: 'Lost', channel: channel('7000000009:sandbox-lost') },
    },
  });
  const asPayments = new ServiceIdentity('payments', app.keys);
  const client = new ServiceClient(asPayments, new Map([['bot-adapter', app.url]]), new Registry());
  const phone = await telegram.person();
  const { data } = await hear(app, phone, 'Hello');
  const links = new Map<string, string>();
  const charges = new Map<string, string>();
  const linkOf = ({ externalId, url }: ProviderPayment) => {
    if (url !== undefined) links.set(externalId, url);
    return links.get(externalId)!;
  };
  /** It fails no more, and nobody holds against anybody that it did. */
  async function recover() {
    await telegram.misbehave();
    for (const botId of Object.values(BOTS).slice(0, 2))
      await client.call(ListChannelPayments, { params: { botId }, query: {} });
  }
  const never = () => Promise.reject(new Error(REASONS.never));
  return {
    apiRoot: '',
    customerRef: data.userId,
    account: (which) => ({
      settings: {},
      secrets: { token: LUMEN.token },
      botId: BOTS[which],
      services: (timeoutMs) => ({
        call: (async (route, input, options) => {
          const call = client.call(route as never, input as never, { ...(options as object), timeoutMs });
          if (
            await call.then(
              () => false,
              () => true,
            )
          )
            await recover();
          return call;
        }) as ServiceClient['call'],
      }),
    }),
    async pay(payment) {
      const { chargeId, reason } = await phone.pay(linkOf(payment));
      if (chargeId === undefined) throw new Error(reason);
      charges.set(payment.externalId, chargeId);
    },
    async decline(payment) {
      payments.on(CheckChannelPayment, () => ({ refusal: { en: 'Not enough.', ru: 'Мало.' } }));
      await phone.pay(linkOf(payment));
      payments.on(CheckChannelPayment, () => ({ refusal: null }));
    },
    expire: never,
    async made(key) {
      const invoices = await telegram.control<unknown[]>('GET', `telegram/invoices?payload=${encodeURIComponent(key)}`);
      // Links to the same payment are one: payments lets it be paid once.
      return invoices.length > 0 ? [key] : [];
    },
    refundOutside: ({ externalId }) =>
      telegram.control('POST', `telegram/charges/${charges.get(externalId)}/take-back`, {}),
    dispute: never,
    refuseCharge: never,
    revoke: never,
    // For the whole of the next call: what fails is asked again on the way.
    fail: (operation, fault) => telegram.misbehave({ target: `telegram.${METHODS[operation]}`, ...fault }),
    forgeNotification: never,
    async stop() {
      await app.stop();
      await telegram.close();
      payments.stop();
    },
  };
}

const stars = (amountMinor: number) => ({ amountMinor, currency: 'XTR' });

describe('Telegram Stars', () => {
  providerContract({
    definition: telegramStars,
    cannot: {
      'find unpaid': REASONS.unpaid,
      expire: 'a link has no end; whether it may be paid is asked before each payment',
      'save methods': 'Telegram charges for its subscriptions itself',
      'refund partly': REASONS.whole,
      dispute: REASONS.never,
      'lose disputes': REASONS.never,
      notify: 'updates come to bot-adapter, and become its events',
      sign: 'updates come to bot-adapter, and become its events',
      'tell fees': 'Telegram takes nothing off a payment',
      'tell tests': 'a payment is a trial where the whole bot is one',
    },
    amounts: [stars(500), stars(1), stars(999), stars(10_000)],
    refused: { money: { amountMinor: 500, currency: 'RUB' } },
    declined: 'stays open',
    unknownId: '01890a5d-ac96-774b-bcce-b302099a8057:1',
    pageSize: 100,
    tickMs: 1000,
    start: startStars,
  });
});
