import type { EventOf, MessageReceived } from '@switchboard/contracts';

type Received = EventOf<typeof MessageReceived>['data'];

/** A quotation longer than this says no more about what is meant. */
const QUOTED_CHARACTERS = 500;

/** A message in words: what cannot be read by a text model is named, so that it can say that it did not see it. */
export function wordsOf({ kind, text = '', media }: Pick<Received, 'kind' | 'text' | 'media'>): string {
  const name = media?.fileName ? `: ${media.fileName}` : '';
  // A kind that is new to this version is at least named.
  const file = kind === 'text' || kind === 'voice' ? '' : `[${kind}${kind === 'document' ? name : ''}]`;
  return [file, text].filter((part) => part !== '').join(' ');
}

/** As a model reads it: in a group with the name of who speaks, and with what the message replies to. */
export function asModelReads(message: { text: string; senderName: string | null; quoted: string | null }): string {
  const said = message.senderName ? `${oneLine(message.senderName)}: ${message.text}` : message.text;
  if (!message.quoted) return said;
  return `> ${oneLine(message.quoted).slice(0, QUOTED_CHARACTERS)}\n\n${said}`;
}

// A name with line breaks could pose as a message of somebody else.
const oneLine = (text: string) => text.replaceAll(/\s+/g, ' ').trim();
