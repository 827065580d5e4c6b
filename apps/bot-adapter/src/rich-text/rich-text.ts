/**
 * A text with its structure, which every channel draws as well as it can. Plain data: it may be stored as JSON.
 * Texts inside are final: what looks like a mark in them is shown as it is.
 */
export type RichText = readonly Block[];

export type Inline =
  | { readonly type: 'text' | 'code'; readonly text: string }
  | { readonly type: 'strong' | 'emphasis' | 'strikethrough'; readonly children: readonly Inline[] }
  | Link
  | { readonly type: 'break' };

export interface Link {
  readonly type: 'link';
  /** As it was written; each channel decides which addresses it can link to, and spells out the others. */
  readonly href: string;
  readonly children: readonly Inline[];
  /** `bare`: the address is its own label. `image`: what it leads to is a picture, and the label describes it. */
  readonly kind?: 'bare' | 'image';
}

export interface ListItem {
  /** Of a task: whether it is done. */
  readonly checked?: boolean;
  readonly children: readonly Block[];
}

export type TableCell = readonly Inline[];

export interface Table {
  readonly type: 'table';
  readonly header: readonly TableCell[];
  readonly align: readonly ('left' | 'center' | 'right' | null)[];
  readonly rows: readonly (readonly TableCell[])[];
}

/** `attached`: stands directly below the block before it, without an empty line between them. */
export type Block = { readonly attached?: boolean } & (
  | { readonly type: 'paragraph'; readonly children: readonly Inline[] }
  | { readonly type: 'heading'; readonly level: number; readonly children: readonly Inline[] }
  | { readonly type: 'code'; readonly text: string; readonly language?: string }
  | { readonly type: 'quote'; readonly children: readonly Block[] }
  /** `start` is the number of the first item of an ordered list. */
  | { readonly type: 'list'; readonly start?: number; readonly items: readonly ListItem[] }
  | Table
  | { readonly type: 'rule' }
);

/** A text without any structure: shown exactly as it is, marks and all. */
export const plainText = (text: string): RichText => [{ type: 'paragraph', children: [{ type: 'text', text }] }];

/** The words of a piece, without addresses. */
export function wordsOf(children: readonly Inline[]): string {
  return children
    .map((child) => ('children' in child ? wordsOf(child.children) : child.type === 'break' ? '\n' : child.text))
    .join('');
}
