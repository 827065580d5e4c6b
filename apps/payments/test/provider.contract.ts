import type { Money } from '@switchboard/contracts';
import { ResiliencePolicy } from '@switchboard/service-kit';
import { until } from '@switchboard/testing';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { Registry } from 'prom-client';
import { v7 as uuidv7 } from 'uuid';
import {
  type FailureReason,
  NotAuthentic,
  type PaymentProvider,
  PaymentRefused,
  type PaymentRequest,
  type ProviderAccount,
  type ProviderDefinition,
  type ProviderPayment,
  type RawNotification,
  type RefundRequest,
  type Taking,
} from '../src/providers/payment-provider';
import { isOutage } from '../src/providers/provider-http';

/** As `own`, the shop that takes the payments; another shop of the same provider; the first one with a wrong secret; one for trying out. */
export type AccountName = 'own' | 'other' | 'wrong-secret' | 'test';

export type Operation = 'create' | 'charge' | 'fetch' | 'refund' | 'list';

/** As the sandbox knows it, without the target. It happens once. */
export interface Fault {
  readonly kind: string;
  readonly ms?: number;
  readonly retryAfter?: number;
  readonly answer?: { status: number; headers?: Record<string, string>; body: string };
}

/** As the section `payments` of a bot says it, and the secrets by their names. */
export interface Account {
  readonly settings: object;
  readonly secrets: Readonly<Record<string, string>>;
  readonly botId?: string;
  /** Where another service of ours takes the payments. */
  readonly services?: (timeoutMs: number) => ProviderAccount<unknown>['services'];
}

/** What stands around a provider: people at its page, its own staff, and the network between. */
export interface ProviderWorld {
  readonly apiRoot: string;
  /** Who pays, where that matters. */
  readonly customerRef?: string;
  account(which: AccountName): Account;
  /** A person pays, at the page. */
  pay(payment: ProviderPayment): Promise<unknown>;
  /** A person tries to pay, and the bank says no. */
  decline(payment: ProviderPayment, reason: 'insufficient_funds'): Promise<unknown>;
  /** Nobody paid in time. */
  expire(payment: ProviderPayment): Promise<unknown>;
  /** What the provider holds under a key of ours: the ids of the payments. */
  made(key: string): Promise<readonly string[]>;
  /** By the provider's own pages, without us. */
  refundOutside(payment: ProviderPayment, money: Money): Promise<unknown>;
  /** By way of the person's bank. */
  dispute(payment: ProviderPayment, outcome: 'open' | 'won' | 'lost'): Promise<unknown>;
  /** The next charge of a saved method is refused. */
  refuseCharge(savedMethod: string, reason: 'insufficient_funds'): Promise<unknown>;
  /** The person withdraws their consent, where they gave it. */
  revoke(savedMethod: string): Promise<unknown>;
  /** What the next call meets. */
  fail(operation: Operation, fault: Fault): Promise<unknown>;
  /** The next notification is signed with a key that is not the provider's. */
  forgeNotification(): Promise<unknown>;
  stop(): Promise<unknown>;
}

/** What not every provider can. */
export type Ability =
  /** What nobody has tried to pay: whether it is there. */
  | 'find unpaid'
  | 'expire'
  | 'pay twice'
  | 'save methods'
  | 'refund'
  | 'refund partly'
  | 'dispute'
  | 'lose disputes'
  | 'notify'
  | 'sign'
  | 'tell fees'
  | 'tell tests'
  | 'list';

export interface ContractOptions {
  readonly definition: ProviderDefinition;
  /** Each with its reason, which is what is skipped. The defaults are what all the rest can. */
  readonly cannot?: Partial<Record<Ability, string>>;
  /** The first is what most payments here are of, some 500 at least; beside it the smallest, the largest, odd ones, and every kind of currency. */
  readonly amounts: readonly [Money, ...Money[]];
  /** What the provider refuses for good. */
  readonly refused: Partial<PaymentRequest>;
  /** Whether a payment that was declined can still be made by the same page. */
  readonly declined: 'stays open' | 'has failed';
  /** What no payment is called. */
  readonly unknownId: string;
  /** Where it is signed when a notification was sent: how old it may be. */
  readonly oldestNotificationMs?: number;
  /** How many the provider lists at once. */
  readonly pageSize: number;
  /** How exact its clock is. */
  readonly tickMs?: number;
  /** Tells where notifications shall go. */
  start(around: { readonly notificationsUrl: string }): Promise<ProviderWorld>;
}

const LOST_ANSWERS: readonly [string, Fault][] = [
  ['was answered with an error of the server', { kind: '500-after-commit' }],
  ['was not answered, since the connection broke', { kind: 'reset-after-commit' }],
  ['was not answered in time', { kind: 'hang-after-commit' }],
];

const json = { 'content-type': 'application/json' };
const OPEN_ANSWERS: readonly [string, Fault][] = [
  ['an error of the server', { kind: '500' }],
  ['a page in place of an answer', { kind: '502-html' }],
  [
    'a page with a status of success',
    { kind: 'answer', answer: { status: 200, body: '<html><body>Hello</body></html>' } },
  ],
  ['half an answer', { kind: 'answer', answer: { status: 200, headers: json, body: '{"id":"2c5d4f","stat' } }],
  ['an answer about nothing', { kind: 'answer', answer: { status: 200, headers: json, body: '{}' } }],
  ['401', { kind: 'answer', answer: { status: 401, headers: json, body: '{}' } }],
  ['429', { kind: '429', retryAfter: 7 }],
  ['a broken connection', { kind: 'reset' }],
  ['no answer in time', { kind: 'hang' }],
];

const { signal } = new AbortController();
const PATIENCE_MS = 20_000;
const PERSON = uuidv7();
const ALONE: ProviderAccount<unknown>['services'] = {
  call: () => Promise.reject(new Error('there is no other service here')),
};

/** An account with a provider, whose every failure is seen, and none of which keeps later calls from being made. */
export function openAccount(
  definition: ProviderDefinition,
  apiRoot: string,
  { settings, secrets, botId = 'shop', services = () => ALONE }: Account,
  timeoutMs = PATIENCE_MS,
): PaymentProvider {
  const { name } = definition;
  return definition.create({
    botId,
    settings: definition.settings.parse(settings),
    secret: (secret) => secrets[secret],
    apiRoot,
    isSandbox: true,
    fetch,
    services: services(timeoutMs),
    policy: new ResiliencePolicy({
      ...{ name, registry: new Registry(), timeoutMs, isOutage, retries: 0, breakAfter: 1000 },
    }),
  });
}

/** What every provider does, whatever it can do. One suite for all: a new one has to pass it as it is. */
export function providerContract(options: ContractOptions): void {
  const { definition, cannot = {}, amounts, refused, declined, pageSize, tickMs = 5 } = options;
  const [price] = amounts;
  /** A behaviour that needs an ability; without it, why there is none. */
  const ifCan = (ability: Ability, fact: string, test: () => Promise<void>) =>
    cannot[ability] === undefined ? it(fact, test) : it.skip(`${fact}: ${cannot[ability]}`, test);

  const received: Omit<RawNotification, 'now'>[] = [];
  const receiver = createServer(async (req, res) => {
    const headers = Object.fromEntries(Object.entries(req.headers).map(([name, value]) => [name, String(value)]));
    received.push({ headers, body: await buffer(req) });
    const { contentType, body } = provider.acknowledgement ?? { contentType: 'text/plain', body: 'OK' };
    res.setHeader('content-type', contentType).end(body);
  });
  let world: ProviderWorld;
  let provider: PaymentProvider;
  /** The same, for calls that are never answered. */
  let impatient: PaymentProvider;
  const callerOf = ({ kind }: Fault) => (kind.startsWith('hang') ? impatient : provider);

  beforeAll(async () => {
    await new Promise<void>((listening) => receiver.listen(0, '127.0.0.1', listening));
    const { port } = receiver.address() as AddressInfo;
    world = await options.start({ notificationsUrl: `http://127.0.0.1:${port}/` });
    provider = account('own');
    impatient = account('own', 600);
  });
  afterAll(async () => {
    await world.stop();
    receiver.closeAllConnections();
    await new Promise((closed) => receiver.close(closed));
  });

  const account = (which: AccountName, timeoutMs?: number) =>
    openAccount(definition, world.apiRoot, world.account(which), timeoutMs);

  const request = (over: Partial<PaymentRequest> = {}): PaymentRequest => ({
    key: `${uuidv7()}:1`,
    money: price,
    title: 'Plus на месяц: «всё & сразу» <b>',
    locale: 'ru',
    returnUrl: 'https://shop.example/back?from=pay&x=1',
    expiresAt: new Date(Date.now() + definition.offerMs),
    customerRef: world.customerRef ?? PERSON,
    email: 'anna@example.com',
    receipt: { description: 'Доступ на месяц', vatCode: 1, subject: 'service' },
    savesMethod: false,
    ...over,
  });
  const create = (over: Partial<PaymentRequest> = {}) => provider.create(request(over), signal);
  /** As the service asks when it does not know whether it has asked before. */
  const askAgain = async (wanted: PaymentRequest) =>
    (await provider.findByKey?.(wanted.key, signal)) ?? (await provider.create(wanted, signal));
  const read = async ({ externalId }: { externalId: string }) => {
    const payment = await provider.fetch(externalId, signal);
    if (!payment) throw new Error(`${definition.name} knows nothing of ${externalId}`);
    return payment;
  };
  const settled = (payment: ProviderPayment) =>
    until(async () => [await read(payment)].find(({ state }) => state !== 'pending'), {
      what: 'the payment to settle',
    });
  async function paid(over: Partial<PaymentRequest> = {}): Promise<ProviderPayment> {
    const payment = await create(over);
    await world.pay(payment);
    return settled(payment);
  }
  /** How a charge ended: by an answer about it, or by a refusal to begin it. */
  async function charge(savedMethod: string, over: Partial<PaymentRequest> = {}) {
    try {
      const payment = await settled(await askAgain(request({ savedMethod, ...over })));
      return { payment, state: payment.state, failure: payment.failure };
    } catch (error) {
      if (!(error instanceof PaymentRefused)) throw error;
      return { state: 'failed', failure: error.reason };
    }
  }
  async function savedMethod(): Promise<string> {
    const { savedMethod: saved } = await paid({ savesMethod: true });
    return saved!.externalId;
  }
  const refundOf = (
    { takings }: Pick<ProviderPayment, 'takings'>,
    key = `refund:${uuidv7()}`,
    money = price,
  ): RefundRequest => {
    const [{ id: takingId, money: taken }] = takings as [Taking];
    const payment = { amountMinor: taken.amountMinor, customerRef: request().customerRef };
    return { takingId, key, money, reason: 'asked', payment };
  };
  async function refund(payment: ProviderPayment, amountMinor: number, key = `refund:${uuidv7()}`) {
    const [{ money }] = payment.takings as [Taking];
    return provider.refund!(refundOf(payment, key, { ...money, amountMinor }), signal);
  }
  const refunded = async (payment: ProviderPayment) => (await read(payment)).takings[0]!.refundedMinor;
  async function list(from: Date, to: Date): Promise<ProviderPayment[]> {
    const found: ProviderPayment[] = [];
    for await (const payment of provider.list(from, to, signal)) found.push(payment);
    return found;
  }
  /** A moment that everything before it and everything after it can be told from, by the provider's clock. */
  async function moment(): Promise<Date> {
    const at = new Date((Math.floor(Date.now() / tickMs) + 1) * tickMs);
    await sleep(at.getTime() - Date.now() + 1);
    return at;
  }
  /** The error of a call that must fail, and must not be taken for a refusal. It tells nobody our secrets. */
  async function openError(call: Promise<unknown>): Promise<Error> {
    const error = await call.then(
      (answer) => new PaymentRefused('other', `it was answered: ${JSON.stringify(answer)}`),
      (thrown: Error) => thrown,
    );
    expect(error).not.toBeInstanceOf(PaymentRefused);
    for (const secret of Object.values(world.account('own').secrets))
      expect(`${error.stack} ${JSON.stringify(error)}`).not.toContain(secret);
    return error;
  }

  describe('a payment', () => {
    it('is asked for, and waits for the person', async () => {
      const wanted = request();
      const payment = await provider.create(wanted, signal);
      expect(payment).toMatchObject({ key: wanted.key, state: 'pending', takings: [] });
      expect(payment.externalId).not.toBe('');
      expect(await read(payment)).toMatchObject({ externalId: payment.externalId, key: wanted.key, state: 'pending' });
    });

    it('is the same one however often it is asked for', async () => {
      const wanted = request();
      const payment = await provider.create(wanted, signal);
      expect((await askAgain(wanted)).externalId).toBe(payment.externalId);
      await world.pay(payment);
      expect((await askAgain(wanted)).externalId).toBe(payment.externalId);
      expect(await world.made(wanted.key)).toEqual([payment.externalId]);
    });

    it.each(LOST_ANSWERS)('is the same one after it %s', async (_what, fault) => {
      const wanted = request();
      await world.fail('create', fault);
      await openError(callerOf(fault).create(wanted, signal));
      const payment = await askAgain(wanted);
      expect(await world.made(wanted.key)).toEqual([payment.externalId]);
    });

    it.each(amounts.map((money) => [money]))('is of exactly %j', async (money) => {
      const [before, payment] = [new Date(), await paid({ money })];
      expect(payment).toMatchObject({ state: 'paid', takings: [{ money, refundedMinor: 0 }] });
      const { at } = payment.takings[0]!;
      expect(at.getTime()).toBeGreaterThanOrEqual(before.getTime() - 1000);
      expect(at.getTime()).toBeLessThanOrEqual(Date.now() + 1000);
    });

    it('is refused with a reason where it can never be', async () => {
      const wanted = request(refused);
      const refusal = provider.create(wanted, signal);
      await expect(refusal).rejects.toBeInstanceOf(PaymentRefused);
      await expect(refusal).rejects.toMatchObject({ reason: expect.any(String) });
      expect(await world.made(wanted.key)).toEqual([]);
    });

    it('that was declined is paid all the same', async () => {
      const payment = await create();
      await world.decline(payment, 'insufficient_funds');
      if (declined === 'has failed') {
        expect(await settled(payment)).toMatchObject({ state: 'failed', failure: 'insufficient_funds', takings: [] });
        expect(await paid()).toMatchObject({ state: 'paid' });
        return;
      }
      expect(await read(payment)).toMatchObject({ state: 'pending', takings: [] });
      await world.pay(payment);
      expect(await settled(payment)).toMatchObject({ state: 'paid', takings: [{ money: price }] });
    });

    ifCan('expire', 'that nobody makes in time has expired', async () => {
      const payment = await create();
      await world.expire(payment);
      expect(await settled(payment)).toMatchObject({ state: 'expired', takings: [] });
    });

    it('is given up where the provider lets that be done, and never once it is paid', async () => {
      if (!provider.cancel) return;
      const payment = await create();
      await provider.cancel(payment.externalId, signal);
      await provider.cancel(payment.externalId, signal).catch(() => undefined);
      expect(['cancelled', 'expired']).toContain((await settled(payment)).state);
      const made = await paid();
      await provider.cancel(made.externalId, signal).catch(() => undefined);
      expect(await read(made)).toMatchObject({ state: 'paid', takings: [{ refundedMinor: 0 }] });
    });

    ifCan('pay twice', 'that was made twice by one page is money taken twice', async () => {
      const payment = await create();
      await world.pay(payment);
      await world.pay(payment);
      const { state, takings } = await settled(payment);
      expect([state, takings.map(({ money }) => money)]).toEqual(['paid', [price, price]]);
      expect(new Set(takings.map(({ id }) => id)).size).toBe(2);
    });

    ifCan('tell fees', 'costs a fee, which is less than the payment', async () => {
      const [{ feeMinor, money } = { money: price }] = (await paid()).takings;
      expect(feeMinor).toBeGreaterThan(0);
      expect(feeMinor).toBeLessThan(money.amountMinor);
    });

    ifCan('tell tests', 'says when it was only tried out', async () => {
      expect((await paid()).isTest).toBe(false);
      const trial = account('test');
      const payment = await trial.create(request(), signal);
      await world.pay(payment);
      const look = async () => [await trial.fetch(payment.externalId, signal)].find((one) => one?.state === 'paid');
      expect(await until(look, { what: 'the trial to be paid' })).toMatchObject({ isTest: true });
    });

    it('that does not exist, or is of another shop, is none', async () => {
      const nothing = expect.objectContaining({ state: 'pending', takings: [] }) as unknown;
      const none = cannot['find unpaid'] === undefined ? undefined : nothing;
      expect(await provider.fetch(options.unknownId, signal)).toEqual(none);
      const { externalId, key } = cannot['find unpaid'] === undefined ? await create() : await paid();
      expect(await account('other').fetch(externalId, signal)).toEqual(none);
      if (!provider.findByKey) return;
      expect(await provider.findByKey(key!, signal)).toMatchObject({ externalId });
      expect(await provider.findByKey(`${uuidv7()}:1`, signal)).toBeUndefined();
      expect(await account('other').findByKey!(key!, signal)).toBeUndefined();
    });

    it('is not asked for any longer than the caller waits', async () => {
      const reason = new Error('stopped');
      await expect(provider.create(request(), AbortSignal.abort(reason))).rejects.toBe(reason);
    });
  });

  describe('what leaves the outcome open', () => {
    it.each(OPEN_ANSWERS)('is %s', async (_what, fault) => {
      const wanted = request();
      await world.fail('create', fault);
      await openError(callerOf(fault).create(wanted, signal));
      expect(await world.made(wanted.key)).toEqual([]);
      const payment = await askAgain(wanted);

      await world.fail('fetch', fault);
      await openError(callerOf(fault).fetch(payment.externalId, signal));
      await world.pay(payment);
      const { takings } = await settled(payment);

      if (cannot.refund === undefined) {
        const asked = refundOf({ takings });
        await world.fail('refund', fault);
        await openError(callerOf(fault).refund!(asked, signal));
        expect(await refunded(payment)).toBe(0);
      }
      if (cannot.list !== undefined) return;
      await world.fail('list', fault);
      const all = callerOf(fault).list(new Date(Date.now() - 60_000), new Date(), signal);
      await openError(all[Symbol.asyncIterator]().next());
    });

    it('is a secret that is wrong', async () => {
      const wanted = request();
      await openError(account('wrong-secret').create(wanted, signal));
      expect(await world.made(wanted.key)).toEqual([]);
      const { externalId } = await create();
      await openError(account('wrong-secret').fetch(externalId, signal));
    });
  });

  describe('a saved method', () => {
    ifCan('save methods', 'is told of where the person wanted it, with a name they know', async () => {
      expect(await paid({ savesMethod: true })).toMatchObject({
        savedMethod: { externalId: expect.stringMatching(/./), title: expect.stringMatching(/./) },
      });
      expect((await paid({ savesMethod: false })).savedMethod).toBeUndefined();
    });

    ifCan('save methods', 'is charged without the person, once for a key', async () => {
      const wanted = request({
        savedMethod: await savedMethod(),
        money: { ...price, amountMinor: price.amountMinor + 1 },
      });
      const first = await settled(await provider.create(wanted, signal));
      expect(first).toMatchObject({ key: wanted.key, state: 'paid', takings: [{ money: wanted.money }] });
      expect((await askAgain(wanted)).externalId).toBe(first.externalId);
      expect(await world.made(wanted.key)).toEqual([first.externalId]);
    });

    for (const [what, fault] of LOST_ANSWERS)
      ifCan('save methods', `is charged once after that ${what}`, async () => {
        const wanted = request({ savedMethod: await savedMethod() });
        await world.fail('charge', fault);
        await openError(callerOf(fault).create(wanted, signal));
        const payment = await settled(await askAgain(wanted));
        expect(payment).toMatchObject({ state: 'paid', takings: [{ money: price }] });
        expect(await world.made(wanted.key)).toEqual([payment.externalId]);
      });

    ifCan('save methods', 'that has no money fails with that reason, and is charged the next time', async () => {
      const method = await savedMethod();
      await world.refuseCharge(method, 'insufficient_funds');
      expect(await charge(method)).toMatchObject({
        state: 'failed',
        failure: 'insufficient_funds' satisfies FailureReason,
      });
      expect(await charge(method)).toMatchObject({ state: 'paid' });
    });

    ifCan('save methods', 'that was revoked or never was is not charged', async () => {
      const method = await savedMethod();
      await world.revoke(method);
      expect(await charge(method)).toMatchObject({
        state: 'failed',
        failure: 'method_revoked' satisfies FailureReason,
      });
      expect(await charge(options.unknownId)).toMatchObject({ state: 'failed' });
    });
  });

  describe('money back', () => {
    it('is not promised where the provider cannot', () => {
      expect(provider.refund !== undefined).toBe(cannot.refund === undefined);
    });

    ifCan('refund', 'is all of it, once for a key', async () => {
      const payment = await paid();
      const key = `refund:${uuidv7()}`;
      const first = await refund(payment, price.amountMinor, key);
      expect(first).toMatchObject({ state: expect.stringMatching(/pending|done/), money: price });
      expect((await refund(payment, price.amountMinor, key)).externalId).toBe(first.externalId);
      expect(await refunded(payment)).toBe(price.amountMinor);
      expect(await read(payment)).toMatchObject({ state: 'paid', takings: [{ money: price }] });
      if (!provider.fetchRefund) return expect(first.state).toBe('done');
      const look = async () =>
        [await provider.fetchRefund!(first.externalId, signal)].find((one) => one?.state === 'done');
      expect(await until(look, { what: 'the refund to be done' })).toMatchObject({ ...first, state: 'done' });
      expect(await provider.fetchRefund(options.unknownId, signal)).toBeUndefined();
    });

    ifCan('refund partly', 'is a part, and another one, and never more than there was', async () => {
      const payment = await paid();
      await refund(payment, 101);
      expect(await refunded(payment)).toBe(101);
      await refund(payment, 150);
      expect(await refunded(payment)).toBe(251);
      await expect(refund(payment, price.amountMinor - 250)).rejects.toBeInstanceOf(PaymentRefused);
      expect(await refunded(payment)).toBe(251);
      await refund(payment, price.amountMinor - 251);
      expect(await refunded(payment)).toBe(price.amountMinor);
    });

    for (const [what, fault] of LOST_ANSWERS)
      ifCan('refund', `is sent once after that ${what}`, async () => {
        const payment = await paid();
        const key = `refund:${uuidv7()}`;
        const asked = refundOf(payment, key);
        await world.fail('refund', fault);
        await openError(callerOf(fault).refund!(asked, signal));
        const sent = await provider.refund!(asked, signal);
        expect(sent.money).toEqual(price);
        expect(await refunded(payment)).toBe(price.amountMinor);
      });

    ifCan('refund', 'of more than was paid, of nothing and of what is not known is refused', async () => {
      const payment = await paid();
      await expect(refund(payment, price.amountMinor + 1)).rejects.toBeInstanceOf(PaymentRefused);
      const takings = [{ ...payment.takings[0]!, id: options.unknownId }];
      await expect(refund({ ...payment, takings }, 101)).rejects.toBeInstanceOf(PaymentRefused);
      await expect(refund(payment, 0)).rejects.toBeInstanceOf(PaymentRefused);
      expect(await refunded(payment)).toBe(0);
    });

    ifCan('refund', 'that went without us is seen', async () => {
      const payment = await paid();
      const money = cannot['refund partly'] === undefined ? { ...price, amountMinor: 150 } : price;
      await world.refundOutside(payment, money);
      expect(await refunded(payment)).toBe(money.amountMinor);
    });

    ifCan('dispute', 'that a bank took is seen, from its beginning to its end', async () => {
      for (const end of cannot['lose disputes'] === undefined ? (['won', 'lost'] as const) : (['won'] as const)) {
        const payment = await paid();
        for (const dispute of ['open', end] as const) {
          await world.dispute(payment, dispute);
          expect((await read(payment)).takings[0]).toMatchObject({ money: price, dispute });
        }
      }
    });
  });

  describe('a notification', () => {
    const at = (raw: Omit<RawNotification, 'now'>, now = new Date()): RawNotification => ({ ...raw, now });
    /** What came of a payment, as soon as it has come. */
    const about = (payment: ProviderPayment, after = 0) =>
      until(
        async () => {
          for (const raw of received.slice(after)) {
            try {
              if ((await provider.readNotification!(at(raw))).externalId === payment.externalId) return raw;
            } catch (error) {
              if (!(error instanceof NotAuthentic)) throw error;
            }
          }
          return undefined;
        },
        { what: `a notification about ${payment.externalId}` },
      );
    /** Either it is refused, or it is no more than a reason to ask. */
    async function harmless(raw: RawNotification, by = provider): Promise<void> {
      const error = await refusedAs(raw, by);
      if (error !== undefined || cannot.sign === undefined) expect(error).toBeInstanceOf(NotAuthentic);
    }
    /** Why a notification was refused. */
    async function refusedAs(raw: RawNotification, by = provider): Promise<Error | undefined> {
      try {
        await by.readNotification!(raw);
        return undefined;
      } catch (error) {
        return error as Error;
      }
    }

    it('comes where the provider tells of payments by itself', () => {
      expect(provider.readNotification !== undefined).toBe(definition.notifies);
      expect(definition.notifies).toBe(cannot.notify === undefined);
    });

    ifCan('notify', 'names the payment that there is news of, the same news by the same name', async () => {
      const payment = await paid();
      const news = await about(payment);
      const { dedupeKey, kind } = await provider.readNotification!(at(news));
      expect(kind).not.toBe('');
      expect((await provider.readNotification!(at(news))).dedupeKey).toBe(dedupeKey);
      const other = await paid();
      expect((await provider.readNotification!(at(await about(other)))).dedupeKey).not.toBe(dedupeKey);
    });

    ifCan('notify', 'that was altered, or comes to another shop, moves nothing', async () => {
      const payment = await create();
      const before = received.length;
      await world.pay(payment);
      const news = await about(payment, before);
      const step = Math.max(1, Math.floor(news.body.length / 40));
      for (let i = 0; i < news.body.length; i += step) {
        const body = Buffer.from(news.body);
        body[i]! ^= 1;
        await harmless(at({ ...news, body }));
      }
      await harmless(at({ ...news, body: Buffer.concat([news.body, Buffer.from(' ')]) }));
      await harmless(at({ ...news, headers: {} }));
      await harmless(at(news), account('other'));
      await harmless(at(news), account('wrong-secret'));
      const elsewhere = await account('other').fetch(payment.externalId, signal);
      expect(elsewhere?.takings ?? []).toEqual([]);
    });

    ifCan('sign', 'that somebody else has signed is refused', async () => {
      const before = received.length;
      await world.forgeNotification();
      const payment = await paid();
      const forged = await until(() => received[before], { what: 'a notification' });
      await harmless(at(forged));
      expect(await read(payment)).toMatchObject({ state: 'paid' });
    });

    ifCan('notify', 'that is none is refused', async () => {
      const { headers } = await about(await paid());
      const bodies = [
        '',
        'null',
        '[]',
        '0',
        '"x"',
        '{}',
        '{"event":7}',
        '<html></html>',
        'a=1&b=2',
        '\u0000\xff',
        '{"event":"x","object":',
      ];
      for (const body of bodies) {
        expect(await refusedAs(at({ headers, body: Buffer.from(body, 'latin1') }))).toBeInstanceOf(NotAuthentic);
      }
    });

    if (options.oldestNotificationMs !== undefined)
      it('that is too old is refused', async () => {
        const news = await about(await paid());
        const late = new Date(Date.now() + options.oldestNotificationMs! + 1000);
        expect(await refusedAs(at(news, late))).toBeInstanceOf(NotAuthentic);
      });
  });

  describe('the list', () => {
    ifCan('list', 'has what was paid, refunded and disputed within a time, whenever it was asked for', async () => {
      const [asked, other] = [await create(), await create()];
      const begin = await moment();
      await world.pay(asked);
      await settled(asked);
      const afterPaid = await moment();
      const only = (found: ProviderPayment[]) => found.filter(({ externalId }) => externalId === asked.externalId);
      expect(only(await list(begin, afterPaid))).toEqual([await read(asked)]);
      expect(
        (await list(begin, afterPaid)).some((one) => one.externalId === other.externalId && one.takings.length > 0),
      ).toBe(false);

      if (cannot.refund === undefined) {
        const amountMinor = cannot['refund partly'] === undefined ? 150 : price.amountMinor;
        await world.refundOutside(asked, { ...price, amountMinor });
        const afterRefund = await moment();
        expect(only(await list(afterPaid, afterRefund))).toMatchObject([
          { takings: [{ money: price, refundedMinor: amountMinor }] },
        ]);
        expect(only(await list(begin, afterRefund))).toHaveLength(1);
      }
      if (cannot.dispute === undefined) {
        const disputed = await paid();
        const before = await moment();
        await world.dispute(disputed, 'open');
        const found = await list(before, await moment());
        expect(found).toContainEqual(
          expect.objectContaining({
            externalId: disputed.externalId,
            takings: [expect.objectContaining({ dispute: 'open' })],
          }),
        );
      }
      const [late, later] = [await moment(), await moment()];
      expect(only(await list(late, later))).toEqual([]);
    });

    ifCan('list', 'goes through every page, and has each payment once', async () => {
      const begin = await moment();
      const all: string[] = [];
      for (let i = 0; i < pageSize + 5; i += 1) {
        const payment = await create();
        await world.pay(payment);
        all.push(payment.externalId);
      }
      const end = await moment();
      await settled({ externalId: all.at(-1)! } as ProviderPayment);
      const found = (await list(begin, end)).map(({ externalId }) => externalId);
      expect(found.toSorted()).toEqual(all.toSorted());
    });
  });
}
