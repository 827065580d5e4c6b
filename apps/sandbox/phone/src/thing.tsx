import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Message, Thing as Shown } from '../../src/phone/phone.api';
import { Icon } from './icons';
import { usePhoneContext } from './phone-context';

/** What is neither text nor a file: a place, a contact, dice, an invoice, a poll. */
export function Thing({ message, thing }: { message: Message; thing: Shown }) {
  const { t } = useTranslation();
  switch (thing.kind) {
    case 'location':
      return <Place place={thing} />;
    case 'contact':
      return (
        <div className="thing contact">
          <span className="thing-icon">
            <Icon name="person" />
          </span>
          <span className="thing-text">
            <b>{thing.name}</b>
            <a href={`tel:${thing.phone}`}>{thing.phone}</a>
          </span>
        </div>
      );
    case 'dice':
      return (
        <div className="dice" role="img" aria-label={t('thing.dice', { value: thing.value })}>
          <span>{thing.emoji === '🎲' ? '⚀⚁⚂⚃⚄⚅'[thing.value - 1] : thing.emoji}</span>
          <small>{thing.value}</small>
        </div>
      );
    case 'invoice':
      return (
        <div className="thing invoice">
          <b>{thing.title}</b>
          <span>{thing.description}</span>
          <span className="price">{thing.price}</span>
        </div>
      );
    case 'poll':
      return <Poll message={message} poll={thing} />;
  }
}

/** One line for the list of chats. */
export function thingText({ thing }: Message): string {
  switch (thing?.kind) {
    case 'location':
      return `📍 ${thing.title ?? ''}`.trim();
    case 'contact':
      return `👤 ${thing.name}`;
    case 'dice':
      return `${thing.emoji} ${thing.value}`;
    case 'invoice':
      return `🧾 ${thing.title}`;
    case 'poll':
      return `📊 ${thing.question}`;
    default:
      return '';
  }
}

/** A drawn map: the sandbox reaches out to no real one. Its streets follow from the place. */
function Place({ place }: { place: Shown & { kind: 'location' } }) {
  const { t } = useTranslation();
  const { latitude, longitude, live, title, address } = place;
  const turn = Math.round((latitude * 37 + longitude * 53) % 90);
  return (
    <div className="place">
      <svg viewBox="0 0 240 130" role="img" aria-label={t(live ? 'thing.live' : 'thing.location')}>
        <rect width="240" height="130" className="ground" />
        <g transform={`rotate(${turn} 120 65)`} className="streets">
          {[-80, -30, 20, 70, 120, 170, 220, 270].map((at) => (
            <path key={at} d={`M${at} -120V250M-120 ${at - 40}H360`} />
          ))}
        </g>
        <path className="marker" d="M120 72c-9-11-14-17-14-24a14 14 0 0 1 28 0c0 7-5 13-14 24z" />
        <circle className="marker-hole" cx="120" cy="48" r="5" />
      </svg>
      {title && <b>{title}</b>}
      <span>{address ?? `${latitude.toFixed(4)}, ${longitude.toFixed(4)}`}</span>
      {live && <span className="live">{t('thing.live')}</span>}
    </div>
  );
}

function Poll({ message, poll }: { message: Message; poll: Shown & { kind: 'poll' } }) {
  const { t } = useTranslation();
  const { actions, toast } = usePhoneContext();
  const [picked, setPicked] = useState<number[]>([]);
  const voted = poll.options.some(({ chosen }) => chosen);
  const results = voted || poll.closed;
  const vote = (options: number[]) => {
    setPicked([]);
    actions.vote(message.chatId, message.id, options).catch((error: Error) => toast(error.message));
  };
  const pick = (option: number) => {
    if (!poll.multiple) return vote([option]);
    setPicked(picked.includes(option) ? picked.filter((other) => other !== option) : [...picked, option]);
  };
  return (
    <div className="poll">
      <b>{poll.question}</b>
      <small>{t(poll.closed ? 'poll.closed' : poll.anonymous ? 'poll.anonymous' : 'poll.public')}</small>
      {poll.options.map(({ text, votes, chosen }, i) => {
        const share = poll.total > 0 ? Math.round((votes / poll.total) * 100) : 0;
        return (
          <button
            key={i}
            type="button"
            className="poll-option"
            style={{ '--share': results ? `${share}%` : '0%' } as React.CSSProperties}
            aria-pressed={chosen || picked.includes(i)}
            disabled={results}
            onClick={() => pick(i)}
          >
            <span>{text}</span>
            {results && <span className="share">{share}%</span>}
          </button>
        );
      })}
      <span className="poll-foot">
        {t('poll.votes', { count: poll.total })}
        {picked.length > 0 && (
          <button type="button" className="link-button" onClick={() => vote(picked)}>
            {t('poll.vote')}
          </button>
        )}
        {voted && !poll.closed && (
          <button type="button" className="link-button" onClick={() => vote([])}>
            {t('poll.retract')}
          </button>
        )}
      </span>
    </div>
  );
}
