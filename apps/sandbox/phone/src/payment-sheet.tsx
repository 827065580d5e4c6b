import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Chat, Invoice, Subscription } from '../../src/phone/phone.api';
import * as api from './api';
import { usePhoneContext } from './phone-context';
import { Sheet } from './sheet';

/** What a link asks to pay, before it is paid. */
export function PaymentSheet({ slug, invoice, onClose }: { slug: string; invoice: Invoice; onClose: () => void }) {
  const { t } = useTranslation();
  const { person, toast } = usePhoneContext();
  const [waiting, setWaiting] = useState(false);

  async function pay() {
    setWaiting(true);
    try {
      const outcome = await api.payInvoice(person.id, slug);
      toast(outcome.paid ? t('pay.done') : t('pay.refused', { reason: outcome.reason }));
    } catch (error) {
      toast((error as Error).message);
    }
    onClose();
  }

  return (
    <Sheet label={t('pay.title')} onClose={onClose}>
      <div className="thing invoice" data-testid="payment">
        <b>{invoice.title}</b>
        <span>{invoice.description}</span>
        <span className="price">{invoice.price}</span>
        <small>{t(invoice.monthly ? 'pay.monthly' : 'pay.to', { bot: invoice.bot })}</small>
      </div>
      <button
        type="button"
        className="wide-button"
        data-testid="pay"
        aria-busy={waiting}
        onClick={() => void (waiting || pay())}
      >
        {t('pay.pay', { price: invoice.price })}
      </button>
      <button type="button" className="quiet-button" onClick={onClose}>
        {t('app.cancel')}
      </button>
    </Sheet>
  );
}

/** What the person pays for each month in a chat. Months pass here at a press. */
export function SubscriptionsSheet({ chat, onClose }: { chat: Chat; onClose: () => void }) {
  const { t } = useTranslation();
  const { person, toast } = usePhoneContext();
  const [found, setFound] = useState<Subscription[]>();

  const read = () => api.subscriptions(person.id, chat.id).then(setFound);
  const attempt = (what: Promise<unknown>) => void what.then(read).catch((error: Error) => toast(error.message));
  useEffect(() => attempt(Promise.resolve()), [person.id, chat.id]);

  return (
    <Sheet label={t('pay.subscriptions')} onClose={onClose}>
      <h2>{t('pay.subscriptions')}</h2>
      {found?.length === 0 && <p>{t('pay.noSubscriptions')}</p>}
      {found?.map(({ id, title, price, canceled }) => (
        <div key={id} className="thing invoice" data-testid="subscription">
          <b>{title}</b>
          <span className="price">{price}</span>
          <button
            type="button"
            className="quiet-button"
            onClick={() => attempt(api.setCanceled(person.id, id, !canceled))}
          >
            {t(canceled ? 'pay.resume' : 'pay.cancel')}
          </button>
          {!canceled && (
            <button type="button" className="quiet-button" onClick={() => attempt(api.renew(person.id, id))}>
              {t('pay.nextMonth')}
            </button>
          )}
        </div>
      ))}
    </Sheet>
  );
}
