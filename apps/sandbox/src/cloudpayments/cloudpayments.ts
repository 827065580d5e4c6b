import { fromDecimal } from '@switchboard/contracts';
import { z } from 'zod';
import { CallLog } from '../kit/call-log';
import { CALL_FAULTS, OUTGOING_FAULTS } from '../kit/faults';
import { HttpError } from '../kit/http';
import { type Context, defineParty, type ThirdPartySandbox } from '../kit/third-party';
import { Acquirer, Terminal } from './acquirer';
import { CloudPaymentsApi, type CloudPaymentsCall } from './cloudpayments.api';
import { orderPages } from './order-pages';

const ADDRESS = '/cloudpayments';
const PAGES = '/cloudpayments/d';

export interface CloudPaymentsOptions {
  /** One is there for whoever tries the sandbox on this machine. */
  terminals?: readonly z.input<typeof Terminal>[];
  /** The sandbox as browsers reach it, where that is not the address by which it is asked for payments. */
  publicUrl?: string;
  /** A terminal that is not known becomes one. */
  acceptAnyTerminal?: boolean;
}

/** The terminal of an installation that was told of no other one. */
export const SANDBOX_TERMINAL = { publicId: 'test_api_sandbox', apiSecret: 'sandbox-secret' };

const OPERATIONS = [
  ...['test', 'orders.create', 'orders.cancel', 'payments.tokens.charge', 'payments.get', 'payments.find'],
  ...['v2.payments.find', 'payments.list', 'v2.payments.list', 'chargebacks.list', 'payments.confirm'],
  ...['payments.void', 'payments.refund'],
];

const GivenTerminal = Terminal.partial().required({ publicId: true });
const Pay = z.strictObject({ afterMs: z.int().nonnegative().optional() });
const Decline = z.strictObject({ reasonCode: z.int().positive().default(5005) });
const GiveBack = z.strictObject({ amount: z.string().optional() });
const Claim = z.strictObject({ operation: z.enum(['Presentment', 'Representment']).default('Presentment') });

/** CloudPayments: payment links, saved tokens, refunds, claims of banks, signed notifications. */
export const cloudpayments = defineParty({
  name: 'cloudpayments',
  create(context: Context, options: CloudPaymentsOptions): ThirdPartySandbox {
    const { terminals = [SANDBOX_TERMINAL], publicUrl, acceptAnyTerminal = false } = options;
    const calls = new CallLog<CloudPaymentsCall>(2000);
    const acquirer = new Acquirer(context, terminals);
    const api = new CloudPaymentsApi(context, acquirer, calls, { pages: PAGES, publicUrl, acceptAnyTerminal });

    return {
      address: ADDRESS,
      mount(app) {
        app.use(PAGES, orderPages(acquirer, PAGES));
        app.use(ADDRESS, api.router());
      },
      /**
       *   GET POST /terminals                  one that is known gets what is given: {publicId, apiSecret?, webhookUrl?, kinds?, …}
       *   GET  /orders, /transactions, /tokens
       *   POST /orders/:id/pay                 {afterMs?} → the transaction: a person at the page, as often as they like
       *   POST /orders/:id/decline             {reasonCode?} → the transaction; the page stays open
       *   POST /transactions/:id/refund        {amount?}: by the cabinet
       *   POST /transactions/:id/claim         {operation?}: of a bank, told by the list of claims
       *   POST /tokens/:token/revoke           the card was closed
       *   POST /tokens/:token/decline-next     {reasonCode?}
       *   POST /keys/forget                    an hour passes for whoever repeats a call
       *   GET  /notifications, POST /notifications/:id/replay
       */
      control(router) {
        router.post('/keys/forget', (_req, res) => {
          api.forget();
          res.json({});
        });
        router.get('/terminals', (_req, res) => void res.json([...acquirer.terminals.values()]));
        router.post('/terminals', (req, res) => {
          res.status(201).json(acquirer.setTerminal(GivenTerminal.parse(req.body)));
        });
        router.get('/orders', (_req, res) => void res.json([...acquirer.links.values()]));
        router.get('/transactions', (_req, res) => {
          res.json([...acquirer.entries.values()].map(({ transaction }) => transaction));
        });
        router.get('/tokens', (_req, res) => void res.json([...acquirer.tokens.values()]));
        router.post('/orders/:id/pay', async (req, res) => {
          const { transaction } = await acquirer.pay(acquirer.link(req.params.id), Pay.parse(req.body ?? {}));
          res.json(transaction);
        });
        router.post('/orders/:id/decline', async (req, res) => {
          const { transaction } = await acquirer.pay(acquirer.link(req.params.id), Decline.parse(req.body ?? {}));
          res.json(transaction);
        });
        router.post('/transactions/:id/refund', (req, res) => {
          const entry = acquirer.entry(Number(req.params.id));
          const { amount } = GiveBack.parse(req.body ?? {});
          const money = amount === undefined ? entry.money : fromDecimal(amount, entry.money.currency);
          if (!money || money.amountMinor > entry.money.amountMinor - entry.refundedMinor)
            throw new HttpError(409, 'so much is not left');
          res.json(acquirer.refund(entry, money, null).transaction);
        });
        router.post('/transactions/:id/claim', (req, res) => {
          const { operation } = Claim.parse(req.body ?? {});
          res.json(acquirer.claim(acquirer.entry(Number(req.params.id)), operation));
        });
        router.post('/tokens/:token/revoke', (req, res) => {
          tokenOf(req.params.token).revoked = true;
          res.json({});
        });
        router.post('/tokens/:token/decline-next', (req, res) => {
          tokenOf(req.params.token).declineNext = Decline.parse(req.body ?? {}).reasonCode;
          res.json({});
        });
        acquirer.notifications.control(router);
      },
      calls,
      faults: {
        ...Object.fromEntries(OPERATIONS.map((operation) => [operation, CALL_FAULTS])),
        webhook: { ...OUTGOING_FAULTS, forge: null },
      },
      reset() {
        acquirer.forget();
        api.forget();
      },
      save: () => ({ ...acquirer.save(), replays: api.save() }),
      restore(saved) {
        if (!saved) return;
        acquirer.restore(saved);
        api.restore((saved as { replays: unknown }).replays);
      },
      close: () => acquirer.close(),
    };

    function tokenOf(token: string) {
      const found = acquirer.tokens.get(token);
      if (!found) throw new HttpError(404, `there is no token ${token}`);
      return found;
    }
  },
});
