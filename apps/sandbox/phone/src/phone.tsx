import { useEffect, useMemo, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Invoice, Person } from '../../src/phone/phone.api';
import * as api from './api';
import { ChatList } from './chat-list';
import { ChatScreen } from './chat-screen';
import { IconButton } from './icons';
import { NoticeView, useNotice } from './notices';
import { PaymentSheet } from './payment-sheet';
import { PhoneContext } from './phone-context';
import { go, takeStart } from './route';
import { parseBotLink, parseInvoiceLink, safeAddress } from './telegram-link';
import { usePhone } from './use-phone';

/** The phone of one person. */
export function Phone({
  person,
  chatId,
  onPerson,
}: {
  person: Person;
  chatId?: number;
  onPerson: (person: Person) => void;
}) {
  const { t } = useTranslation();
  const { state, link, actions } = usePhone(person);
  const { notice, toast, alert, dismiss } = useNotice();
  const [payment, setPayment] = useState<{ slug: string; invoice: Invoice }>();
  const chat = state.chats?.find(({ id }) => id === chatId);
  const here = chat?.kind === 'private' ? chat.id : undefined;

  const context = useMemo(() => {
    const openBot = (username: string, start?: string): boolean => {
      const found = state.chats?.find(
        ({ kind, bot }) => kind === 'private' && bot?.username.toLowerCase() === username.toLowerCase(),
      );
      if (!found) return false;
      go({ person: person.id, chat: found.id });
      if (start !== undefined) actions.start(found.id, start || undefined).catch((e: Error) => toast(e.message));
      return true;
    };
    const openLink = (address: string) => {
      const bot = parseBotLink(address);
      if (bot && openBot(bot.username, bot.start)) return;
      const slug = parseInvoiceLink(address);
      if (slug) {
        const shown = api.invoice(person.id, slug).then((invoice) => setPayment({ slug, invoice }));
        return void shown.catch((error: Error) => toast(error.message));
      }
      const safe = safeAddress(address);
      if (safe) window.open(safe, '_blank', 'noreferrer');
    };
    const copy = (text: string) =>
      void navigator.clipboard.writeText(text).then(
        () => toast(t('message.copied')),
        (error: Error) => toast(error.message),
      );
    return { person, state, actions, toast, alert, openLink, copy };
  }, [person, state, actions, toast, alert, t]);

  useEffect(() => {
    if (here === undefined) return;
    const payload = takeStart();
    if (payload !== undefined) actions.start(here, payload || undefined).catch((e: Error) => toast(e.message));
  }, [here, actions, toast]);

  const setLanguage = async (languageCode: string) => {
    try {
      onPerson(await api.setLanguage(person.id, languageCode));
    } catch (error) {
      toast((error as Error).message);
    }
  };

  return (
    <PhoneContext value={context}>
      {link === 'down' && (
        <p className="reconnecting" role="status">
          <span className="spinner" /> {t('app.reconnecting')}
        </p>
      )}
      {chat ? (
        <ChatScreen key={chat.id} chat={chat} />
      ) : chatId !== undefined && state.chats ? (
        <UnknownChat onBack={() => go({ person: person.id })} />
      ) : (
        <ChatList onPerson={setLanguage} />
      )}
      {payment && <PaymentSheet {...payment} onClose={() => setPayment(undefined)} />}
      <NoticeView notice={notice} dismiss={dismiss} />
    </PhoneContext>
  );
}

function UnknownChat({ onBack }: { onBack: () => void }) {
  const { t } = useTranslation();
  return (
    <section className="screen">
      <header className="bar">
        <IconButton icon="back" label={t('app.back')} onClick={onBack} />
      </header>
      <div className="empty">
        <h2>{t('chat.unknown')}</h2>
        <p>{t('chat.unknownHint')}</p>
      </div>
    </section>
  );
}
