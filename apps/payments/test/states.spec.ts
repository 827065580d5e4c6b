import { SubscriptionStatus } from '@switchboard/contracts';
import { Gift } from '../src/gifts/gift.entity';
import { GIFT_TRANSITIONS } from '../src/gifts/gift.states';
import { INVOICE_TRANSITIONS, OPEN_STATES, PAYABLE_STATES } from '../src/invoices/invoice.states';
import { Invoice } from '../src/invoices/invoice.entity';
import { Order } from '../src/orders/order.entity';
import { ORDER_TRANSITIONS, UNPAID_STATES } from '../src/orders/order.states';
import { Payout } from '../src/payouts/payout.entity';
import { PAYOUT_TRANSITIONS } from '../src/payouts/payout.states';
import { Reward } from '../src/referrals/reward.entity';
import { REWARD_TRANSITIONS } from '../src/referrals/reward.states';
import { Return } from '../src/store-orders/return.entity';
import { StoreOrder } from '../src/store-orders/store-order.entity';
import { RETURN_TRANSITIONS, STORE_ORDER_TRANSITIONS } from '../src/store-orders/store-order.states';
import { Subscription } from '../src/subscriptions/subscription.entity';
import { SUBSCRIPTION_TRANSITIONS } from '../src/subscriptions/subscription.states';

type Table = Readonly<Record<string, readonly string[]>>;
const MACHINES: [
  name: string,
  table: Table,
  first: string,
  last: string[],
  step: (from: string, to: string) => unknown,
][] = [
  [
    'order',
    ORDER_TRANSITIONS,
    'awaiting',
    ['refunded'],
    (state, to) => Object.assign(new Order(), { state, revision: 1 }).become(to as never),
  ],
  [
    'invoice',
    INVOICE_TRANSITIONS,
    'created',
    ['refunded', 'charged-back'],
    (state, to) => Object.assign(new Invoice(), { state, revision: 1 }).become(to as never),
  ],
  [
    'subscription',
    SUBSCRIPTION_TRANSITIONS,
    'trial',
    ['ended'],
    (status, to) => Object.assign(new Subscription(), { status }).become(to as never),
  ],
  [
    'reward',
    REWARD_TRANSITIONS,
    'held',
    ['taken-back'],
    (state, to) => Object.assign(new Reward(), { state }).become(to as never),
  ],
  [
    'gift',
    GIFT_TRANSITIONS,
    'waiting',
    ['credited', 'taken-back'],
    (state, to) => Object.assign(new Gift(), { state }).become(to as never),
  ],
  [
    'payout',
    PAYOUT_TRANSITIONS,
    'asked',
    ['paid', 'refused', 'withdrawn'],
    (state, to) => Object.assign(new Payout(), { state }).become(to as never),
  ],
  [
    'store order',
    STORE_ORDER_TRANSITIONS,
    'new',
    ['returned'],
    (state, to) => Object.assign(new StoreOrder(), { state, revision: 1 }).become(to as never),
  ],
  [
    'return',
    RETURN_TRANSITIONS,
    'asked',
    ['refused', 'refunded', 'lapsed'],
    (state, to) => Object.assign(new Return(), { state, revision: 1 }).become(to as never),
  ],
];

describe.each(MACHINES)('the states of: %s', (_, table, first, last, step) => {
  const states = Object.keys(table);

  it('are all reached from the first, and end where nothing follows', () => {
    const reached = new Set([first]);
    for (const state of reached) for (const next of table[state]!) reached.add(next);
    expect([...reached].sort()).toEqual([...states].sort());
    expect(states.filter((state) => table[state]!.length === 0)).toEqual(last);
  });

  it.each(states.flatMap((from) => states.map((to) => [from, to])))('%s → %s is as the table says', (from, to) => {
    const allowed = table[from!]!.includes(to!) || (from === to && table === SUBSCRIPTION_TRANSITIONS);
    if (allowed) expect(() => step(from!, to!)).not.toThrow();
    else expect(() => step(from!, to!)).toThrow('cannot become');
  });
});

it('whatever was given up can still be paid', () => {
  for (const state of UNPAID_STATES) expect(ORDER_TRANSITIONS[state]).toContain('paid');
  for (const state of PAYABLE_STATES) expect(INVOICE_TRANSITIONS[state]).toContain('paid');
  for (const state of OPEN_STATES) expect(PAYABLE_STATES).toContain(state);
  expect(Object.keys(SUBSCRIPTION_TRANSITIONS).sort()).toEqual([...SubscriptionStatus.options].sort());
});
