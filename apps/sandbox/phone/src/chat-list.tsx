import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Chat, Message } from '../../src/phone/phone.api';
import { moveFocus } from './arrow-keys';
import { Avatar, hueOf } from './avatar';
import { useActivity } from './chat-activity';
import { IconButton } from './icons';
import { usePhoneContext } from './phone-context';
import { go } from './route';
import { SettingsSheet } from './settings';
import { thingText } from './thing';
import { shortDate } from './when';

export function ChatList({ onPerson }: { onPerson: (languageCode: string) => Promise<void> }) {
  const { t } = useTranslation();
  const { person, state } = usePhoneContext();
  const [settings, setSettings] = useState(false);
  const newestFirst = state.chats?.toSorted((a, b) => (b.lastMessage?.date ?? 0) - (a.lastMessage?.date ?? 0));

  return (
    <section className="screen" aria-label={t('chats.title')}>
      <header className="bar">
        <Avatar name={person.firstName} hue={person.hue} size={38} />
        <div className="bar-title">
          <h1>{t('chats.title')}</h1>
          <p>{[person.firstName, person.lastName].filter(Boolean).join(' ')}</p>
        </div>
        <IconButton
          icon="settings"
          label={t('settings.title')}
          data-testid="settings"
          aria-haspopup="dialog"
          onClick={() => setSettings(true)}
        />
      </header>
      {newestFirst?.length === 0 ? (
        <div className="empty">
          <span className="empty-sign" aria-hidden="true" />
          <h2>{t('chats.none')}</h2>
          <p>{t('chats.noneHint')}</p>
        </div>
      ) : (
        <ul className="rows" onKeyDown={moveFocus}>
          {newestFirst?.map((chat) => (
            <li key={chat.id}>
              <ChatRow chat={chat} />
            </li>
          ))}
        </ul>
      )}
      {!newestFirst && <span className="spinner centered" />}
      {settings && <SettingsSheet person={person} onPerson={onPerson} onClose={() => setSettings(false)} />}
    </section>
  );
}

function ChatRow({ chat }: { chat: Chat }) {
  const { t, i18n } = useTranslation();
  const { person, state } = usePhoneContext();
  const activity = useActivity(chat.id);
  const unread = state.unread[chat.id] ?? 0;
  const { lastMessage } = chat;
  const author =
    lastMessage &&
    !lastMessage.service &&
    (lastMessage.own ? t('chats.you') : chat.kind === 'group' && lastMessage.from.name);
  return (
    <button
      type="button"
      className="chat-row"
      data-testid={`chat-${chat.id}`}
      onClick={() => go({ person: person.id, chat: chat.id })}
    >
      <Avatar name={chat.title} hue={hueOf(chat.id)} bot={chat.kind === 'private'} size={52} />
      <span className="chat-row-text">
        <span className="chat-row-line">
          <span className="chat-row-title">{chat.title}</span>
          {lastMessage && <time>{shortDate(i18n.language, lastMessage.date)}</time>}
        </span>
        <span className="chat-row-line">
          <span className={activity ? 'chat-row-last activity' : 'chat-row-last'}>
            {activity ?? (
              <>
                {author && <span className="author">{author}: </span>}
                {lastMessage
                  ? summary(lastMessage, (kind) => t(`kind.${kind}`))
                  : t(chat.kind === 'private' ? 'chats.fresh' : 'chat.emptyGroup')}
              </>
            )}
          </span>
          {unread > 0 && (
            <span className="badge" role="img" aria-label={t('chats.unread', { count: unread })}>
              {unread}
            </span>
          )}
        </span>
      </span>
    </button>
  );
}

function summary(message: Message, kindName: (kind: NonNullable<Message['file']>['kind']) => string): string {
  const text = message.service ?? message.text ?? thingText(message);
  if (!message.file) return text;
  return [message.file.name && message.file.kind === 'document' ? message.file.name : kindName(message.file.kind), text]
    .filter(Boolean)
    .join(', ');
}
