import { type Request, Router } from 'express';
import { fromDecimal } from '@switchboard/contracts';
import { z } from 'zod';
import { CallLog } from '../kit/call-log';
import { CALL_FAULTS, OUTGOING_FAULTS } from '../kit/faults';
import { languageOf } from '../kit/html';
import { formOf, readForms } from '../kit/oauth-endpoints';
import { payPage } from '../kit/pay-page';
import { type Context, defineParty, type ThirdPartySandbox } from '../kit/third-party';
import { cryptoBotApi, type CryptoBotCall, type CryptoBotOptions, METHODS } from './cryptobot.api';
import { ASSETS, Invoices, SIGNATURE_FLAWS } from './invoices';

const ADDRESS = '/cryptobot/api';
const PAGES = '/cryptobot/pay';
const LOOK_EVERY_MS = 1000;

/** The app of an installation that was told of no other one. */
const SANDBOX_APP = { token: '12345:AASandboxCryptoPayToken' };

/** CryptoBot: invoices of Crypto Pay, in money or in crypto assets. Nothing is paid out. */
export const cryptobot = defineParty({
  name: 'cryptobot',
  create(context: Context, options: CryptoBotOptions): ThirdPartySandbox {
    const { apps = [SANDBOX_APP], retryMs } = options;
    const calls = new CallLog<CryptoBotCall>(2000);
    const invoices = new Invoices(context, retryMs);
    const look = setInterval(() => invoices.expireDue(), LOOK_EVERY_MS).unref();

    return {
      address: ADDRESS,
      mount(app) {
        app.use(ADDRESS, cryptoBotApi(context, invoices, calls, { ...options, pages: PAGES }));
        app.use(PAGES, pages(invoices));
      },
      /**
       *   GET POST /apps                      one that is known by its token gets what is given
       *   GET  /invoices
       *   POST /invoices/:id/pay              {asset?}
       *   POST /invoices/:id/expire
       *   GET  /notifications, POST /notifications/:id/replay
       */
      control(router) {
        router.get('/apps', (_req, res) => void res.json([...invoices.apps.values()]));
        router.post('/apps', (req, res) => {
          res.status(201).json(invoices.setApp(z.looseObject({ token: z.string() }).parse(req.body)));
        });
        router.get('/invoices', (_req, res) => void res.json(invoices.of().reverse()));
        router.post('/invoices/:id/pay', (req, res) => {
          const { asset } = z.strictObject({ asset: z.enum(ASSETS).optional() }).parse(req.body ?? {});
          const { app, invoice } = invoices.get(req.params.id);
          invoices.pay(app, invoice, asset);
          res.json(invoice);
        });
        router.post('/invoices/:id/expire', (req, res) => {
          const { invoice } = invoices.get(req.params.id);
          invoices.expire(invoice);
          res.json(invoice);
        });
        invoices.notifier.control(router);
      },
      calls,
      faults: {
        ...Object.fromEntries(METHODS.map((method) => [method, CALL_FAULTS])),
        webhook: { ...OUTGOING_FAULTS, ...SIGNATURE_FLAWS },
      },
      reset: () => invoices.forget(),
      save: () => invoices.save(),
      restore(saved) {
        if (saved) invoices.restore(saved);
        apps.forEach((app) => invoices.setApp(app));
      },
      close() {
        clearInterval(look);
        invoices.notifier.close();
      },
    };
  },
});

const OUTCOMES = [{ value: 'expire', name: { en: 'The time runs out', ru: 'Время истекает' } }];

/** Where people pay: the bot's own screen, in a browser. */
function pages(invoices: Invoices): Router {
  const router = Router();
  const show = (req: Request) => {
    const { app, invoice } = invoices.get(req.params['hash'] as string);
    const { status, fiat, asset, amount, description, expiration_date: expires } = invoice;
    return payPage({
      language: languageOf(req),
      provider: 'CryptoBot',
      seller: app.name,
      subject: description ?? '',
      money: (fiat && fromDecimal(amount, fiat)) || `${amount} ${asset ?? fiat}`,
      state: status === 'active' ? 'open' : status,
      expiresAt: expires === undefined ? undefined : new Date(expires),
      action: req.originalUrl.split('?')[0]!,
      methods: invoices
        .assetsOf(invoice)
        .map((one) => ({ value: one, name: { en: one, ru: one }, ...(asset && { hint: `${amount} ${asset}` }) })),
      outcomes: OUTCOMES,
      backUrl: undefined,
    });
  };
  router.get('/:hash', (req, res) => void res.send(show(req)));
  router.post('/:hash', readForms, (req, res) => {
    const { app, invoice } = invoices.get(String(req.params['hash']));
    const form = formOf(req);
    if (invoice.status === 'active') {
      if (form.get('outcome') === 'expire') invoices.expire(invoice);
      else
        invoices.pay(
          app,
          invoice,
          z
            .enum(ASSETS)
            .optional()
            .catch(undefined)
            .parse(form.get('method') ?? undefined),
        );
    }
    res.redirect(303, req.originalUrl);
  });
  return router;
}
