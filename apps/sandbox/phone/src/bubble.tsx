import { use, useEffect, useState, type MouseEvent } from 'react';
import { useTranslation } from 'react-i18next';
import type { Message } from '../../src/phone/phone.api';
import { Attachment } from './attachment';
import { hueOf } from './avatar';
import { isJumbo } from './entities';
import { Icon, IconButton } from './icons';
import { Keyboard } from './keyboard';
import { ChatContext, usePhoneContext } from './phone-context';
import { RichText } from './rich-text';
import { Thing } from './thing';
import { MenuSheet, type Choice } from './sheet';
import type { Line } from './timeline';
import { clock } from './when';

const QUICK = ['👍', '❤️', '😁', '🔥', '👎'];

/** Stickers and dice stand on the chat itself, without a bubble. */
const isSticky = ({ file, thing }: Message) => file?.kind === 'sticker' || thing?.kind === 'dice';

/** Only what has just been written comes in with a movement. */
const justNowSeconds = 5;

export function Bubble({
  line,
  onReply,
  onEdit,
}: {
  line: Line;
  onReply: (message: Message) => void;
  onEdit: (message: Message) => void;
}) {
  const { message, first, last, outgoing, draft } = line;
  const { t } = useTranslation();
  const { actions } = usePhoneContext();
  const chat = use(ChatContext);
  const [entering] = useState(() => Date.now() / 1000 - message.date < justNowSeconds);
  const [menu, setMenu] = useState(false);
  const text = message.text ?? '';
  const shown = useReveal(text.length, !!draft);
  const jumbo = !draft && !message.file && !message.thing && isJumbo(text);
  const confirmed = !outgoing && !draft;

  const openMenu = (event: MouseEvent) => {
    // With text selected, the browser's own menu is what the person wants.
    if (!confirmed || getSelection()?.toString()) return;
    event.preventDefault();
    setMenu(true);
  };

  // On a touch screen a tap on the bubble itself opens its menu; taps on what stands in it mean that.
  const onTap = ({ target, currentTarget }: MouseEvent<HTMLElement>) => {
    const inner = (target as Element).closest('a, button, input, [role="button"], dialog, pre');
    const onPart = inner && currentTarget.contains(inner);
    if (confirmed && !onPart && matchMedia('(hover: none)').matches) setMenu(true);
  };

  return (
    <div
      className={classes({ row: true, own: message.own, last, first, entering, jumbo })}
      data-testid={draft ? 'draft' : 'bubble'}
      data-own={message.own}
      data-message-id={message.id || undefined}
      data-state={outgoing ? (outgoing.failure ? 'failed' : 'sending') : undefined}
      aria-busy={!!draft}
    >
      <div className="stack">
        <div
          className={classes({
            bubble: true,
            media: message.file?.kind === 'photo',
            bare: !!message.file && !text,
            sticky: isSticky(message),
          })}
          onClick={onTap}
          onContextMenu={openMenu}
          onDoubleClick={() => confirmed && onReply(message)}
        >
          {chat?.kind === 'group' && !message.own && first && (
            <span className="sender" style={{ '--hue': hueOf(message.from.id) } as React.CSSProperties}>
              {message.from.name}
            </span>
          )}
          {message.topic && <span className="topic"># {message.topic.name}</span>}
          {message.forwardedFrom && (
            <span className="forwarded">{t('message.forwarded', { name: message.forwardedFrom })}</span>
          )}
          {message.via && <span className="forwarded">{t('message.via', { name: message.via })}</span>}
          {message.replyTo && (
            <span className="quoted">
              <b>{message.replyTo.name}</b>
              {message.replyTo.text && <span>{message.replyTo.text}</span>}
            </span>
          )}
          {message.file && <Attachment file={message.file} />}
          {message.thing && <Thing message={message} thing={message.thing} />}
          <div className="text" dir="auto">
            {draft && !text ? <Thinking /> : <RichText text={text.slice(0, shown)} entities={message.entities} />}
            <Meta line={line} />
          </div>
          {confirmed && <MenuButton onOpen={() => setMenu(true)} />}
        </div>
        {message.reactions && <Reactions message={message} />}
        {draft?.canStop && (
          <button
            type="button"
            className="stop-button"
            data-testid="stop"
            onClick={() => void actions.stop(message.chatId)}
          >
            <Icon name="stop" size={14} /> {t('message.stop')}
          </button>
        )}
        {message.keyboard && confirmed && <Keyboard message={message} />}
        {outgoing?.failure && <Failure line={line} />}
      </div>
      {menu && <BubbleMenu {...{ message, onReply, onEdit }} onClose={() => setMenu(false)} />}
    </div>
  );
}

function Meta({ line: { message, outgoing } }: { line: Line }) {
  const { t, i18n } = useTranslation();
  const state = outgoing ? (outgoing.failure ? 'failed' : 'sending') : 'sent';
  const icon = { failed: 'failed', sending: 'clock', sent: 'check' } as const;
  return (
    <span className="meta">
      {message.editDate && <span>{t('message.edited')}</span>}
      <time dateTime={new Date(message.date * 1000).toISOString()}>{clock(i18n.language, message.date)}</time>
      {message.own && (
        <span role="img" aria-label={t(`message.${state}`)}>
          <Icon name={icon[state]} size={14} />
        </span>
      )}
    </span>
  );
}

function MenuButton({ onOpen }: { onOpen: () => void }) {
  const { t } = useTranslation();
  return (
    <IconButton
      icon="more"
      className="bubble-menu"
      data-testid="message-menu"
      label={t('message.menu')}
      aria-haspopup="dialog"
      onClick={onOpen}
    />
  );
}

function BubbleMenu({
  message,
  onReply,
  onEdit,
  onClose,
}: {
  message: Message;
  onReply: (message: Message) => void;
  onEdit: (message: Message) => void;
  onClose: () => void;
}) {
  const { t } = useTranslation();
  const { copy, actions, toast } = usePhoneContext();
  const { text = '', own, file } = message;
  const mine = message.reactions?.find((reaction) => reaction.own)?.emoji;
  const react = (emoji: string) => {
    onClose();
    const wanted = emoji === mine ? [] : [emoji];
    actions.react(message.chatId, message.id, wanted).catch((error: Error) => toast(error.message));
  };
  const choices: Choice[] = [{ icon: 'reply', text: t('message.reply'), pick: () => onReply(message) }];
  if (own && text && !file) choices.push({ icon: 'edit', text: t('message.edit'), pick: () => onEdit(message) });
  if (text) choices.push({ icon: 'copy', text: t('message.copy'), pick: () => copy(text) });
  return (
    <MenuSheet label={t('message.menu')} choices={choices} onClose={onClose}>
      <div className="quick-reactions" role="group" aria-label={t('message.react')}>
        {QUICK.map((emoji) => (
          <button
            key={emoji}
            type="button"
            aria-label={t('message.reactWith', { emoji })}
            aria-pressed={emoji === mine}
            onClick={() => react(emoji)}
          >
            {emoji}
          </button>
        ))}
      </div>
    </MenuSheet>
  );
}

function Reactions({ message }: { message: Message }) {
  const { t } = useTranslation();
  const { actions, toast } = usePhoneContext();
  return (
    <div className="reactions">
      {message.reactions?.map(({ emoji, count, own }) => (
        <button
          key={emoji}
          type="button"
          className="reaction"
          aria-pressed={own}
          aria-label={t('message.reactions', { emoji, count })}
          onClick={() =>
            void actions
              .react(message.chatId, message.id, own ? [] : [emoji])
              .catch((error: Error) => toast(error.message))
          }
        >
          {emoji} {count}
        </button>
      ))}
    </div>
  );
}

function Failure({ line: { outgoing } }: { line: Line }) {
  const { t } = useTranslation();
  const { actions } = usePhoneContext();
  if (!outgoing) return null;
  return (
    <div className="failure" role="alert">
      <span>{t('message.failedBecause', { reason: outgoing.failure?.words ?? t('app.unreachable') })}</span>
      <span className="failure-choices">
        <button type="button" className="link-button" data-testid="retry" onClick={() => void actions.retry(outgoing)}>
          {t('message.retry')}
        </button>
        <button type="button" className="link-button" onClick={() => actions.discard(outgoing.key)}>
          {t('message.discard')}
        </button>
      </span>
    </div>
  );
}

function Thinking() {
  const { t } = useTranslation();
  return (
    <span className="thinking" role="img" aria-label={t('message.thinking')}>
      <i />
      <i />
      <i />
    </span>
  );
}

const classes = (names: Record<string, boolean>) =>
  Object.keys(names)
    .filter((name) => names[name])
    .join(' ');

/** A draft arrives in pieces about this far apart; each piece is typed out in the time until the next. */
const pieceMs = 500;

/** How many characters of a growing text to show, so that it appears typed rather than in leaps. */
function useReveal(length: number, growing: boolean): number {
  const [shown, setShown] = useState(growing ? 0 : length);
  useEffect(() => {
    if (!growing || matchMedia('(prefers-reduced-motion: reduce)').matches) return setShown(length);
    let frame = 0;
    let from: number | undefined;
    const began = performance.now();
    const step = (now: number) => {
      const share = Math.min(1, (now - began) / pieceMs);
      setShown((current) => {
        from ??= Math.min(current, length);
        return Math.round(from + (length - from) * share);
      });
      if (share < 1) frame = requestAnimationFrame(step);
    };
    frame = requestAnimationFrame(step);
    return () => cancelAnimationFrame(frame);
  }, [length, growing]);
  return growing ? shown : length;
}
