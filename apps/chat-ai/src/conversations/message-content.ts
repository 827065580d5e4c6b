import type { EventOf, MessageReceived } from '@switchboard/contracts';

type Received = EventOf<typeof MessageReceived>['data'];

/** What a message says, as opposed to where and when. */
export interface MessageContent {
  /** Of a voice message the caption. */
  text: string;
  /** What was heard in a voice message. */
  transcript: string | null;
  /** The message to which it replies. */
  quoted: string | null;
  /** Only in groups. */
  senderName: string | null;
}

/** A quotation longer than this says no more about what is meant. */
const QUOTED_CHARACTERS = 500;

/** A file is named: what became of it stands elsewhere, and where it is not shown the model can say that it did not see it. */
export function contentOf({ kind, text = '', media, replyToText, inGroup, senderName }: Received): MessageContent {
  const name = media?.fileName ? `: ${media.fileName}` : '';
  // A kind that is new to this version is at least named.
  const file = kind === 'text' || kind === 'voice' ? '' : `[${kind}${kind === 'document' ? name : ''}]`;
  return {
    text: [file, text].filter((part) => part !== '').join(' '),
    transcript: null,
    quoted: replyToText ?? null,
    senderName: inGroup ? (senderName ?? null) : null,
  };
}

/** Without the name of a file that stands before it. */
export const captionIn = (text: string): string => text.replace(/\[\w+(?:: [^\]]*)?\] ?/, '');

/** All that somebody said in a message. */
export const wordsOf = ({ text, transcript }: MessageContent): string =>
  [text, transcript].filter(Boolean).join('\n\n');

/** As a model reads it: in a group with the name of who speaks, and with what the message replies to. */
export function renderForModel(content: MessageContent): string {
  const { quoted, senderName } = content;
  const said = senderName ? `${oneLine(senderName)}: ${wordsOf(content)}` : wordsOf(content);
  if (!quoted) return said;
  return `> ${shortened(oneLine(quoted), QUOTED_CHARACTERS)}\n\n${said}`;
}

const graphemes = new Intl.Segmenter(undefined, { granularity: 'grapheme' });

/** As much of a text as fits, cut between characters as people see them. @param longest in UTF-16 units */
export function shortened(text: string, longest: number): string {
  if (text.length <= longest) return text;
  // What follows shows whether the last one that fits goes on.
  const cut = text.slice(0, longest + 2);
  const { index } = graphemes.segment(cut).containing(longest)!;
  // A single character longer than that is cut all the same, but not into what is no text.
  return index > 0 ? cut.slice(0, index) : text.slice(0, longest).toWellFormed();
}

// A name with line breaks could pose as a message of somebody else.
const oneLine = (text: string) => text.replaceAll(/\s+/g, ' ').trim();
