import type { Router } from 'express';
import { z } from 'zod';
import { HttpError } from '../kit/http';
import type { IdempotencyKeys } from './api';
import type { Checkout, Session } from './checkout';
import type { Events } from './events';
import { Account, type Objects, type StripeObject } from './objects';
import {
  BANK_ACCOUNT,
  type Charge,
  DECLINE_CODES,
  type Dispute,
  type PaymentIntent,
  type PaymentMethod,
  type Payments,
  type Refund,
} from './payments';

interface ControlParts {
  readonly objects: Objects;
  readonly payments: Payments;
  readonly checkout: Checkout;
  readonly events: Events;
  readonly keys: IdempotencyKeys;
  readonly accounts: Map<string, Account>;
}

const Card = z.object({ card: z.string().default('4242424242424242') });
const Sum = z.object({ payment_intent: z.string(), amount: z.int().positive().optional() });

/**
 * What tests ask of Stripe, below `/control/stripe`:
 *
 *   GET POST /accounts                        POST adds one, or changes what is known by its key
 *   GET  /objects?object=checkout.session     everything of a kind, with its account
 *   POST /sessions/:id/<deed>                 `pay` {card?}, `decline` {code?}, `expire`, `pay-later`, `settle` {succeeds}
 *   POST /payment-intents/:id/settle          {succeeds}: of a charge that the bank thinks about
 *   PUT  /payment-methods/:id/next            {outcome}: of the next charge without the person: `succeeded`, `processing` or a decline code
 *   POST /payment-methods/:id/detach          the person takes the card away
 *   POST /refunds                             {payment_intent, amount?}: by the dashboard
 *   POST /refunds/:id/settle                  {succeeds}: of one that was pending
 *   POST /disputes                            {payment_intent, reason?}; `/disputes/:id/close` {status: won|lost}
 *   DELETE /idempotency-keys                  as a day later
 *   GET  /notifications, POST /notifications/:id/replay
 */
export function stripeControl(router: Router, parts: ControlParts): void {
  const { objects, payments, checkout, events, keys, accounts } = parts;

  /** Something of whatever account it is. */
  function found<T extends StripeObject>(object: T['object'], id: string): { account: Account; value: T } {
    const account = accounts.get(objects.accountOf(id) ?? '');
    const value = account && objects.find<T>(account, object, id);
    if (!value) throw new HttpError(404, `there is no ${object} "${id}"`);
    return { account, value };
  }
  const chargeOf = (intentId: string) => {
    const { account, value } = found<PaymentIntent>('payment_intent', intentId);
    return { account, charge: objects.get<Charge>(account, 'charge', value.latest_charge ?? '') };
  };
  const session = (id: string) => found<Session>('checkout.session', id);

  router
    .route('/accounts')
    .get((_req, res) => void res.json([...accounts.values()]))
    .post((req, res) => {
      const { key } = z.object({ key: z.string() }).parse(req.body);
      const account = Account.parse({ ...accounts.get(key), ...(req.body as object) });
      accounts.set(key, Object.assign(accounts.get(key) ?? account, account));
      res.status(201).json(account);
    });
  router.get('/objects', (req, res) => {
    res.json(objects.all(z.looseObject({ object: z.string() }).parse(req.query).object));
  });
  router.post('/sessions/:id/pay', (req, res) => {
    const { account, value } = session(req.params.id);
    const refused = checkout.pay(account, value, Card.parse(req.body ?? {}).card);
    res.json({ paid: refused === undefined, refused: refused ?? null });
  });
  router.post('/sessions/:id/decline', (req, res) => {
    const { code } = z
      .object({ code: z.enum(['generic_decline', 'insufficient_funds', 'expired_card']).default('generic_decline') })
      .parse(req.body ?? {});
    const cards = {
      generic_decline: '4000000000000002',
      insufficient_funds: '4000000000009995',
      expired_card: '4000000000000069',
    };
    const { account, value } = session(req.params.id);
    res.json({ paid: false, refused: checkout.pay(account, value, cards[code]) });
  });
  router.post('/sessions/:id/pay-later', (req, res) => {
    const { account, value } = session(req.params.id);
    checkout.pay(account, value, BANK_ACCOUNT);
    res.json(value);
  });
  router.post('/sessions/:id/settle', (req, res) => {
    const { account, value } = session(req.params.id);
    res.json(checkout.settle(account, value, Succeeds.parse(req.body).succeeds));
  });
  router.post('/sessions/:id/expire', (req, res) => {
    const { account, value } = session(req.params.id);
    res.json(checkout.expire(account, value));
  });
  router.post('/payment-intents/:id/settle', (req, res) => {
    const { account, value: intent } = found<PaymentIntent>('payment_intent', req.params.id);
    if (intent.status !== 'processing') throw new HttpError(409, `the payment is ${intent.status}`);
    const method = objects.get<PaymentMethod>(account, 'payment_method', intent.payment_method ?? '');
    if (Succeeds.parse(req.body).succeeds) payments.succeed(account, intent, method);
    else payments.decline(account, intent, method, 'generic_decline');
    res.json(intent);
  });
  router.put('/payment-methods/:id/next', (req, res) => {
    const outcome = z
      .enum(['succeeded', 'processing', ...DECLINE_CODES])
      .parse((req.body as { outcome?: unknown }).outcome);
    payments.orderOutcome(found<PaymentMethod>('payment_method', req.params.id).value, outcome);
    res.json({ outcome });
  });
  router.post('/payment-methods/:id/detach', (req, res) => {
    const { account, value } = found<PaymentMethod>('payment_method', req.params.id);
    res.json(payments.detach(account, value));
  });
  router.post('/refunds', (req, res) => {
    const { payment_intent, amount } = Sum.parse(req.body);
    const { account, charge } = chargeOf(payment_intent);
    res.status(201).json(payments.refund(account, charge, { ...(amount !== undefined && { amount }) }));
  });
  router.post('/refunds/:id/settle', (req, res) => {
    const { account, value } = found<Refund>('refund', req.params.id);
    res.json(payments.endRefund(account, value, Succeeds.parse(req.body).succeeds ? 'succeeded' : 'failed'));
  });
  router.post('/disputes', (req, res) => {
    const { payment_intent, reason } = z
      .object({ payment_intent: z.string(), reason: z.string().default('fraudulent') })
      .parse(req.body);
    const { account, charge } = chargeOf(payment_intent);
    res.status(201).json(payments.dispute(account, charge, reason));
  });
  router.post('/disputes/:id/close', (req, res) => {
    const { account, value } = found<Dispute>('dispute', req.params.id);
    res.json(payments.endDispute(account, value, z.object({ status: z.enum(['won', 'lost']) }).parse(req.body).status));
  });
  router.delete('/idempotency-keys', (_req, res) => {
    keys.forget();
    res.sendStatus(204);
  });
  events.notifier.control(router);
}

const Succeeds = z.object({ succeeds: z.boolean() });
