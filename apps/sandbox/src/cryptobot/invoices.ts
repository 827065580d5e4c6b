import { createHash, createHmac, randomBytes } from 'node:crypto';
import { z } from 'zod';
import { HttpError } from '../kit/http';
import { type Notification, Notifier } from '../kit/notifier';
import type { Context } from '../kit/third-party';

/** Who sells: an app of Crypto Pay. */
export const App = z.object({
  token: z.string().regex(/^\d+:\w+$/),
  /** As people see it where they pay. */
  name: z.string().default('Sandbox shop'),
  webhookUrl: z.url().nullable().default(null),
  /** Off after too many tries that failed; its owner switches it on again. */
  webhookEnabled: z.boolean().default(true),
});
export type App = z.output<typeof App>;

export const ASSETS = ['USDT', 'TON', 'BTC', 'ETH', 'LTC', 'BNB', 'TRX', 'USDC'] as const;
export type Asset = (typeof ASSETS)[number];

/** What one of each costs in dollars, and a dollar in other money; rates of no day, which do not change. */
const IN_DOLLARS: Readonly<Record<Asset, string>> = {
  ...{ USDT: '1', USDC: '1', TON: '5.25', BTC: '90000', ETH: '3000', LTC: '85', BNB: '600', TRX: '0.25' },
};
export const FIAT: Readonly<Record<string, string>> = {
  ...{
    USD: '1',
    EUR: '0.9',
    GBP: '0.8',
    RUB: '90',
    BYN: '3.2',
    UAH: '41',
    KZT: '500',
    UZS: '12500',
    GEL: '2.7',
    TRY: '40',
  },
  ...{
    AMD: '390',
    THB: '34',
    INR: '85',
    BRL: '5.5',
    IDR: '16000',
    AZN: '1.7',
    AED: '3.67',
    PLN: '3.8',
    ILS: '3.6',
    CNY: '7.2',
  },
};

export interface Invoice {
  invoice_id: number;
  hash: string;
  status: 'active' | 'paid' | 'expired';
  currency_type: 'crypto' | 'fiat';
  asset?: string;
  fiat?: string;
  accepted_assets?: string;
  amount: string;
  bot_invoice_url: string;
  mini_app_invoice_url: string;
  web_app_invoice_url: string;
  description?: string;
  payload?: string;
  allow_comments: boolean;
  allow_anonymous: boolean;
  created_at: string;
  expiration_date?: string;
  paid_at?: string;
  paid_asset?: string;
  paid_amount?: string;
  paid_fiat_rate?: string;
  paid_usd_rate?: string;
  fee_asset?: string;
  fee_amount?: string;
  paid_anonymously?: boolean;
}

const Saved = z.object({
  apps: z.array(App),
  invoices: z.array(z.object({ token: z.string(), invoice: z.custom<Invoice>() })),
  lastId: z.int(),
  lastUpdate: z.int(),
  notifications: z.unknown(),
});

/** Signatures that are none of Crypto Pay's, and a request from long ago. */
export const SIGNATURE_FLAWS = { 'wrong-token': null, 'no-signature': null, 'old-date': null };

const DAY_MS = 86_400_000;
const TRIES = 17;
const FIRST_ID = 528_890;

/** Nine digits behind the point, as whole numbers. */
const UNIT = 1_000_000_000n;
function unitsOf(text: string): bigint {
  const [whole = '', fraction = ''] = text.split('.');
  return BigInt(whole) * UNIT + BigInt(fraction.slice(0, 9).padEnd(9, '0'));
}
const textOf = (units: bigint) => `${units / UNIT}.${String(units % UNIT).padStart(9, '0')}`.replace(/\.?0+$/, '');
const times = (a: bigint, b: bigint) => (a * b) / UNIT;
const over = (a: bigint, b: bigint) => (a * UNIT + b - 1n) / b;

/** The price of an asset in money. */
export const rateOf = (asset: Asset, fiat: string): string =>
  textOf(times(unitsOf(IN_DOLLARS[asset]), unitsOf(FIAT[fiat]!)));

/** What is asked for, paid in assets, and told of. */
export class Invoices {
  readonly apps = new Map<string, App>();
  readonly notifier: Notifier;
  private kept: { token: string; invoice: Invoice }[] = [];
  private lastId = FIRST_ID;
  private lastUpdate = 0;

  constructor(context: Context, retryMs: number | undefined) {
    this.notifier = new Notifier(context, {
      target: 'cryptobot.webhook',
      deadlineMs: 15_000,
      // So that the last try comes within three days.
      backoffMs: (failures) =>
        failures >= TRIES ? Infinity : (retryMs ?? Math.min(60_000 * 2 ** (failures - 1), 6 * 3_600_000)),
      lifetimeMs: 4 * DAY_MS,
      sign: (notification) => signatureOf(notification),
      onGivenUp: ({ account }) => {
        const app = this.apps.get(account);
        if (app) app.webhookEnabled = false;
      },
    });
  }

  setApp(given: z.input<typeof App>): App {
    const app = App.parse({ ...this.apps.get(given.token), ...given });
    this.apps.set(app.token, app);
    return app;
  }

  /** Of one app, or of all; the newest first. */
  of(token?: string): Invoice[] {
    return this.kept
      .filter((one) => token === undefined || one.token === token)
      .map(({ invoice }) => invoice)
      .reverse();
  }

  /** By its number, or by the hash that its address has. */
  get(id: string): { app: App; invoice: Invoice } {
    const found = this.kept.find(({ invoice }) => String(invoice.invoice_id) === id || invoice.hash === id);
    if (!found) throw new HttpError(404, `there is no invoice ${id}`);
    return { app: this.apps.get(found.token)!, invoice: found.invoice };
  }

  add(
    app: App,
    wanted: Pick<Invoice, 'currency_type' | 'amount' | 'allow_comments' | 'allow_anonymous'> & Partial<Invoice>,
    pages: string,
  ): Invoice {
    const hash = `IV${randomBytes(8).toString('hex')}`;
    const url = `${pages}/${hash}`;
    const invoice: Invoice = {
      ...{ invoice_id: ++this.lastId, hash, ...wanted, status: 'active', created_at: new Date().toISOString() },
      ...{ bot_invoice_url: url, mini_app_invoice_url: url, web_app_invoice_url: url },
    };
    this.kept.push({ token: app.token, invoice });
    return invoice;
  }

  remove(app: App, id: number): boolean {
    const before = this.kept.length;
    this.kept = this.kept.filter(({ token, invoice }) => token !== app.token || invoice.invoice_id !== id);
    return this.kept.length < before;
  }

  assetsOf({ asset, accepted_assets: accepted }: Invoice): Asset[] {
    const named = asset ? [asset] : (accepted?.split(',') ?? ASSETS);
    return ASSETS.filter((one) => named.includes(one));
  }

  pay(app: App, invoice: Invoice, asset = this.assetsOf(invoice)[0]!): void {
    if (invoice.status !== 'active') throw new HttpError(409, `the invoice is ${invoice.status}`);
    if (!this.assetsOf(invoice).includes(asset)) throw new HttpError(409, `the invoice takes no ${asset}`);
    const { fiat, amount } = invoice;
    const rate = fiat === undefined ? undefined : rateOf(asset, fiat);
    const paid = rate === undefined ? unitsOf(amount) : over(unitsOf(amount), unitsOf(rate));
    Object.assign(invoice, {
      ...{ status: 'paid', paid_at: new Date().toISOString(), paid_asset: asset, paid_amount: textOf(paid) },
      ...{ paid_usd_rate: IN_DOLLARS[asset], ...(rate !== undefined && { paid_fiat_rate: rate }) },
      // Three per cent.
      ...{ fee_asset: asset, fee_amount: textOf((paid * 3n) / 100n), paid_anonymously: false },
    });
    this.tell(app, invoice);
  }

  expire(invoice: Invoice): void {
    if (invoice.status !== 'active') throw new HttpError(409, `the invoice is ${invoice.status}`);
    invoice.status = 'expired';
  }

  expireDue(): void {
    const now = new Date().toISOString();
    for (const { invoice } of this.kept)
      if (invoice.status === 'active' && invoice.expiration_date && invoice.expiration_date <= now)
        this.expire(invoice);
  }

  forget(): void {
    this.kept = [];
    this.notifier.forget();
  }

  save(): object {
    const { kept, lastId, lastUpdate, notifier } = this;
    return { apps: [...this.apps.values()], invoices: kept, lastId, lastUpdate, notifications: notifier.save() };
  }

  restore(saved: unknown): void {
    const { apps, invoices, lastId, lastUpdate, notifications } = Saved.parse(saved);
    apps.forEach((app) => this.setApp(app));
    this.kept = invoices as typeof this.kept;
    Object.assign(this, { lastId, lastUpdate });
    this.notifier.restore(notifications);
  }

  private tell(app: App, invoice: Invoice): void {
    if (!app.webhookUrl || !app.webhookEnabled) return;
    const update_id = ++this.lastUpdate;
    const body = (flaw?: string) => {
      const request_date = new Date(Date.now() - (flaw === 'old-date' ? 5 * DAY_MS : 0)).toISOString();
      return JSON.stringify({ update_id, update_type: 'invoice_paid', request_date, payload: invoice });
    };
    this.notifier.tell({ account: app.token, url: app.webhookUrl, body });
  }
}

/** The key is the hash of the token. Source: help.send.tg, "Verifying webhook updates". */
export function signatureOf({
  account,
  body,
  flaw,
}: Pick<Notification, 'account' | 'body' | 'flaw'>): Record<string, string> {
  if (flaw === 'no-signature') return {};
  const key = createHash('sha256')
    .update(flaw === 'wrong-token' ? `${account}x` : account)
    .digest();
  return { 'crypto-pay-api-signature': createHmac('sha256', key).update(body).digest('hex') };
}
