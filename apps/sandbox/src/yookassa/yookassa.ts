import { z } from 'zod';
import { CallLog } from '../kit/call-log';
import { CALL_FAULTS, OUTGOING_FAULTS } from '../kit/faults';
import { HttpError } from '../kit/http';
import { type Context, defineParty, type ThirdPartySandbox } from '../kit/third-party';
import { CARDS, Cashier, Shop } from './cashier';
import { checkoutPages } from './checkout-pages';
import { YooKassaApi, type YooKassaCall } from './yookassa.api';

const ADDRESS = '/yookassa/v3';
const PAGES = '/yookassa/checkout';

export interface YooKassaOptions {
  /** One is there for whoever tries the sandbox on this machine. */
  shops?: readonly z.input<typeof Shop>[];
  /** The sandbox as browsers reach it, where that is not the address by which it is asked for payments. */
  publicUrl?: string;
  /** A shop that is not known becomes one. */
  acceptAnyShop?: boolean;
}

/** The shop of an installation that was told of no other one. */
export const SANDBOX_SHOP = { shopId: '500001', secretKey: 'test_sandbox' };

const Pay = z.strictObject({
  type: z.enum(['bank_card', 'sbp', 'yoo_money']).default('bank_card'),
  card: z.enum(Object.keys(CARDS) as [keyof typeof CARDS]).default('mir'),
  saves: z.boolean().optional(),
  afterMs: z.int().nonnegative().optional(),
});
const Decline = z.strictObject({ reason: z.string().default('general_decline') });
const GiveBack = z.strictObject({ amount: z.strictObject({ value: z.string(), currency: z.string() }).optional() });
const NextRefund = z.strictObject({ afterMs: z.int().nonnegative().optional(), reason: z.string().optional() });
const Forged = z.strictObject({ event: z.string(), object: z.looseObject({ id: z.string() }) });
const GivenShop = Shop.partial().required({ shopId: true });

/** YooKassa: payments by card, SBP and wallet, saved methods, refunds, receipts. Source: its API v3. */
export const yookassa = defineParty({
  name: 'yookassa',
  create(context: Context, options: YooKassaOptions): ThirdPartySandbox {
    const { shops = [SANDBOX_SHOP], publicUrl, acceptAnyShop = false } = options;
    const calls = new CallLog<YooKassaCall>(2000);
    const cashier = new Cashier(context, shops);
    const api = new YooKassaApi(context, cashier, calls, { pages: PAGES, publicUrl, acceptAnyShop });

    return {
      address: ADDRESS,
      mount(app) {
        app.use(ADDRESS, api.router());
        app.use(PAGES, checkoutPages(cashier, PAGES));
      },
      /**
       *   GET POST /shops                     one that is known gets what is given: {shopId, secretKey?, name?, webhookUrl?, …}
       *   POST /shops/:id/notifications       {event, object}: what somebody claims, sent as the real ones are
       *   GET  /payments, /refunds, /methods
       *   POST /payments/:id/pay              {type?, card?, saves?, afterMs?}: a person at the page
       *   POST /payments/:id/decline          {reason?}
       *   POST /payments/:id/expire
       *   POST /payments/:id/refund           {amount?}: by the shop's cabinet
       *   POST /payments/:id/next-refund      {afterMs?, reason?}: how the next refund of it ends: later, and refused for a reason
       *   POST /methods/:id/revoke            the person withdraws their consent
       *   POST /methods/:id/refuse-next       {reason?}
       *   GET  /notifications, POST /notifications/:id/replay
       */
      control(router) {
        router.get('/shops', (_req, res) => void res.json([...cashier.shops.values()]));
        router.post('/shops', (req, res) => void res.status(201).json(cashier.setShop(GivenShop.parse(req.body))));
        router.post('/shops/:id/notifications', (req, res) => {
          if (!cashier.shops.has(req.params.id)) throw new HttpError(404, `there is no shop ${req.params.id}`);
          const { event, object } = Forged.parse(req.body);
          cashier.tellOf(req.params.id, event, object);
          res.status(202).json({});
        });
        router.get(
          '/payments',
          (_req, res) => void res.json([...cashier.bills.values()].map(({ payment }) => payment)),
        );
        router.get('/refunds', (_req, res) => void res.json([...cashier.refunds.values()].map(({ refund }) => refund)));
        router.get('/methods', (_req, res) => void res.json([...cashier.methods.values()]));
        router.post('/payments/:id/pay', (req, res) => {
          const bill = cashier.bill(req.params.id);
          cashier.pay(bill, Pay.parse(req.body ?? {}));
          res.json(bill.payment);
        });
        router.post('/payments/:id/decline', (req, res) => {
          const bill = cashier.bill(req.params.id);
          cashier.cancel(bill, Decline.parse(req.body ?? {}));
          res.json(bill.payment);
        });
        router.post('/payments/:id/expire', (req, res) => {
          const bill = cashier.bill(req.params.id);
          cashier.expire(bill);
          res.json(bill.payment);
        });
        router.post('/payments/:id/refund', (req, res) => {
          const bill = cashier.bill(req.params.id);
          const { amount = bill.payment.amount } = GiveBack.parse(req.body ?? {});
          if (!cashier.canRefund(bill, amount)) throw new HttpError(409, 'so much is not left');
          res.json(cashier.refund(bill, amount));
        });
        router.post('/payments/:id/next-refund', (req, res) => {
          cashier.bill(req.params.id).nextRefund = NextRefund.parse(req.body);
          res.json({});
        });
        router.post('/methods/:id/revoke', (req, res) => {
          cashier.savedMethod(req.params.id).revoked = true;
          res.json({});
        });
        router.post('/methods/:id/refuse-next', (req, res) => {
          cashier.savedMethod(req.params.id).refuseNext = Decline.parse(req.body ?? {}).reason;
          res.json({});
        });
        cashier.notifier.control(router);
      },
      calls,
      faults: {
        ...Object.fromEntries(OPERATIONS.map((operation) => [operation, CALL_FAULTS])),
        webhook: OUTGOING_FAULTS,
      },
      reset() {
        cashier.forget();
        api.forget();
      },
      save: () => ({ ...cashier.save(), replays: api.save() }),
      restore(saved) {
        if (!saved) return;
        cashier.restore(saved);
        api.restore((saved as { replays: unknown }).replays);
      },
      close: () => cashier.close(),
    };
  },
});

const OPERATIONS = [
  ...['create-payment', 'charge', 'get-payment', 'list-payments', 'capture-payment', 'cancel-payment'],
  ...['create-refund', 'get-refund', 'list-refunds', 'me'],
];
