import { useEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Chat, Message } from '../../src/phone/phone.api';
import { Avatar, hueOf } from './avatar';
import { Bubble } from './bubble';
import { IconButton } from './icons';
import { usePhoneContext } from './phone-context';
import { timeline } from './timeline';
import { dayName } from './when';

/** Pixels from the top at which older messages are fetched, and from the bottom at which the way back is offered. */
const nearTop = 300;
const farFromBottom = 240;

export function MessageList({
  chat,
  topic,
  onReply,
  onEdit,
}: {
  chat: Chat;
  /** Show this forum topic alone. */
  topic?: number;
  onReply: (message: Message) => void;
  onEdit: (message: Message) => void;
}) {
  const { t, i18n } = useTranslation();
  const { state, actions, toast } = usePhoneContext();
  const scroller = useRef<HTMLDivElement>(null);
  const loading = useRef(false);
  const [away, setAway] = useState(false);
  const days = timeline(state, chat.id, topic);
  const known = state.messages[chat.id];
  const unread = state.unread[chat.id] ?? 0;
  const sending = state.outgoing.filter(({ chatId }) => chatId === chat.id).at(-1)?.key;

  useEffect(() => {
    if (unread > 0 && !away) actions.markRead(chat.id);
  }, [unread, away, actions, chat.id]);

  useEffect(() => {
    if (sending) toLatest('instant');
  }, [sending]);

  // The list is laid out from the bottom up, so zero is the newest end and older pages never move what one reads.
  const toLatest = (behavior: ScrollBehavior) => scroller.current?.scrollTo({ top: 0, behavior });

  async function onScroll() {
    const list = scroller.current;
    if (!list) return;
    const fromBottom = -list.scrollTop;
    setAway(fromBottom > farFromBottom);
    const oldest = known?.[0];
    if (!oldest || state.complete[chat.id] || loading.current) return;
    if (list.scrollHeight - list.clientHeight - fromBottom > nearTop) return;
    loading.current = true;
    await actions.loadOlder(chat.id, oldest.id).catch((error: Error) => toast(error.message));
    loading.current = false;
  }

  return (
    <div className="messages-place">
      <div className="messages" ref={scroller} onScroll={() => void onScroll()} tabIndex={0} aria-label={t('chat.log')}>
        <div className="messages-inner" role="log" aria-live="polite" aria-label={t('chat.log')}>
          {days.map(({ key, date, lines }) => (
            <section key={key}>
              <p className="day">
                <span>{dayName(t, i18n.language, date)}</span>
              </p>
              {lines.map((line) =>
                line.message.service ? (
                  <p key={line.key} className="service">
                    <span>{line.message.service}</span>
                  </p>
                ) : (
                  <Bubble key={line.key} {...{ line, onReply, onEdit }} />
                ),
              )}
            </section>
          ))}
          {known && days.length === 0 && <Welcome chat={chat} />}
          {!known && <span className="spinner centered" />}
        </div>
      </div>
      {away && (
        <IconButton
          icon="down"
          className="to-latest"
          data-count={unread || undefined}
          label={t('chat.latest')}
          onClick={() => toLatest('smooth')}
        />
      )}
    </div>
  );
}

function Welcome({ chat }: { chat: Chat }) {
  const { t } = useTranslation();
  return (
    <div className="empty welcome">
      <Avatar name={chat.title} hue={hueOf(chat.id)} bot={chat.kind === 'private'} size={88} />
      <h2>{chat.title}</h2>
      {chat.kind === 'private' && chat.bot && <p className="username">@{chat.bot.username}</p>}
      <p>{t(chat.kind === 'private' ? 'chat.freshHint' : 'chat.emptyGroup')}</p>
    </div>
  );
}
