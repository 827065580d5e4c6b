import { type Request, Router } from 'express';
import { fromDecimal } from '@switchboard/contracts';
import { z } from 'zod';
import { CallLog } from '../kit/call-log';
import { CALL_FAULTS, OUTGOING_FAULTS } from '../kit/faults';
import { languageOf } from '../kit/html';
import { HttpError } from '../kit/http';
import { formOf, readForms } from '../kit/oauth-endpoints';
import { payPage } from '../kit/pay-page';
import { type Context, defineParty, type ThirdPartySandbox } from '../kit/third-party';
import { Acquirer, DECLINES, SIGNATURE_FLAWS, TRANSACTION_TYPES } from './acquirer';
import { OPERATIONS, WataApi, type WataCall, type WataOptions } from './wata.api';

const ADDRESS = '/wata/api/h2h';
const PAGES = '/wata/pay';
const LOOK_EVERY_MS = 1000;
const READ_EVERY_MS = 30_000;

/** The terminal of an installation that was told of no other one. */
const SANDBOX_TERMINAL = { token: 'wata-sandbox-token', publicId: '3a16a4f0-27b0-09d1-16da-ba8d5c63eae3' };

const Pay = z.strictObject({ type: z.enum(TRANSACTION_TYPES).default('CardCrypto') });
const Decline = z.strictObject({ errorCode: z.string().default('TRA_Declined') });
const Settle = z.strictObject({ errorCode: z.string().optional() });
const GivenTerminal = z.looseObject({ token: z.string() });

/** WATA: payment links, transactions, refunds, and webhooks that are signed with its own key. Source: api.wata.pro. */
export const wata = defineParty({
  name: 'wata',
  create(context: Context, options: WataOptions): ThirdPartySandbox {
    const { terminals = [SANDBOX_TERMINAL], readEveryMs = READ_EVERY_MS } = options;
    const calls = new CallLog<WataCall>(2000);
    const acquirer = new Acquirer(context);
    const api = new WataApi(context, acquirer, calls, { ...options, readEveryMs, pages: PAGES });
    const look = setInterval(() => acquirer.expireDue(), LOOK_EVERY_MS).unref();

    return {
      address: ADDRESS,
      mount(app) {
        app.use(ADDRESS, api.router());
        app.use(PAGES, pages(acquirer));
      },
      /**
       *   GET POST /terminals                 one that is known by its token gets what is given
       *   GET  /links, /transactions
       *   POST /links/:id/pay                 {type?}: a person at the page; answers with the transaction
       *   POST /links/:id/decline             {errorCode?}
       *   POST /links/:id/pay-later           {type?}: the bank thinks about it
       *   POST /links/:id/expire, /links/:id/purge
       *   POST /transactions/:id/settle       {errorCode?}: the bank has decided, also about a refund
       *   POST /transactions/:id/refund       {amount?}: by the cabinet
       *   POST /keys/rotate                   a new key signs from now on
       *   GET  /notifications, POST /notifications/:id/replay
       */
      control(router) {
        router.get('/terminals', (_req, res) => void res.json([...acquirer.terminals.values()]));
        router.post('/terminals', (req, res) => {
          res.status(201).json(acquirer.setTerminal(GivenTerminal.parse(req.body)));
        });
        router.get('/links', (_req, res) => void res.json(acquirer.links));
        router.get('/transactions', (_req, res) => void res.json(acquirer.transactions));
        router.post('/links/:id/pay', async (req, res) => {
          const { link } = acquirer.link(req.params.id);
          const transaction = await acquirer.attempt(link, Pay.parse(req.body ?? {}).type);
          if (transaction.status === 'Pending') acquirer.settle(transaction);
          res.json(transaction);
        });
        router.post('/links/:id/decline', async (req, res) => {
          const { link } = acquirer.link(req.params.id);
          const transaction = await acquirer.attempt(link, 'CardCrypto');
          acquirer.decline(transaction, Decline.parse(req.body ?? {}).errorCode);
          res.json(transaction);
        });
        router.post('/links/:id/pay-later', async (req, res) => {
          const { link } = acquirer.link(req.params.id);
          res.json(await acquirer.attempt(link, Pay.parse(req.body ?? {}).type));
        });
        router.post('/links/:id/expire', (req, res) => {
          const { link } = acquirer.link(req.params.id);
          acquirer.expire(link);
          res.json(link);
        });
        router.post('/links/:id/purge', (req, res) => {
          acquirer.purge(acquirer.link(req.params.id).link);
          res.json({});
        });
        router.post('/transactions/:id/settle', (req, res) => {
          const { transaction } = acquirer.transaction(req.params.id);
          if (transaction.status !== 'Pending') throw new HttpError(409, `the transaction is ${transaction.status}`);
          const { errorCode } = Settle.parse(req.body ?? {});
          if (errorCode === undefined) acquirer.settle(transaction);
          else acquirer.decline(transaction, errorCode);
          res.json(transaction);
        });
        router.post('/transactions/:id/refund', (req, res) => {
          const { terminal, transaction } = acquirer.transaction(req.params.id);
          const { amount = acquirer.leftOf(transaction) / 100 } = z
            .object({ amount: z.number().optional() })
            .parse(req.body ?? {});
          res.json(acquirer.refund(terminal, transaction, amount));
        });
        router.post('/keys/rotate', (_req, res) => {
          acquirer.rotateKey();
          res.json({});
        });
        acquirer.notifier.control(router);
      },
      calls,
      faults: {
        ...Object.fromEntries(OPERATIONS.map((operation) => [operation, CALL_FAULTS])),
        webhook: { ...OUTGOING_FAULTS, ...SIGNATURE_FLAWS },
      },
      reset() {
        acquirer.forget();
        api.forget();
      },
      save: () => acquirer.save(),
      restore(saved) {
        if (saved) acquirer.restore(saved);
        terminals.forEach((terminal) => acquirer.setTerminal(terminal));
      },
      close() {
        clearInterval(look);
        acquirer.notifier.close();
      },
    };
  },
});

const METHODS = [
  { value: 'CardCrypto', name: { en: 'Bank card', ru: 'Банковская карта' }, hint: '·· 4477' },
  { value: 'SBP', name: { en: 'SBP, from a bank account', ru: 'СБП, со счёта в банке' } },
  { value: 'TPay', name: { en: 'T-Pay', ru: 'T-Pay' } },
];
const OUTCOMES = [
  { value: 'TRA_InsufficientFunds', name: { en: 'There is not enough money', ru: 'Не хватает денег' } },
  { value: 'TRA_Declined', name: { en: 'The bank declines', ru: 'Банк отклоняет' } },
  { value: 'expire', name: { en: 'The time runs out', ru: 'Время истекает' } },
];
const PROBLEM = { en: 'The bank has declined. Try once more.', ru: 'Банк отклонил платёж. Попробуйте ещё раз.' };

/** Where people pay: a link takes as many tries as it needs. */
function pages(acquirer: Acquirer): Router {
  const router = Router();
  const show = (req: Request, isDeclined = false) => {
    const { terminal, link } = acquirer.link(req.params['id'] as string);
    const of = acquirer.transactions.filter(
      ({ paymentLinkId, kind }) => paymentLinkId === link.id && kind === 'Payment',
    );
    const isPaid = of.some(({ status }) => status === 'Paid');
    const waits = of.some(({ status }) => status === 'Pending');
    return payPage({
      language: languageOf(req),
      provider: 'WATA',
      seller: terminal.name,
      subject: link.description ?? link.orderId ?? '',
      money: fromDecimal(String(link.amount), link.currency)!,
      state: link.status === 'Opened' ? (waits ? 'waiting' : 'open') : isPaid ? 'paid' : 'expired',
      expiresAt: new Date(link.expirationDateTime),
      action: req.originalUrl.split('?')[0]!,
      methods: METHODS,
      outcomes: OUTCOMES,
      ...(isDeclined && { problem: PROBLEM }),
      backUrl: (isPaid ? link.successRedirectUrl : link.failRedirectUrl) ?? undefined,
      cancelUrl: link.failRedirectUrl ?? undefined,
    });
  };
  router.get('/:id', (req, res) => void res.send(show(req)));
  router.post('/:id', readForms, async (req, res) => {
    const { link } = acquirer.link(String(req.params['id']));
    const form = formOf(req);
    const outcome = form.get('outcome') ?? 'pay';
    if (link.status !== 'Opened') return void res.send(show(req));
    if (outcome === 'expire') {
      acquirer.expire(link);
      return void res.send(show(req));
    }
    const transaction = await acquirer.attempt(link, Pay.shape.type.catch('CardCrypto').parse(form.get('method')));
    if (transaction.status === 'Pending') {
      if (outcome in DECLINES) acquirer.decline(transaction, outcome);
      else acquirer.settle(transaction);
    }
    if (transaction.status !== 'Paid') return void res.send(show(req, true));
    res.redirect(303, link.successRedirectUrl ?? req.originalUrl);
  });
  return router;
}
