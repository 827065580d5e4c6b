import { use, useMemo, useState, type MouseEvent, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { MessageEntity } from '../../src/phone/phone.api';
import { isBlock, parseEntities, plainText, type RichNode } from './entities';
import { IconButton } from './icons';
import { ChatContext, usePhoneContext } from './phone-context';
import { safeAddress } from './telegram-link';

export function RichText({ text, entities }: { text: string; entities?: MessageEntity[] }) {
  const nodes = useMemo(() => parseEntities(text, entities), [text, entities]);
  return <Nodes nodes={nodes} />;
}

function Nodes({ nodes }: { nodes: RichNode[] }) {
  return nodes.map((node, i) => {
    if (typeof node === 'object') return <Entity key={i} entity={node.entity} nodes={node.children} />;
    // A block ends its line already; its own newline would leave an empty one.
    return isBlock(nodes[i - 1]) ? node.replace(/^\n/, '') : node;
  });
}

function Entity({ entity, nodes }: { entity: MessageEntity; nodes: RichNode[] }) {
  const inner = <Nodes nodes={nodes} />;
  const text = plainText(nodes);
  switch (entity.type) {
    case 'bold':
      return <b>{inner}</b>;
    case 'italic':
      return <i>{inner}</i>;
    case 'underline':
      return <u>{inner}</u>;
    case 'strikethrough':
      return <s>{inner}</s>;
    case 'spoiler':
      return <Spoiler>{inner}</Spoiler>;
    case 'code':
      return <InlineCode text={text} />;
    case 'pre':
      return <CodeBlock text={text} language={entity.language} />;
    case 'blockquote':
      return <blockquote>{inner}</blockquote>;
    case 'expandable_blockquote':
      return <ExpandableQuote>{inner}</ExpandableQuote>;
    case 'url':
      return <Link address={text}>{inner}</Link>;
    case 'text_link':
      return <Link address={entity.url ?? ''}>{inner}</Link>;
    case 'email':
      return <Link address={`mailto:${text}`}>{inner}</Link>;
    case 'phone_number':
      return <Link address={`tel:${text.replace(/[^\d+]/g, '')}`}>{inner}</Link>;
    case 'mention':
      return <Link address={`https://t.me/${text.slice(1)}`}>{inner}</Link>;
    case 'bot_command':
      return <Command text={text} />;
    case 'hashtag':
    case 'cashtag':
    case 'text_mention':
      return <span className="tag">{inner}</span>;
    default:
      return inner;
  }
}

function Link({ address, children }: { address: string; children: ReactNode }) {
  const { openLink } = usePhoneContext();
  const href = safeAddress(address);
  if (!href) return children;
  const follow = (event: MouseEvent) => {
    event.preventDefault();
    openLink(href);
  };
  return (
    <a href={href} target="_blank" rel="noreferrer" title={href} onClick={follow}>
      {children}
    </a>
  );
}

function Command({ text }: { text: string }) {
  const chat = use(ChatContext);
  const { actions } = usePhoneContext();
  return (
    <button type="button" className="link-button" onClick={() => chat && void actions.sendText(chat.id, { text })}>
      {text}
    </button>
  );
}

function Spoiler({ children }: { children: ReactNode }) {
  const { t } = useTranslation();
  const [shown, setShown] = useState(false);
  if (shown) return <span className="spoiler-shown">{children}</span>;
  return (
    <span
      role="button"
      tabIndex={0}
      className="spoiler"
      aria-label={t('message.spoiler')}
      onClick={() => setShown(true)}
      onKeyDown={(event) => event.key === 'Enter' && setShown(true)}
    >
      <span aria-hidden="true" inert>
        {children}
      </span>
    </span>
  );
}

/** A tap copies it, as people know from Telegram: keys and addresses are sent this way. */
function InlineCode({ text }: { text: string }) {
  const { copy } = usePhoneContext();
  return (
    <code
      role="button"
      tabIndex={0}
      onClick={() => copy(text)}
      onKeyDown={(event) => event.key === 'Enter' && copy(text)}
    >
      {text}
    </code>
  );
}

function CodeBlock({ text, language }: { text: string; language?: string }) {
  const { t } = useTranslation();
  const { copy } = usePhoneContext();
  return (
    <span className="code-block">
      <span className="code-head">
        <span>{language}</span>
        <IconButton icon="copy" label={t('message.copyCode')} onClick={() => copy(text)} />
      </span>
      <pre tabIndex={0}>{text}</pre>
    </span>
  );
}

function ExpandableQuote({ children }: { children: ReactNode }) {
  const { t } = useTranslation();
  const [open, setOpen] = useState(false);
  return (
    <blockquote className={open ? 'expandable open' : 'expandable'}>
      <div className="quote-body">{children}</div>
      <button type="button" className="link-button" aria-expanded={open} onClick={() => setOpen(!open)}>
        {t(open ? 'message.less' : 'message.more')}
      </button>
    </blockquote>
  );
}
