import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Chat } from '../../src/phone/phone.api';
import { Avatar, hueOf } from './avatar';
import { useActivity } from './chat-activity';
import { IconButton } from './icons';
import { SubscriptionsSheet } from './payment-sheet';
import { usePhoneContext } from './phone-context';
import { go } from './route';
import { MenuSheet, type Choice } from './sheet';

export function ChatHeader({ chat }: { chat: Chat }) {
  const { t } = useTranslation();
  const { person, actions, toast, copy } = usePhoneContext();
  const [menu, setMenu] = useState(false);
  const [subscriptions, setSubscriptions] = useState(false);
  const activity = useActivity(chat.id);

  const about =
    chat.kind === 'group'
      ? t('chat.members', { count: chat.members?.length ?? 0 })
      : t(chat.blocked ? 'chat.blocked' : 'chat.bot');

  const choices: Choice[] = [];
  if (chat.bot) {
    const name = `@${chat.bot.username}`;
    choices.push({ icon: 'copy', text: name, pick: () => copy(name) });
  }
  if (chat.kind === 'private') {
    choices.push({ icon: 'clock', text: t('pay.subscriptions'), pick: () => setSubscriptions(true) });
    choices.push({
      icon: 'block',
      text: t(chat.blocked ? 'chat.unblock' : 'chat.block'),
      danger: !chat.blocked,
      pick: () => void actions.setBlocked(chat.id, !chat.blocked).catch((error: Error) => toast(error.message)),
    });
  }

  return (
    <header className="bar">
      <IconButton icon="back" label={t('app.back')} data-testid="back" onClick={() => go({ person: person.id })} />
      <Avatar name={chat.title} hue={hueOf(chat.id)} bot={chat.kind === 'private'} size={38} />
      <div className="bar-title">
        <h1>{chat.title}</h1>
        <p className={activity ? 'activity' : undefined}>{activity ?? about}</p>
      </div>
      {choices.length > 0 && (
        <IconButton
          icon="more"
          label={t('chat.menu')}
          data-testid="chat-menu"
          aria-haspopup="dialog"
          onClick={() => setMenu(true)}
        />
      )}
      {menu && <MenuSheet label={t('chat.menu')} choices={choices} onClose={() => setMenu(false)} />}
      {subscriptions && <SubscriptionsSheet chat={chat} onClose={() => setSubscriptions(false)} />}
    </header>
  );
}
