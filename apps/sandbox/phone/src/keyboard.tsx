import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { InlineButton, Message } from '../../src/phone/phone.api';
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

  return (
    <button
      type="button"
      className={`keyboard-button ${button.style ?? ''}`}
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
