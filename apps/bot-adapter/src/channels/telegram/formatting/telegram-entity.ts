/** What a stretch of text looks like, in the words of the Bot API's MessageEntity. */
export type Mark =
  | { type: 'bold' | 'italic' | 'strikethrough' | 'code' | 'blockquote' | 'expandable_blockquote' }
  | { type: 'pre'; language?: string }
  | { type: 'text_link'; url: string };

export type MarkType = Mark['type'];

/** Offset and length count UTF-16 code units, as JavaScript strings do. */
export type TelegramEntity = Mark & { offset: number; length: number };

/** A text ready to send: no markup inside, all formatting in `entities` (sorted, outer before inner). */
export interface FormattedText {
  text: string;
  entities: TelegramEntity[];
}
