import { Router } from 'express';
import { fromDecimal } from '@switchboard/contracts';
import { renderSVG } from 'uqr';
import { languageOf, type PageLanguage } from '../kit/html';
import { baseOf, formOf, readForms } from '../kit/oauth-endpoints';
import { payPage } from '../kit/pay-page';
import { type Bill, CARDS, type Cashier } from './cashier';
import type { MethodType } from './objects';

const METHODS = {
  bank_card: { en: 'Bank card', ru: 'Банковская карта' },
  sbp: { en: 'SBP, from a bank account', ru: 'СБП, со счёта в банке' },
  yoo_money: { en: 'YooMoney wallet', ru: 'Кошелёк ЮMoney' },
} as const;
const HINTS: Partial<Record<MethodType, string>> = { bank_card: `Mir ·· ${CARDS.mir.last4}` };

const SLOW = { value: 'slow', name: { en: 'The bank decides after a minute', ru: 'Банк решает через минуту' } };
const DECLINES = [
  { value: 'insufficient_funds', name: { en: 'There is not enough money', ru: 'Не хватает денег' } },
  { value: 'card_expired', name: { en: 'The card has expired', ru: 'Срок карты истёк' } },
  { value: '3d_secure_failed', name: { en: 'The code from the bank is wrong', ru: 'Неверный код из банка' } },
  { value: 'general_decline', name: { en: 'The bank declines', ru: 'Банк отказывает' } },
];
const BANKS = [
  { value: 'green', name: { en: 'Green Bank', ru: 'Зелёный банк' } },
  { value: 'yellow', name: { en: 'Yellow Bank', ru: 'Жёлтый банк' } },
  { value: 'blue', name: { en: 'Blue Bank', ru: 'Синий банк' } },
];
const REFUSAL = { value: 'general_decline', name: { en: 'Refuse in the bank', ru: 'Отказаться в банке' } };
const SCAN = {
  en: 'Scan it with the phone, or choose your bank here',
  ru: 'Отсканируйте телефоном или выберите банк здесь',
};
const SLOW_MS = 60_000;

/** Where a person pays: by card or wallet at once, by SBP on the page of their bank. */
export function checkoutPages(cashier: Cashier, address: string): Router {
  const router = Router();
  router.use(readForms);
  router.get('/:id', (req, res) => {
    const bill = cashier.bill(req.params.id);
    res.send(show(bill, languageOf(req)));
  });
  router.get('/:id/sbp', (req, res) => {
    const bill = cashier.bill(req.params.id);
    const url = `${baseOf(req, address)}/${bill.payment.id}/sbp`;
    if (isOpen(bill)) res.send(show(bill, languageOf(req), url));
    else res.redirect(`${address}/${bill.payment.id}`);
  });
  router.post(['/:id', '/:id/sbp'], (req, res) => {
    const id = String(req.params['id']);
    const bill = cashier.bill(id);
    const form = formOf(req);
    const isInBank = req.path.endsWith('/sbp');
    const type = isInBank ? 'sbp' : ((form.get('method') ?? 'bank_card') as MethodType);
    const outcome = form.get('outcome') ?? 'general_decline';
    const page = `${address}/${id}`;
    // In another window the same person was faster.
    if (!isOpen(bill)) return res.redirect(303, page);
    if (type === 'sbp' && !isInBank && outcome === 'pay') return res.redirect(303, `${page}/sbp`);
    if (outcome === 'pay') cashier.pay(bill, { type });
    else if (outcome === SLOW.value) cashier.pay(bill, { type, afterMs: SLOW_MS });
    else {
      cashier.cancel(bill, { reason: outcome });
      return res.redirect(303, page);
    }
    res.redirect(303, bill.returnUrl!);
  });

  /** @param bankUrl of the page of the bank, when that is shown */
  function show(bill: Bill, language: PageLanguage, bankUrl?: string): string {
    const { payment, method, returnUrl, dueAt } = bill;
    const methods = Object.entries(METHODS)
      .filter(([type]) => (method ?? type) === type)
      .map(([value, name]) => ({
        value,
        name,
        ...(HINTS[value as MethodType] && { hint: HINTS[value as MethodType]! }),
      }));
    const svg = bankUrl === undefined ? '' : renderSVG(bankUrl, { border: 2 });
    return payPage({
      language,
      provider: 'YooKassa',
      seller: cashier.shopOf(bill).name,
      subject: payment.description ?? '',
      money: fromDecimal(payment.amount.value, payment.amount.currency)!,
      state: stateOf(bill),
      expiresAt: dueAt === undefined ? undefined : new Date(dueAt),
      action: `${address}/${payment.id}${bankUrl === undefined ? '' : '/sbp'}`,
      methods: bankUrl === undefined ? methods : BANKS,
      outcomes: bankUrl === undefined ? [...DECLINES, SLOW] : [SLOW, REFUSAL],
      ...(bankUrl !== undefined && { figure: { svg, caption: SCAN } }),
      backUrl: returnUrl,
      cancelUrl: returnUrl,
    });
  }
  return router;
}

const isOpen = ({ payment, due }: Bill) => payment.status === 'pending' && due !== 'settle';

function stateOf(bill: Bill) {
  const { status, cancellation_details: details } = bill.payment;
  if (status === 'canceled') return details!.reason.startsWith('expired') ? 'expired' : 'declined';
  if (status !== 'pending') return 'paid';
  return isOpen(bill) ? 'open' : 'waiting';
}
