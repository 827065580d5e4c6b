import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Chat, InlineButton, Message, ReplyButton } from '../../src/phone/phone.api';
import { Icon } from './icons';
import { usePhoneContext } from './phone-context';

/** The inline keyboard under a bubble. */
export function Keyboard({ message }: { message: Message }) {
  return (
    <div className="keyboard">
      {message.keyboard?.map((row, y) => (
        <div key={y} className="keyboard-row">
          {row.map((button, x) => (
            <KeyboardButton key={x} message={message} button={button} row={y} column={x} />
          ))}
        </div>
      ))}
    </div>
  );
}

function KeyboardButton(props: { message: Message; button: InlineButton; row: number; column: number }) {
  const { message, button, row, column } = props;
  const { t } = useTranslation();
  const { actions, toast, alert, openLink, copy } = usePhoneContext();
  const [waiting, setWaiting] = useState(false);

  async function press() {
    if (button.url) return openLink(button.url);
    if (button.copyText) return copy(button.copyText);
    if (button.pay) return pay();
    setWaiting(true);
    try {
      const answer = await actions.press(message.chatId, message.id, row, column);
      if (answer.url) openLink(answer.url);
      if (answer.text) (answer.alert ? alert : toast)(answer.text);
      if (!answer.answered) toast(t('button.unanswered'));
    } catch (error) {
      toast((error as Error).message);
    } finally {
      setWaiting(false);
    }
  }

  async function pay() {
    setWaiting(true);
    try {
      const outcome = await actions.pay(message.chatId, message.id);
      toast(outcome.paid ? t('pay.done') : t('pay.refused', { reason: outcome.reason }));
    } catch (error) {
      toast((error as Error).message);
    } finally {
      setWaiting(false);
    }
  }

  return (
    <button
      type="button"
      className={`keyboard-button ${button.style ?? ''} ${button.pay ? 'success' : ''}`}
      data-testid="keyboard-button"
      aria-busy={waiting}
      onClick={() => void (waiting || press())}
    >
      <span>{button.text}</span>
      {button.url && <Icon name="link" size={14} />}
      {button.copyText && <Icon name="copy" size={14} />}
      {waiting && <span className="spinner" />}
    </button>
  );
}

/** Where everybody in the sandbox is. */
const HERE = { latitude: 52.52, longitude: 13.405 };

/** The keyboard that a bot has put below the field. */
export function ReplyKeyboard({ chat, threadId }: { chat: Chat; threadId?: number }) {
  const { t } = useTranslation();
  const { person, actions, toast, openLink } = usePhoneContext();

  function press({ text, request, url }: ReplyButton) {
    if (url) return openLink(url);
    if (!request) return void actions.sendText(chat.id, { text, threadId });
    const { firstName, lastName, id } = person;
    const contact = { phone_number: `+49${id}`, first_name: firstName, ...(lastName && { last_name: lastName }) };
    const thing = request === 'contact' ? { contact } : { location: HERE };
    actions.sendThing(chat.id, thing).catch((error: Error) => toast(error.message));
  }

  return (
    <div className="reply-keyboard" role="group" aria-label={t('chat.replyKeyboard')} data-testid="reply-keyboard">
      {chat.replyKeyboard?.map((row, y) => (
        <div key={y} className="keyboard-row">
          {row.map((button, x) => (
            <button key={x} type="button" className="reply-button" onClick={() => press(button)}>
              <span>{button.text}</span>
              {button.request && <Icon name={button.request === 'contact' ? 'person' : 'place'} size={15} />}
              {button.url && <Icon name="link" size={14} />}
            </button>
          ))}
        </div>
      ))}
    </div>
  );
}
