import { type Books, compareBooks, type EntryRow } from './books-check.mts';

const NOW = new Date('2026-11-27T12:00:00Z');
const GB = 1_000_000_000;
const later = (days: number) => new Date(NOW.getTime() + days * 86_400_000);

/** Ann has paid for thirty days by a page, and Ben for as many from what he had topped up; both are served. */
function books(): Writable<Books> {
  const entry = (key: string, from: string, to: string, userId: string, orderId: string): EntryRow => ({
    ...{ key, from, to, userId, orderId, amountMinor: 19_900, currency: 'RUB' },
    reason: key.startsWith('paid:') ? 'payment' : 'purchase',
  });
  const order = (id: string, userId: string, kind: string) => ({
    ...{ id, userId, kind, state: 'fulfilled', currency: 'RUB', totalMinor: 19_900, heldMinor: 0, extraDays: 0 },
    ...{ subscriptionId: null, planDays: null, addsBytes: 0, paidAt: NOW, isCart: false },
  });
  const plan = (id: string, userId: string) => ({
    ...order(id, userId, 'plan'),
    ...{ subscriptionId: `of ${userId}`, planDays: 30, isCart: userId === 'ben' },
  });
  const taking = (provider: string, id: string, key: string) => ({
    ...{ provider, id, key, amountMinor: 19_900, currency: 'RUB', refundedMinor: 0 },
  });
  const subscription = (userId: string) => ({
    ...{ id: `of ${userId}`, userId, status: 'active', trialDays: 0, planBytes: GB },
    ...{ startedAt: NOW, validUntil: later(30), servedUntil: later(33) },
  });
  const access = (userId: string) => ({
    ...{
      subscriptionId: `of ${userId}`,
      panelUser: userId,
      enabled: true,
      isTold: true,
      limitBytes: GB,
      servers: ['de1'],
    },
  });
  return {
    now: NOW,
    intents: [
      { orderId: 'o1', paid: 1, charged: false, refundedMinor: 0, toBalanceMinor: 0 },
      { orderId: 'o2', paid: 1, charged: false, refundedMinor: 0, toBalanceMinor: 0 },
      { orderId: 'o3', paid: 0, charged: false, refundedMinor: 0, toBalanceMinor: 0 },
    ],
    takings: [taking('yookassa', 'y1', 'o1:1'), taking('wata', 'w1', 'o2:1')],
    orders: [plan('o1', 'ann'), order('o2', 'ben', 'top-up'), plan('o3', 'ben')],
    refunds: [],
    entries: [
      entry('paid:yookassa:y1', 'provider:yookassa', 'customer', 'ann', 'o1'),
      entry('order:o1', 'customer', 'sales:shop', 'ann', 'o1'),
      entry('paid:wata:w1', 'provider:wata', 'customer', 'ben', 'o2'),
      entry('order:o3', 'customer', 'sales:shop', 'ben', 'o3'),
    ],
    balances: ['ann', 'ben'].map((userId) => ({ userId, account: 'customer', currency: 'RUB', amountMinor: 0 })),
    subscriptions: [subscription('ann'), subscription('ben')],
    accesses: [access('ann'), access('ben')],
    panelUsers: ['ann', 'ben'].map((name) => ({
      ...{ serverId: 'de1', name, served: true, expiresAt: later(33), limitBytes: GB },
    })),
  };
}

type Writable<T> = { -readonly [Key in keyof T]: T[Key] extends readonly (infer Item)[] ? Writable<Item>[] : T[Key] };

/** Of what Ann has paid. */
function giveBack(all: Writable<Books>, id: string, to: string, amountMinor = 19_900): void {
  const back = { key: `refund:${id}`, reason: 'refund', from: 'sales:shop', to, amountMinor };
  all.entries.push({ ...all.entries[1]!, ...back });
}

/** Two packages of as much as her plan brings. */
function buyTraffic(all: Writable<Books>): void {
  const { id, ...taking } = all.takings[0]!;
  all.takings.push({ ...taking, id: `${id}0`, key: 'o4:1' });
  all.orders.push({ ...all.orders[0]!, id: 'o4', kind: 'package', planDays: null, addsBytes: 2 * GB });
  const [paid, sold] = [all.entries[0]!, all.entries[1]!];
  all.entries.push(
    { ...paid, key: `paid:yookassa:${id}0`, orderId: 'o4' },
    { ...sold, key: 'order:o4', orderId: 'o4' },
  );
  all.intents.push({ ...all.intents[0]!, orderId: 'o4' });
}

/** How often each fault is found after a change. */
function found(change: (all: Writable<Books>) => void): Record<string, number> {
  const all = books();
  change(all);
  const counts = Object.entries(compareBooks(all)).map(([fault, what]) => [fault, what.length] as const);
  return Object.fromEntries(counts.filter(([, count]) => count > 0));
}

it('books that fit have no faults', () => {
  expect(found(() => undefined)).toEqual({});
});

it.each<[string, Record<string, number>, (all: Writable<Books>) => void]>([
  [
    'a payment that nobody has heard of',
    { paidNotServed: 1 },
    (all) => {
      all.takings.push({ ...all.takings[0]!, id: 'y2', key: 'o4:1' });
    },
  ],
  ['a credit without a payment', { servedNotPaid: 1 }, (all) => all.takings.splice(0, 1)],
  ['a credit of another amount', { ledgerImbalance: 1 }, (all) => (all.takings[0]!.amountMinor = 20_000)],
  [
    'a second payment that nobody has made',
    { paidNotServed: 1, chargedTwice: 1 },
    (all) => {
      all.takings.push({ ...all.takings[0]!, id: 'y2' });
    },
  ],
  [
    'a saved method that is charged twice',
    { paidNotServed: 1, chargedTwice: 1 },
    (all) => {
      Object.assign(all.intents[0]!, { paid: 0, charged: true });
      all.takings.push({ ...all.takings[0]!, id: 'y2', key: 'o1:2' });
    },
  ],
  [
    'money that goes back and nobody has asked for',
    { refundedTwice: 1, ledgerImbalance: 1, servedNotPaid: 1 },
    (all) => {
      all.takings[0]!.refundedMinor = 19_900;
    },
  ],
  [
    'money that is said to have gone back',
    { refundedTwice: 1, ledgerImbalance: 1, servedNotPaid: 1 },
    (all) => {
      giveBack(all, 'r1', 'provider:yookassa');
    },
  ],
  ['a balance that its entries do not say', { ledgerImbalance: 1 }, (all) => (all.balances[0]!.amountMinor = 5)],
  [
    'money that is set aside for nothing',
    { ledgerImbalance: 1 },
    (all) => {
      const aside = { key: 'hold:o9', reason: 'set aside', from: 'corrections', to: 'held', amountMinor: 5 };
      all.entries.push({ ...all.entries[0]!, ...aside });
      all.balances.push({ ...all.balances[0]!, account: 'held', amountMinor: 5 });
    },
  ],
  [
    'an order that was given up, and whose money came late',
    { paidNotServed: 2, extendedTwice: 1 },
    (all) => {
      Object.assign(all.orders[0]!, { state: 'cancelled', paidAt: null, subscriptionId: null });
      all.entries.splice(1, 1);
      all.balances[0]!.amountMinor = 19_900;
      all.subscriptions[0]!.validUntil = later(30);
      all.panelUsers.splice(0, 1);
    },
  ],
  [
    'a cart that waits although its money is there',
    { paidNotServed: 1, extendedTwice: 1 },
    (all) => {
      Object.assign(all.orders[2]!, { state: 'awaiting', paidAt: null, subscriptionId: null });
      all.entries.splice(3, 1);
      all.balances[1]!.amountMinor = 19_900;
    },
  ],
  ['an order that is paid and not handed out', { paidNotServed: 1 }, (all) => (all.orders[0]!.state = 'paid')],
  [
    'an order that is handed out and not paid',
    { servedNotPaid: 1, ledgerImbalance: 1 },
    (all) => all.entries.splice(1, 1),
  ],
  ['time that was added twice', { extendedTwice: 1 }, (all) => (all.subscriptions[0]!.validUntil = later(60))],
  ['time that was not added', { paidNotServed: 1 }, (all) => (all.subscriptions[0]!.validUntil = later(0))],
  [
    'a subscription that was ended though its order was not given back',
    { paidNotServed: 1, servedNotPaid: 1, orphanKeys: 1 },
    (all) => {
      all.subscriptions[0]!.status = 'ended';
    },
  ],
  ['no access', { paidNotServed: 1, orphanKeys: 1 }, (all) => all.accesses.splice(0, 1)],
  ['an access that nobody has said is there', { paidNotServed: 1 }, (all) => (all.accesses[0]!.isTold = false)],
  ['a panel that knows nothing of whom it serves', { paidNotServed: 1 }, (all) => all.panelUsers.splice(0, 1)],
  ['a panel that lets nobody in', { paidNotServed: 1 }, (all) => (all.panelUsers[0]!.served = false)],
  ['a panel that ends too early', { paidNotServed: 1 }, (all) => (all.panelUsers[0]!.expiresAt = later(3))],
  ['a panel that ends too late', { servedNotPaid: 1 }, (all) => (all.panelUsers[0]!.expiresAt = later(63))],
  [
    'a plan that was handed out without a subscription',
    { paidNotServed: 1, extendedTwice: 1 },
    (all) => (all.orders[0]!.subscriptionId = null),
  ],
  [
    'a plan that was handed out to somebody else',
    { paidNotServed: 1 },
    (all) => (all.subscriptions[0]!.userId = 'eve'),
  ],
  [
    'money that is booked to somebody else',
    { ledgerImbalance: 1 },
    (all) => {
      // Her balance is what her entries say.
      all.entries[0]!.userId = 'eve';
      all.balances.push({ ...all.balances[0]!, userId: 'eve', amountMinor: 19_900 });
      all.balances[0]!.amountMinor = -19_900;
      all.balances.splice(0, 1);
      all.entries[1]!.from = 'corrections';
    },
  ],
  ['money that is booked for another order', { ledgerImbalance: 1 }, (all) => (all.entries[0]!.orderId = 'o9')],
  [
    'money that was given back, and the person is served for it',
    { servedNotPaid: 1 },
    (all) => {
      all.intents[0]!.refundedMinor = 19_900;
      all.takings[0]!.refundedMinor = 19_900;
      giveBack(all, 'r1', 'provider:yookassa');
    },
  ],
  [
    'an order that is taken back, and whose money is not given back',
    { notRefunded: 1, extendedTwice: 1 },
    (all) => (all.orders[0]!.state = 'refunded'),
  ],
  [
    'money that is put on the balance twice',
    { refundedTwice: 1 },
    (all) => {
      all.intents[0]!.toBalanceMinor = 5000;
      all.orders[0]!.state = 'partly-refunded';
      for (const id of ['r1', 'r2']) giveBack(all, id, 'customer', 5000);
      all.balances[0]!.amountMinor = 10_000;
    },
  ],
  ['a refund that was asked for and never made', { notRefunded: 1 }, (all) => (all.intents[0]!.refundedMinor = 5000)],
  [
    'a refund that was asked for the balance and went elsewhere',
    { refundedTwice: 1, notRefunded: 1 },
    (all) => {
      all.intents[0]!.toBalanceMinor = 5000;
      all.orders[0]!.state = 'partly-refunded';
      giveBack(all, 'r1', 'provider:yookassa', 5000);
      all.takings[0]!.refundedMinor = 5000;
    },
  ],
  ['traffic that was bought and is nowhere', { paidNotServed: 2 }, (all) => buyTraffic(all)],
  [
    'traffic that was bought and that a panel knows nothing of',
    { paidNotServed: 1 },
    (all) => {
      buyTraffic(all);
      all.accesses[0]!.limitBytes = 3 * GB;
    },
  ],
  ['a panel that lets more through', { servedNotPaid: 1 }, (all) => (all.panelUsers[0]!.limitBytes = GB + 1_000_000)],
  ['a panel without a limit', { servedNotPaid: 1 }, (all) => (all.panelUsers[0]!.limitBytes = null)],
  [
    'a user of a panel to whom nothing is owed',
    { orphanKeys: 1 },
    (all) => {
      all.panelUsers.push({ ...all.panelUsers[0]!, serverId: 'nl1' });
    },
  ],
])('%s', (_, faults, change) => {
  expect(found(change)).toEqual(faults);
});

it.each<[string, (all: Writable<Books>) => void]>([
  [
    'what people have paid twice is theirs',
    (all) => {
      all.intents[0]!.paid = 2;
      all.takings.push({ ...all.takings[0]!, id: 'y2' });
      all.entries.push({ ...all.entries[0]!, key: 'paid:yookassa:y2' });
      all.balances[0]!.amountMinor = 19_900;
    },
  ],
  [
    'what goes back takes back what was had',
    (all) => {
      all.intents[0]!.refundedMinor = 19_900;
      all.takings[0]!.refundedMinor = 19_900;
      all.orders[0]!.state = 'refunded';
      giveBack(all, 'r1', 'provider:yookassa');
      Object.assign(all.subscriptions[0]!, { status: 'ended', validUntil: NOW, servedUntil: NOW });
      all.accesses[0]!.enabled = false;
      all.panelUsers[0]!.served = false;
    },
  ],
  [
    'what was asked for the balance is there',
    (all) => {
      all.intents[0]!.toBalanceMinor = 5000;
      all.orders[0]!.state = 'partly-refunded';
      giveBack(all, 'r1', 'customer', 5000);
      all.balances[0]!.amountMinor = 5000;
    },
  ],
  [
    'what no provider can give back is there instead',
    (all) => {
      all.intents[0]!.refundedMinor = 5000;
      all.orders[0]!.state = 'partly-refunded';
      giveBack(all, 'r1', 'customer', 5000);
      all.balances[0]!.amountMinor = 5000;
    },
  ],
  [
    'traffic that was bought is let through',
    (all) => {
      buyTraffic(all);
      all.accesses[0]!.limitBytes = 3 * GB;
      all.panelUsers[0]!.limitBytes = 3 * GB;
    },
  ],
  [
    'a trial lasts as long as it is offered',
    (all) => {
      Object.assign(all.subscriptions[0]!, { trialDays: 7, validUntil: later(37) });
    },
  ],
  ['panels that know no end let in until they are told otherwise', (all) => (all.panelUsers[0]!.expiresAt = null)],
  [
    'what is over already cannot be had more of: its money stays on the balance',
    (all) => {
      Object.assign(all.orders[0]!, {
        kind: 'package',
        state: 'cancelled',
        planDays: null,
        subscriptionId: null,
        paidAt: null,
      });
      all.entries.splice(1, 1);
      all.balances[0]!.amountMinor = 19_900;
      all.subscriptions.splice(0, 1);
      all.accesses[0]!.enabled = false;
      all.panelUsers[0]!.served = false;
    },
  ],
])('is right: %s', (_, change) => {
  expect(found(change)).toEqual({});
});
