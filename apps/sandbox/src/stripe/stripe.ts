import { z } from 'zod';
import { CallLog } from '../kit/call-log';
import { HttpError } from '../kit/http';
import { CALL_FAULTS, OUTGOING_FAULTS } from '../kit/faults';
import { type Context, defineParty, type ThirdPartySandbox } from '../kit/third-party';
import { IdempotencyKeys, stripeApi, type StripeCall } from './api';
import { Billing } from './billing';
import { Checkout, type Session } from './checkout';
import { Events, SIGNATURE_FLAWS } from './events';
import { methodsOf } from './methods';
import { Account, Objects } from './objects';
import { Payments } from './payments';
import { Portal, type PortalSession } from './portal';
import { stripeControl } from './stripe.control';

const ADDRESS = '/stripe';
const CALLS_KEPT = 5000;
const LOOK_EVERY_MS = 1000;

export interface StripeOptions {
  /** One is there for whoever tries the sandbox on this machine. */
  accounts?: readonly z.input<typeof Account>[];
  /** An unknown secret key opens an account of its own; without it, it is refused. */
  acceptAnyKey?: boolean;
  /** Pages as browsers reach them, where that is not how services do. */
  publicUrl?: string;
}

const Saved = z.object({
  accounts: z.array(Account),
  objects: z.unknown(),
  pages: z.unknown(),
  keys: z.unknown(),
  notifications: z.unknown(),
});

/** Stripe: Checkout, saved cards, refunds and disputes, meters and the customer portal. */
export const stripe = defineParty({
  name: 'stripe',
  create(context: Context, options: StripeOptions): ThirdPartySandbox {
    const { accounts: given = [{ key: 'sk_test_sandbox' }], acceptAnyKey = false, publicUrl } = options;
    const accounts = new Map<string, Account>();
    const know = (account: z.input<typeof Account>) =>
      accounts.set(account.key, Account.parse(account)).get(account.key)!;
    const objects = new Objects();
    const events = new Events(context, objects, accounts);
    const payments = new Payments(objects, events);
    const checkout = new Checkout(objects, events, payments);
    const billing = new Billing(objects, events, context.pace);
    const portal = new Portal(objects, events, payments);
    const calls = new CallLog<StripeCall>(CALLS_KEPT);
    const methods = methodsOf({ objects, payments, checkout, billing, portal });
    const keys = new IdempotencyKeys();
    const look = setInterval(() => checkout.expireDue(accounts.values()), LOOK_EVERY_MS).unref();

    const accountOf = (key: string) =>
      accounts.get(key) ?? (acceptAnyKey && Account.shape.key.safeParse(key).success ? know({ key }) : undefined);
    const sessionNamed = (id: string) => {
      const account = accounts.get(objects.accountOf(id) ?? '');
      const session = account && objects.find<Session>(account, 'checkout.session', id);
      if (!session) throw new HttpError(404, 'there is no such page');
      return { account, session };
    };
    const portalAt = (path: string) => {
      for (const account of accounts.values()) {
        const session = objects
          .of<PortalSession>(account, 'billing_portal.session')
          .find(({ url }) => url.endsWith(path));
        if (session) return { account, session };
      }
      return undefined;
    };
    return {
      address: ADDRESS,
      mount(app) {
        app.use(ADDRESS, checkout.pages(sessionNamed));
        app.use(ADDRESS, portal.pages(portalAt));
        const parts = { context, methods, objects, calls, address: ADDRESS, publicUrl, accountOf };
        app.use(ADDRESS, stripeApi(parts, keys));
      },
      control: (router) => stripeControl(router, { objects, payments, checkout, events, keys, accounts }),
      calls,
      faults: {
        ...Object.fromEntries(Object.keys(methods).map((name) => [name, CALL_FAULTS])),
        webhook: { ...OUTGOING_FAULTS, ...SIGNATURE_FLAWS },
      },
      reset() {
        objects.clear();
        payments.forget();
        checkout.clear();
        keys.forget();
        events.notifier.forget();
      },
      save: () => ({
        accounts: [...accounts.values()],
        objects: objects.save(),
        pages: checkout.save(),
        keys: keys.save(),
        notifications: events.notifier.save(),
      }),
      restore(saved) {
        if (saved) {
          const known = Saved.parse(saved);
          known.accounts.forEach(know);
          objects.restore(known.objects);
          checkout.restore(known.pages);
          keys.restore(known.keys);
          events.notifier.restore(known.notifications);
        }
        given.forEach((account) => know({ ...accounts.get(account.key), ...account }));
      },
      close() {
        clearInterval(look);
        billing.close();
        events.notifier.close();
      },
    };
  },
});
