import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { OrdersService } from '../../../apps/payments/dist/src/orders/orders.service.js';
import type {
  PaymentProvider,
  ProviderAccount,
  ProviderPayment,
} from '../../../apps/payments/dist/src/providers/payment-provider.js';
import type { Panel, PanelUser, SeenUser } from '../../../apps/vpn-provisioner/dist/src/panels/panel.js';
import { root } from '../../local/workspace.mts';
import type { Fault } from './books-check.mts';

/** Mistakes that the drill has to find, and as what: any of these. */
export const BROKEN_BUILDS = {
  'fresh-keys': ['chargedTwice', 'refundedTwice'],
  'no-order-key': ['extendedTwice'],
  'granted-unseen': ['paidNotServed'],
  'webhook-believed': ['servedNotPaid'],
  'refund-unbooked': ['ledgerImbalance'],
  'revoked-unseen': ['orphanKeys'],
} as const satisfies Record<string, readonly Fault[]>;
export type BrokenBuild = keyof typeof BROKEN_BUILDS;

// What the mistakes below replace, and what they need of it.
interface ProviderModule {
  create(account: ProviderAccount<never>): PaymentProvider;
}
interface InvoiceRow {
  readonly id: string;
  readonly state: string;
}
interface OrderRow {
  readonly id: string;
  readonly botId: string;
  readonly userId: string;
  readonly currency: string;
  readonly subscriptionId: string | null;
  readonly wanted: { readonly kind: string; readonly planId?: string };
}
interface Transaction {
  query<Row>(sql: string, values: readonly unknown[]): Promise<Row[]>;
}
interface InvoicesParts {
  readonly orders: OrdersService;
  paid(tx: Transaction, order: OrderRow, invoice: InvoiceRow, payment: ProviderPayment): Promise<void>;
  apply(tx: unknown, invoiceId: string, payment: ProviderPayment): Promise<void>;
}
interface OrdersParts {
  readonly catalogue: { plan(tx: unknown, botId: string, planId: string): Promise<unknown> };
  readonly subscriptions: {
    lock(tx: unknown, id: string): Promise<{ status: string }>;
    extend(tx: unknown, subscription: unknown, bought: object): Promise<void>;
  };
}
interface NotificationsParts {
  readonly db: { transaction(work: (tx: unknown) => Promise<void>): Promise<void>; query: Transaction['query'] };
  readonly invoices: { readonly invoices: InvoicesParts };
  take(request: { params: { provider: string }; body: Buffer }): Promise<unknown>;
}
interface LedgerParts {
  book(tx: unknown, booking: { readonly key: string }): Promise<unknown>;
}
interface PanelsParts {
  of(server: unknown): Panel;
}

/** Puts one mistake into the classes of this process, before anything of them is made. */
export async function breakOnPurpose(build: BrokenBuild): Promise<void> {
  switch (build) {
    case 'fresh-keys':
      return useFreshKeys();
    case 'no-order-key':
      return extendAgain();
    case 'granted-unseen':
      return changePanels((panel) => ({
        ...panel,
        // Whatever it answers counts as what it was asked for.
        ensure: (user, signal) => panel.ensure(user, signal).catch(() => seenAs(user)),
      }));
    case 'revoked-unseen':
      return changePanels((panel) => ({
        ...panel,
        // Nobody asks it for who is served no more.
        ensure: (user, signal) => (user.enabled ? panel.ensure(user, signal) : Promise.resolve(seenAs(user))),
        remove: () => Promise.resolve(),
      }));
    case 'refund-unbooked':
      return forgetRefunds();
    case 'webhook-believed':
      return believeWebhooks();
  }
}

/** Every try of a call is a call of its own to the provider. */
async function useFreshKeys(): Promise<void> {
  for (const name of ['yookassa', 'cloudpayments', 'stripe']) {
    const { [name]: provider } = await moduleOf<Record<string, ProviderModule>>(
      `payments/dist/src/providers/${name}.provider.js`,
    );
    const create = provider!.create.bind(provider);
    const freshly: typeof fetch = (url, init) => {
      const headers = new Headers(init?.headers);
      for (const key of ['idempotence-key', 'idempotency-key', 'x-request-id'])
        if (headers.has(key)) headers.set(key, randomUUID());
      return fetch(url, { ...init, headers });
    };
    provider!.create = (account) => create({ ...account, fetch: freshly });
  }
}

/** News of a payment that was applied before is taken for another one, and no order keeps its time from being added again. */
async function extendAgain(): Promise<void> {
  const { InvoicesService } = await moduleOf<{ InvoicesService: { prototype: InvoicesParts } }>(
    'payments/dist/src/invoices/invoices.service.js',
  );
  const { paid } = InvoicesService.prototype;
  InvoicesService.prototype.paid = async function (tx, order, invoice, payment) {
    const { wanted, subscriptionId } = order;
    if (invoice.state === 'paid' && wanted.kind === 'plan' && subscriptionId) {
      const { catalogue, subscriptions } = this.orders as unknown as OrdersParts;
      const plan = await catalogue.plan(tx, order.botId, wanted.planId!);
      const subscription = await subscriptions.lock(tx, subscriptionId);
      const bought = {
        orderId: null,
        userId: order.userId,
        plan,
        periods: 1,
        amountMinor: 0,
        currency: order.currency,
      };
      if (subscription.status === 'active') await subscriptions.extend(tx, subscription, { ...bought, extraDays: 0 });
    }
    return paid.call(this, tx, order, invoice, payment);
  };
}

/** What a provider has given back is not booked. */
async function forgetRefunds(): Promise<void> {
  const { LedgerService } = await moduleOf<{ LedgerService: { prototype: LedgerParts } }>(
    'payments/dist/src/ledger/ledger.service.js',
  );
  const { book } = LedgerService.prototype;
  LedgerService.prototype.book = async function (tx, booking) {
    if (!booking.key.startsWith('refunded:')) return book.call(this, tx, booking);
  };
}

const seenAs = (user: PanelUser): SeenUser => ({ ...user, isServed: user.enabled, usedBytes: 0, onlineAt: null });

async function changePanels(change: (panel: Panel) => Panel): Promise<void> {
  const { PanelsService } = await moduleOf<{ PanelsService: { prototype: PanelsParts } }>(
    'vpn-provisioner/dist/src/panels/panels.service.js',
  );
  const { of } = PanelsService.prototype;
  PanelsService.prototype.of = function (server) {
    return change(of.call(this, server));
  };
}

/** What is told of a payment counts, without the provider being asked. */
async function believeWebhooks(): Promise<void> {
  const { NotificationsService } = await moduleOf<{ NotificationsService: { prototype: NotificationsParts } }>(
    'payments/dist/src/notifications/notifications.service.js',
  );
  const { take } = NotificationsService.prototype;
  NotificationsService.prototype.take = async function (request) {
    const told = request.params.provider === 'yookassa' ? paymentIn(request.body) : undefined;
    if (told) {
      const [orderId, attempt] = told.key!.split(':');
      const [invoice] = await this.db.query<{ id: string }>(
        'SELECT id FROM invoices WHERE order_id = $1 AND attempt = $2',
        [orderId, attempt],
      );
      if (invoice) await this.db.transaction((tx) => this.invoices.invoices.apply(tx, invoice.id, told));
    }
    return take.call(this, request);
  };
}

function paymentIn(body: Buffer): ProviderPayment | undefined {
  const { event, object } = JSON.parse(body.toString('utf8')) as {
    event: string;
    object: { id: string; amount?: { value: string; currency: string }; metadata?: Record<string, string> };
  };
  const key = object.metadata?.['order_key'];
  if (event !== 'payment.succeeded' || !object.amount || key === undefined) return undefined;
  const money = { amountMinor: Math.round(Number(object.amount.value) * 100), currency: object.amount.currency };
  const taking = { id: object.id, money, at: new Date(), refundedMinor: 0 };
  return { externalId: object.id, key, state: 'paid', takings: [taking], isTest: false };
}

/** What is compiled is patched in the memory of this process alone: the services themselves know of no mistakes. */
async function moduleOf<Module>(path: string): Promise<Module> {
  const found = (await import(pathToFileURL(join(root, 'apps', path)).href)) as { default: Module };
  return found.default;
}
