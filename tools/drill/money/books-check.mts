import type { Taking } from '../../local/banks.mts';

/** What was asked for by people and staff of the drill: nobody else knows what was meant. */
export interface Intent {
  readonly orderId: string;
  /** How often the person has paid at pages. */
  paid: number;
  /** A saved method was to be charged, once. */
  charged: boolean;
  /** Asked for by staff to go back as it came, or given back by the provider's own staff. */
  refundedMinor: number;
  /** Asked for by staff to be put on the balance. */
  toBalanceMinor: number;
}

export interface OrderRow {
  readonly id: string;
  readonly userId: string;
  readonly kind: string;
  readonly state: string;
  readonly currency: string;
  readonly totalMinor: number;
  readonly heldMinor: number;
  readonly extraDays: number;
  readonly subscriptionId: string | null;
  /** Of the plan that was ordered; null of everything else. */
  readonly planDays: number | null;
  /** Of the package that was ordered, as often as it was; 0 of everything else. */
  readonly addsBytes: number;
  readonly paidAt: Date | null;
  /** It waits for the balance, and for no provider. */
  readonly isCart: boolean;
}

export interface RefundRow {
  readonly userId: string;
  readonly currency: string;
  readonly state: string;
  readonly toBalance: boolean;
  readonly amountMinor: number;
}

export interface EntryRow {
  readonly key: string;
  readonly reason: string;
  readonly from: string;
  readonly to: string;
  readonly amountMinor: number;
  readonly currency: string;
  readonly userId: string | null;
  readonly orderId: string | null;
}

export interface BalanceRow {
  readonly userId: string;
  readonly account: string;
  readonly currency: string;
  readonly amountMinor: number;
}

export interface SubscriptionRow {
  readonly id: string;
  readonly userId: string;
  readonly status: string;
  readonly startedAt: Date;
  readonly validUntil: Date;
  readonly servedUntil: Date;
  /** It began as a trial of so many days. */
  readonly trialDays: number;
  /** That its plan brings. */
  readonly planBytes: number;
}

export interface AccessRow {
  readonly subscriptionId: string;
  readonly panelUser: string;
  readonly enabled: boolean;
  /** It was said that all of it is there, or that nothing of it is served any more. */
  readonly isTold: boolean;
  /** Null: without limit. */
  readonly limitBytes: number | null;
  /** Where it is served, or about to be. */
  readonly servers: readonly string[];
}

/** A user as a panel has it. */
export interface PanelUserRow {
  readonly serverId: string;
  readonly name: string;
  readonly served: boolean;
  /** Null: without end, as with panels that know none. */
  readonly expiresAt: Date | null;
  /** Null: without limit. Nobody uses anything in a drill: what is left is all of it. */
  readonly limitBytes: number | null;
}

/** Everything that anybody knows of what was sold, at one moment at which nothing moves. */
export interface Books {
  readonly now: Date;
  readonly intents: readonly Intent[];
  readonly takings: readonly Taking[];
  readonly orders: readonly OrderRow[];
  readonly refunds: readonly RefundRow[];
  readonly entries: readonly EntryRow[];
  readonly balances: readonly BalanceRow[];
  readonly subscriptions: readonly SubscriptionRow[];
  readonly accesses: readonly AccessRow[];
  readonly panelUsers: readonly PanelUserRow[];
}

export const FAULTS = [
  'paidNotServed',
  'servedNotPaid',
  'chargedTwice',
  'refundedTwice',
  'notRefunded',
  'extendedTwice',
  'ledgerImbalance',
  'orphanKeys',
] as const;
export type Fault = (typeof FAULTS)[number];
/** What is wrong, in sentences that name what they are about. */
export type Findings = Record<Fault, string[]>;

const DAY_MS = 86_400_000;
/** Between what was bought and what is had: a refund leaves the time in which it was used. A drill takes less, a plan lasts longer. */
const SLACK_MS = 3_600_000;
/** Panels keep whole seconds. */
const SECOND_MS = 1000;
const SERVED = ['trial', 'active', 'grace'];
const UNPAID = ['awaiting', 'cancelled', 'expired'];
/** What was ordered is had. */
const HAD = ['fulfilled', 'partly-refunded'];
const KEPT_IN_BALANCES = ['customer', 'held', 'rewards-held'];

/** Holds the books of providers, ledger, orders, subscriptions and panels against each other. Any difference is a fault. */
export function compareBooks(books: Books): Findings {
  const findings = Object.fromEntries(FAULTS.map((fault) => [fault, [] as string[]])) as Findings;
  const found = (fault: Fault, what: string) => void findings[fault].push(what);
  compareMoney(books, found);
  compareOrders(books, found);
  comparePeople(books, found);
  compareRefunds(books, found);
  compareTime(books, found);
  compareAccess(books, found);
  compareTraffic(books, found);
  return findings;
}

type Found = (fault: Fault, what: string) => void;

/** Providers against the ledger, and the ledger against itself. */
function compareMoney({ takings, entries, balances, orders, refunds, intents }: Books, found: Found): void {
  const booked = new Map(entries.filter(({ key }) => key.startsWith('paid:')).map((entry) => [entry.key, entry]));
  for (const { provider, id, key, amountMinor, currency } of takings) {
    const entry = booked.get(`paid:${provider}:${id}`);
    booked.delete(`paid:${provider}:${id}`);
    const what = `${provider} has taken ${amountMinor} ${currency} of ${key} (${id})`;
    if (!entry) found('paidNotServed', `${what}, and the ledger knows nothing of it`);
    else if (entry.amountMinor !== amountMinor || entry.currency !== currency)
      found('ledgerImbalance', `${what}, and the ledger has ${entry.amountMinor} ${entry.currency}`);
  }
  for (const { key, amountMinor, currency } of booked.values())
    found('servedNotPaid', `${amountMinor} ${currency} were booked as ${key}, which no provider has taken`);

  const back = totals(
    entries.filter(({ reason, to }) => reason === 'refund' && to.startsWith('provider:')),
    ({ to, currency }) => `${to} ${currency}`,
  );
  const sent = totals(
    takings.map(({ refundedMinor, ...taking }) => ({ ...taking, amountMinor: refundedMinor })),
    ({ provider, currency }) => `provider:${provider} ${currency}`,
  );
  for (const account of new Set([...back.keys(), ...sent.keys()])) {
    const [here, there] = [back.get(account) ?? 0, sent.get(account) ?? 0];
    if (here !== there) found('ledgerImbalance', `${account}: ${there} went back, and ${here} is booked`);
  }

  for (const intent of intents) {
    const ofOrder = takings.filter(({ key }) => key.startsWith(`${intent.orderId}:`));
    const meant = intent.paid + (intent.charged ? 1 : 0);
    if (ofOrder.length > meant)
      found('chargedTwice', `order ${intent.orderId} was paid ${ofOrder.length} times in place of ${meant}`);
    const refundedMinor = ofOrder.reduce((sum, taking) => sum + taking.refundedMinor, 0);
    if (refundedMinor > intent.refundedMinor)
      found(
        'refundedTwice',
        `of order ${intent.orderId} ${refundedMinor} went back in place of ${intent.refundedMinor}`,
      );
  }

  const accountOf = (user: string | null, account: string, currency: string) => `${user} ${account} ${currency}`;
  const moved = new Map<string, number>();
  for (const { from, to, userId, currency, amountMinor } of entries)
    for (const [account, change] of [[from, -amountMinor] as const, [to, amountMinor] as const])
      if (KEPT_IN_BALANCES.includes(account)) add(moved, accountOf(userId, account, currency), change);
  const kept = new Map(
    balances.map(({ userId, account, currency, amountMinor }) => [accountOf(userId, account, currency), amountMinor]),
  );
  for (const account of new Set([...moved.keys(), ...kept.keys()])) {
    const [sum, balance] = [moved.get(account) ?? 0, kept.get(account) ?? 0];
    if (sum !== balance || balance < 0)
      found('ledgerImbalance', `${account} is ${balance}, and its entries say ${sum}`);
  }

  const held = totals(
    [
      ...orders
        .filter(({ state }) => state === 'awaiting')
        .map((order) => ({ ...order, amountMinor: order.heldMinor })),
      ...refunds.filter(({ state, toBalance }) => state === 'sending' && !toBalance),
    ],
    ({ userId, currency }) => accountOf(userId, 'held', currency),
  );
  for (const account of new Set([...held.keys(), ...[...kept.keys()].filter((name) => name.includes(' held '))])) {
    const [wanted, balance] = [held.get(account) ?? 0, kept.get(account) ?? 0];
    if (wanted !== balance) found('ledgerImbalance', `${account} is ${balance}, and ${wanted} is set aside`);
  }
}

/** What was paid is handed out; what is handed out was paid. */
function compareOrders({ orders, takings, entries, balances, subscriptions }: Books, found: Found): void {
  const sold = totals(
    entries.filter(({ to, orderId }) => orderId !== null && to.startsWith('sales:')),
    ({ orderId }) => orderId!,
  );
  const spendable = (userId: string, currency: string) =>
    balances.find((one) => one.userId === userId && one.account === 'customer' && one.currency === currency)
      ?.amountMinor ?? 0;
  for (const order of orders) {
    const { id, kind, state, totalMinor, heldMinor, userId, currency } = order;
    const what = `order ${id} (${kind}, ${totalMinor} ${currency})`;
    const ofOrder = takings.filter(({ key }) => key.startsWith(`${id}:`));
    if (UNPAID.includes(state)) {
      // Nobody who has paid is left with nothing; more of what is over already cannot be had.
      const isEnough = kind !== 'package' && spendable(userId, currency) >= totalMinor - heldMinor;
      if ((ofOrder.length > 0 || (order.isCart && state === 'awaiting')) && isEnough)
        found('paidNotServed', `${what} is ${state}, and its money is there`);
      continue;
    }
    if (state === 'paid' && kind !== 'gift') found('paidNotServed', `${what} is paid and not fulfilled`);
    const isTime = order.planDays !== null && state !== 'refunded';
    if (isTime && !subscriptions.some((one) => one.id === order.subscriptionId && one.userId === userId))
      found('paidNotServed', `${what} is ${state}, and ${userId} has no subscription by it`);
    if (kind === 'top-up') {
      if (ofOrder.length === 0) found('servedNotPaid', `${what} is ${state}, and nobody has taken its money`);
    } else if ((sold.get(id) ?? 0) !== totalMinor)
      found('servedNotPaid', `${what} is ${state}, and ${sold.get(id) ?? 0} were booked for it`);
  }
}

/** What is booked for an order is booked to whoever has placed it, and what was taken for it is booked for it. */
function comparePeople({ orders, takings, entries }: Books, found: Found): void {
  const byId = new Map(orders.map((order) => [order.id, order]));
  const takenFor = new Map(takings.map(({ provider, id, key }) => [`paid:${provider}:${id}`, key.split(':')[0]]));
  for (const { key, userId, orderId } of entries) {
    const meant = takenFor.get(key);
    if (meant !== undefined && meant !== orderId)
      found('ledgerImbalance', `${key} was taken for order ${meant}, and is booked for ${orderId}`);
    const order = byId.get(meant ?? orderId ?? '');
    if (order && userId !== null && userId !== order.userId)
      found('ledgerImbalance', `${key} is booked to ${userId}, and order ${order.id} is of ${order.userId}`);
  }
}

/** What was asked to be given back is, once; and who has their money back is served no more for it. */
function compareRefunds({ orders, takings, entries, intents }: Books, found: Found): void {
  const back = totals(
    entries.filter(({ reason, to }) => reason === 'refund' && (to === 'customer' || to.startsWith('provider:'))),
    ({ orderId }) => orderId ?? '',
  );
  const toBalance = totals(
    entries.filter(({ reason, to }) => reason === 'refund' && to === 'customer'),
    ({ orderId }) => orderId ?? '',
  );
  for (const { orderId, refundedMinor, toBalanceMinor } of intents) {
    const [given, asked] = [back.get(orderId) ?? 0, refundedMinor + toBalanceMinor];
    const what = `of order ${orderId} ${given} were given back in place of ${asked}`;
    if (given > asked) found('refundedTwice', what);
    if (given < asked || (toBalance.get(orderId) ?? 0) < toBalanceMinor)
      found('notRefunded', `${what}, with ${toBalanceMinor} for the balance`);
  }
  for (const { id, state, totalMinor } of orders) {
    if (UNPAID.includes(state)) continue;
    const given = back.get(id) ?? 0;
    const sent = sumOf(takings.filter(({ key }) => key.startsWith(`${id}:`)).map((taking) => taking.refundedMinor));
    const gone = Math.max(given, sent + (toBalance.get(id) ?? 0));
    const ought = gone === 0 ? 0 : gone < totalMinor ? 1 : 2;
    const is = state === 'refunded' ? 2 : state === 'partly-refunded' ? 1 : 0;
    const what = `order ${id} is ${state}, and ${gone} of ${totalMinor} were given back`;
    if (is < ought) found('servedNotPaid', what);
    if (is > ought) found('notRefunded', what);
  }
}

/** Every subscription lasts as long as what was bought for it. What time of one plan is worth as time of another is not looked at. */
function compareTime({ subscriptions, orders }: Books, found: Found): void {
  for (const { id, status, trialDays, startedAt, validUntil } of subscriptions) {
    const ofSubscription = orders.filter(({ subscriptionId, planDays }) => subscriptionId === id && planDays !== null);
    if (ofSubscription.some(({ kind }) => kind === 'change')) continue;
    const bought = ofSubscription.filter(({ paidAt, state }) => paidAt && state !== 'refunded');
    if (status === 'ended') {
      for (const order of bought) found('paidNotServed', `order ${order.id} is of subscription ${id}, which was ended`);
      continue;
    }
    const days = bought.reduce((sum, { planDays, extraDays }) => sum + planDays! + extraDays, trialDays);
    const differsMs = validUntil.getTime() - startedAt.getTime() - days * DAY_MS;
    const what = `subscription ${id} was bought for ${days} days and lasts for ${(days + differsMs / DAY_MS).toFixed(2)}`;
    if (differsMs > SLACK_MS) found('extendedTwice', what);
    if (differsMs < -SLACK_MS) found('paidNotServed', what);
  }
}

/** Panels let in whoever has a subscription, as long as it lasts, and nobody else. */
function compareAccess({ subscriptions, accesses, panelUsers, now }: Books, found: Found): void {
  const bySubscription = new Map(accesses.map((access) => [access.subscriptionId, access]));
  const atPanels = new Map(panelUsers.map((user) => [`${user.serverId} ${user.name}`, user]));
  const owed = new Set<string>();
  for (const { id, status, servedUntil } of subscriptions) {
    const access = bySubscription.get(id);
    const isOwed = SERVED.includes(status) && servedUntil > now;
    if (!isOwed) {
      if (access?.enabled) found('servedNotPaid', `subscription ${id} is ${status}, and its access is open`);
      continue;
    }
    if (!access?.enabled || !access.isTold || access.servers.length === 0) {
      const how = !access ? 'there is no access' : `its access is ${access.isTold ? 'not open' : 'not there yet'}`;
      found('paidNotServed', `subscription ${id} is ${status}, and ${how}`);
    }
    for (const serverId of access?.enabled ? access.servers : []) {
      const at = `${serverId} ${access!.panelUser}`;
      owed.add(at);
      const user = atPanels.get(at);
      const lacksMs = user?.expiresAt ? servedUntil.getTime() - user.expiresAt.getTime() : 0;
      if (!user?.served || lacksMs > SECOND_MS)
        found(
          'paidNotServed',
          `subscription ${id} is ${status}, and server ${at} ${user ? 'lets it in no longer' : 'knows nothing of it'}`,
        );
      else if (lacksMs < -SECOND_MS)
        found('servedNotPaid', `subscription ${id} is served for ${-lacksMs} ms too long by server ${at}`);
    }
  }
  for (const [at, user] of atPanels)
    if (user.served && !owed.has(at)) found('orphanKeys', `server ${at} lets somebody in to whom nothing is owed`);
}

/** What may be let through is what plan and packages bring, by our own account and at every panel. */
function compareTraffic({ subscriptions, orders, accesses, panelUsers, now }: Books, found: Found): void {
  for (const { id, status, servedUntil, planBytes } of subscriptions) {
    const access = accesses.find(({ subscriptionId, enabled }) => subscriptionId === id && enabled);
    if (!access || !SERVED.includes(status) || servedUntil <= now) continue;
    const had = orders.filter(({ subscriptionId, state }) => subscriptionId === id && HAD.includes(state));
    const owed = planBytes + sumOf(had.map(({ addsBytes }) => addsBytes));
    const compare = (limitBytes: number | null, where: string) => {
      const what = `subscription ${id} brings ${owed} bytes, and ${where} lets ${limitBytes ?? 'any number'} through`;
      if ((limitBytes ?? Infinity) < owed) found('paidNotServed', what);
      if ((limitBytes ?? Infinity) > owed) found('servedNotPaid', what);
    };
    compare(access.limitBytes, 'its access');
    for (const { serverId, name, limitBytes } of panelUsers)
      if (name === access.panelUser && access.servers.includes(serverId)) compare(limitBytes, `server ${serverId}`);
  }
}

function totals<T extends { readonly amountMinor: number }>(all: readonly T[], of: (one: T) => string) {
  const sums = new Map<string, number>();
  for (const one of all) add(sums, of(one), one.amountMinor);
  return sums;
}

const sumOf = (amounts: readonly number[]): number => amounts.reduce((sum, amount) => sum + amount, 0);

const add = (sums: Map<string, number>, name: string, amount: number) =>
  void sums.set(name, (sums.get(name) ?? 0) + amount);
