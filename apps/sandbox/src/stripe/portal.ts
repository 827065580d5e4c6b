import { type Request, Router } from 'express';
import { z } from 'zod';
import { escapeHtml, languageOf, page } from '../kit/html';
import { HttpError } from '../kit/http';
import { formOf, readForms } from '../kit/oauth-endpoints';
import { invalidRequest } from './api-error';
import type { Events } from './events';
import { type Account, head, type Objects, opaqueId, type StripeObject } from './objects';
import type { Customer, PaymentMethod, Payments } from './payments';

export interface PortalSession extends StripeObject {
  customer: string;
  return_url: string | null;
  url: string;
  locale: string | null;
  configuration: string;
  flow: object | null;
}

const FLOWS = [
  'payment_method_update',
  'subscription_cancel',
  'subscription_pause',
  'subscription_update',
  'customer_update',
] as const;

export const PortalParams = z.strictObject({
  customer: z.string(),
  return_url: z.url().optional(),
  locale: z.string().optional(),
  flow_data: z.looseObject({ type: z.enum(FLOWS) }).optional(),
});

/** It is for one person, at once. */
const LIFETIME_MS = 5 * 60_000;

const TEXTS = {
  en: {
    title: 'Sandbox: customer portal',
    mark: 'Sandbox · in place of the Stripe customer portal',
    head: 'Payment methods',
    none: 'No card is saved.',
    standard: 'used first',
    remove: 'Remove',
    use: 'Use first',
    add: 'Add a card ·· 4242',
    back: 'Back to the seller',
  },
  ru: {
    title: 'Песочница: кабинет плательщика',
    mark: 'Песочница · вместо кабинета плательщика Stripe',
    head: 'Способы оплаты',
    none: 'Карт нет.',
    standard: 'основная',
    remove: 'Удалить',
    use: 'Сделать основной',
    add: 'Добавить карту ·· 4242',
    back: 'Вернуться к продавцу',
  },
};

/** Where a person looks after their own cards. There are no subscriptions of Stripe's to cancel here. */
export class Portal {
  constructor(
    private readonly objects: Objects,
    private readonly events: Events,
    private readonly payments: Payments,
  ) {}

  create(account: Account, params: z.output<typeof PortalParams>, pagesAt: string): PortalSession {
    if (!account.portal)
      throw invalidRequest(
        'No configuration provided and your test mode default configuration has not been created. Provide a configuration or create your default by saving your customer portal settings in test mode at https://dashboard.stripe.com/test/settings/billing/portal.',
      );
    this.objects.get<Customer>(account, 'customer', params.customer, 'customer');
    const session = head(account, 'bps', 'billing_portal.session');
    return this.objects.add(account, {
      ...session,
      ...{
        customer: params.customer,
        return_url: params.return_url ?? null,
        url: `${pagesAt}/portal/${opaqueId('p')}`,
      },
      ...{ locale: params.locale ?? null, configuration: 'bpc_sandbox', flow: params.flow_data ?? null },
    });
  }

  pages(sessionAt: (path: string) => { account: Account; session: PortalSession } | undefined): Router {
    const router = Router();
    const open = (req: Request) => {
      const found = sessionAt(`/portal/${req.params['id'] as string}`);
      if (!found || Date.now() - found.session.created * 1000 > LIFETIME_MS)
        throw new HttpError(404, 'this address has expired: the seller makes a new one');
      const customer = this.objects.get<Customer>(found.account, 'customer', found.session.customer);
      const cards = this.objects
        .of<PaymentMethod>(found.account, 'payment_method')
        .filter((one) => one.customer === customer.id);
      return { ...found, customer, cards };
    };
    router.get('/portal/:id', (req, res) => {
      const { session, customer, cards } = open(req);
      const language = session.locale === 'ru' || session.locale === 'en' ? session.locale : languageOf(req);
      const t = TEXTS[language];
      const action = escapeHtml(req.originalUrl);
      const row = (card: PaymentMethod) => {
        const isStandard = customer.invoice_settings.default_payment_method === card.id;
        const use = isStandard
          ? `<span class="mark">${t.standard}</span>`
          : `<button name="use" value="${card.id}">${t.use}</button>`;
        return `<div class="row"><span style="flex: 1 0 100%">${card.card?.brand ?? 'bank'} ·· ${card.card?.last4 ?? card.sepa_debit?.last4}</span>
          ${use}<button name="remove" value="${card.id}">${t.remove}</button></div>`;
      };
      res.send(
        page(
          t.title,
          `<main>
             <p class="mark">${t.mark}</p>
             <h1>${t.head}</h1>
             <form method="post" action="${action}">
               ${cards.map(row).join('') || `<p>${t.none}</p>`}
               <div class="row"><button class="main" name="add" value="4242424242424242">${t.add}</button></div>
             </form>
             ${session.return_url ? `<p><a href="${escapeHtml(session.return_url)}">${t.back}</a></p>` : ''}
           </main>`,
          language,
        ),
      );
    });
    router.post('/portal/:id', readForms, (req, res) => {
      const { account, customer, cards } = open(req);
      const form = formOf(req);
      const card = (name: string) => cards.find(({ id }) => id === form.get(name));
      const [removed, used, number] = [card('remove'), card('use'), form.get('add')];
      if (removed) this.payments.detach(account, removed);
      if (used) customer.invoice_settings.default_payment_method = used.id;
      if (number) this.payments.attach(account, this.payments.method(account, number), customer.id);
      if (used) this.events.emit(account, 'customer.updated', customer);
      res.redirect(303, req.originalUrl);
    });
    return router;
  }
}
