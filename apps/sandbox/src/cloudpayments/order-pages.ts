import { Router } from 'express';
import { languageOf, type PageLanguage } from '../kit/html';
import { formOf, readForms } from '../kit/oauth-endpoints';
import { payPage } from '../kit/pay-page';
import type { Acquirer, PaymentLink } from './acquirer';
import { REASONS } from './objects';

const METHODS = [{ value: 'card', name: { en: 'Bank card', ru: 'Банковская карта' }, hint: 'Mir ·· 4242' }];
const DECLINES = [
  { value: '5051', name: { en: 'There is not enough money', ru: 'Не хватает денег' } },
  { value: '5054', name: { en: 'The card has expired', ru: 'Срок карты истёк' } },
  { value: '5206', name: { en: 'The code from the bank is wrong', ru: 'Неверный код из банка' } },
  { value: '5005', name: { en: 'The bank declines', ru: 'Банк отказывает' } },
];
const SLOW = { value: 'slow', name: { en: 'The bank decides after a minute', ru: 'Банк решает через минуту' } };
const SLOW_MS = 60_000;
const OTHER_REASON = {
  en: 'The seller did not accept the payment. Nothing was charged.',
  ru: 'Продавец не принял платёж. Деньги не списаны.',
};

/** Where a link leads. A decline ends nothing: the person may try again. */
export function orderPages(acquirer: Acquirer, address: string): Router {
  const router = Router();
  router.use(readForms);
  router.get('/:id', (req, res) => void res.send(show(acquirer.link(req.params.id), languageOf(req))));
  router.post('/:id', async (req, res) => {
    const link = acquirer.link(req.params.id);
    if (stateOf(link) !== 'open') return res.redirect(303, `${address}/${link.order.Id}`);
    const outcome = formOf(req).get('outcome') ?? 'pay';
    const how = outcome === 'slow' ? { afterMs: SLOW_MS } : { reasonCode: Number(outcome) || 0 };
    const { transaction } = await acquirer.pay(link, how);
    if (transaction.Status === 'Declined') return res.send(show(link, languageOf(req), transaction.ReasonCode));
    res.redirect(303, link.successUrl ?? `${address}/${link.order.Id}`);
  });

  /** While a bank thinks, nobody shall pay once more. */
  function stateOf({ order }: PaymentLink): 'open' | 'paid' | 'waiting' | 'expired' {
    if (order.Status === 'Cancelled') return 'expired';
    if (order.Status === 'Paid') return 'paid';
    const isWaiting = [...acquirer.entries.values()].some(
      ({ link, dueAt }) => link === order.Id && dueAt !== undefined,
    );
    return isWaiting ? 'waiting' : 'open';
  }

  function show(link: PaymentLink, language: PageLanguage, declined?: number): string {
    const { order, money, publicId, successUrl, failUrl } = link;
    const words = DECLINES.find(({ value }) => Number(value) === declined)?.name;
    const problem = words && { en: `${words.en}.`, ru: `${REASONS[declined!]![1]}.` };
    return payPage({
      language,
      provider: 'CloudPayments',
      seller: acquirer.terminals.get(publicId)!.name,
      subject: order.Description,
      money,
      state: stateOf(link),
      expiresAt: undefined,
      action: `${address}/${order.Id}`,
      methods: METHODS,
      outcomes: [...DECLINES, SLOW],
      ...(declined !== undefined && { problem: problem ?? OTHER_REASON }),
      backUrl: successUrl ?? failUrl ?? undefined,
      cancelUrl: failUrl ?? undefined,
    });
  }
  return router;
}
